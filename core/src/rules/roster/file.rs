//! Reads a roster from CSV.

use chrono::{NaiveDate, NaiveTime};

use crate::geo::excerpt::excerpt;
use crate::geo::table::Table;
use crate::model::identifiers::IdentifierError;
use crate::model::quantity::{AmountError, Proration};
use crate::model::time::UtcMs;
use crate::model::track::Mode;
use crate::rules::roster::{MAX_FILE_BYTES, Roster, RosterError, RosterProblem, Shift, Strictness};

/// What parts the codes of several grids in one field.
const SEPARATORS: &[char] = &[' ', '\u{3000}', '\t', '\n', '、', '，', ',', '；', ';', '|'];

/// What parts several qualifications; a space is part of a name.
const NAME_SEPARATORS: &[char] = &['\t', '\n', '、', '，', ',', '；', ';', '|', '/'];

/// The widest offset of a local time from UTC, in minutes.
const MAX_OFFSET_MIN: i32 = 18 * 60;

struct Columns {
    person: usize,
    date: usize,
    slot: usize,
    start: usize,
    end: usize,
    grids: Option<usize>,
    route: Option<usize>,
    mode: Option<usize>,
    backup: Option<usize>,
    leave: Option<usize>,
    device: Option<usize>,
    role: Option<usize>,
    qualifications: Option<usize>,
    part_time: Option<usize>,
}

/// Reads a city's roster.
///
/// - `bytes`: CSV in UTF-8, its columns found by name: `person` (人员), `date` (日期, as
///   2026-03-01), `slot` (班次), `start` (开始) and `end` (结束) in local time as 08:30, an
///   end that is not later than the start being on the next day; and where wanted `grids`
///   (网格), `route` (路线), `mode` (方式; walk), `backup` (替班), `leave` (请假, the reason),
///   `device` (设备), `role` (角色), `qualifications` (资质, several parted by 、 or a comma),
///   `part_time` (兼职, the part of full duty as 1/2, 0.5 or 50%).
/// - `utc_offset_min`: minutes that local time is ahead of UTC, 480 in China.
///
/// # Errors
/// [`RosterError`] names row, field and what would be right.
pub fn read_roster(bytes: &[u8], utc_offset_min: i32) -> Result<Roster, RosterError> {
    check_limits(bytes, utc_offset_min)?;
    read_table(Table::open(bytes, 2)?, utc_offset_min)
}

/// Reads a roster from the rows of a sheet, each with its number; rows above the one that
/// names the columns are a title and are passed over.
///
/// # Errors
/// As [`read_roster`], rows being numbered as in the sheet.
pub fn read_roster_rows(
    rows: &[(u64, Vec<String>)],
    utc_offset_min: i32,
) -> Result<Roster, RosterError> {
    let names_columns = |(_, cells): &&(u64, Vec<String>)| {
        let has = |names: [&str; 2]| {
            let mut cells = cells.iter().map(|cell| cell.trim().to_lowercase());
            cells.any(|cell| names.contains(&cell.as_str()))
        };
        has(["person", "人员"]) || has(["date", "日期"])
    };
    let header = rows.iter().find(names_columns).or_else(|| rows.first());
    let (first, width) = header.map_or((1, 1), |(row, cells)| (*row, cells.len().max(1)));
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut next = first;
    for (row, cells) in rows.iter().filter(|(row, _)| *row >= first) {
        // A row that the sheet leaves out still counts.
        for _ in next..*row {
            write(&mut writer, std::iter::repeat_n("", width));
        }
        let missing = width.saturating_sub(cells.len());
        // What stands to the right of the last column has no name.
        let cells = cells.iter().map(String::as_str).take(width);
        write(&mut writer, cells.chain(std::iter::repeat_n("", missing)));
        next = row + 1;
    }
    let bytes = writer.into_inner().unwrap_or_default();
    check_limits(&bytes, utc_offset_min)?;
    read_table(Table::open(&bytes, first + 1)?, utc_offset_min)
}

fn check_limits(bytes: &[u8], utc_offset_min: i32) -> Result<(), RosterError> {
    let size_bytes = bytes.len();
    if size_bytes > MAX_FILE_BYTES {
        return Err(RosterError::TooLarge { size_bytes });
    }
    if !(-MAX_OFFSET_MIN..=MAX_OFFSET_MIN).contains(&utc_offset_min) {
        return Err(RosterError::UtcOffset(utc_offset_min));
    }
    Ok(())
}

fn write<'a>(writer: &mut csv::Writer<Vec<u8>>, cells: impl Iterator<Item = &'a str>) {
    writer
        .write_record(cells)
        .expect("rows are of one width, and memory takes them");
}

fn read_table(mut table: Table<'_>, utc_offset_min: i32) -> Result<Roster, RosterError> {
    let columns = Columns {
        person: table.need(&["person", "人员"])?,
        date: table.need(&["date", "日期"])?,
        slot: table.need(&["slot", "班次"])?,
        start: table.need(&["start", "开始"])?,
        end: table.need(&["end", "结束"])?,
        grids: table.find(&["grids", "网格"])?,
        route: table.find(&["route", "路线"])?,
        mode: table.find(&["mode", "方式"])?,
        backup: table.find(&["backup", "替班"])?,
        leave: table.find(&["leave", "请假"])?,
        device: table.find(&["device", "设备"])?,
        role: table.find(&["role", "角色"])?,
        qualifications: table.find(&["qualifications", "qualification", "资质"])?,
        part_time: table.find(&["part_time", "兼职"])?,
    };
    if columns.grids.is_none() && columns.route.is_none() {
        table.need(&["grids", "网格"])?;
    }
    let mut shifts = Vec::new();
    while let Some(row) = table.advance()? {
        let shift = read_shift(&table, &columns, utc_offset_min).map_err(|(field, problem)| {
            RosterError::Row {
                row,
                field,
                problem,
            }
        })?;
        shifts.push((Some(row), shift));
    }
    Roster::try_new(shifts, Strictness::File)
}

pub(super) type Fault = (&'static str, RosterProblem);

fn read_shift(table: &Table<'_>, columns: &Columns, utc_offset_min: i32) -> Result<Shift, Fault> {
    let person = identifier("person", table.field(Some(columns.person)))?;
    let date_text = table.field(Some(columns.date));
    let date = read_date(date_text).ok_or(("date", RosterProblem::NotADate(excerpt(date_text))))?;
    let slot = table.field(Some(columns.slot)).to_owned();
    let (start_text, end_text) = (
        table.field(Some(columns.start)),
        table.field(Some(columns.end)),
    );
    let start_min = read_minutes(start_text)
        .filter(|minutes| *minutes < DAY_MIN)
        .ok_or(("start", RosterProblem::NotATime(excerpt(start_text))))?;
    let end_min =
        read_minutes(end_text).ok_or(("end", RosterProblem::NotATime(excerpt(end_text))))?;
    // An end that is not later than the start is one of the next day.
    let end_min = if end_min > start_min {
        end_min
    } else {
        end_min + DAY_MIN
    };
    let instant = |minutes: i64| {
        instant(date, minutes - i64::from(utc_offset_min)).ok_or(("date", RosterProblem::TimeRange))
    };
    let (from, to) = (instant(start_min)?, instant(end_min)?);
    let grids = table
        .field(columns.grids)
        .split(SEPARATORS)
        .filter(|code| !code.is_empty())
        .map(|code| identifier("grids", code))
        .collect::<Result<_, Fault>>()?;
    let mode = match table.field(columns.mode).to_lowercase().as_str() {
        "" => Mode::default(),
        text => Mode::parse(text).ok_or(("mode", RosterProblem::UnknownMode(excerpt(text))))?,
    };
    let given = |column| Some(table.field(column)).filter(|text| !text.is_empty());
    Ok(Shift {
        person,
        date,
        slot,
        from,
        to,
        grids,
        route: given(columns.route)
            .map(|code| identifier("route", code))
            .transpose()?,
        mode,
        backup: given(columns.backup)
            .map(|person| identifier("backup", person))
            .transpose()?,
        leave: given(columns.leave).map(str::to_owned),
        device: given(columns.device).map(str::to_owned),
        role: given(columns.role).map(str::to_owned),
        qualifications: table
            .field(columns.qualifications)
            .split(NAME_SEPARATORS)
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
        part_time: given(columns.part_time).map_or(Ok(Proration::FULL), part_time)?,
    })
}

pub(super) fn identifier<T: std::str::FromStr<Err = IdentifierError>>(
    field: &'static str,
    text: &str,
) -> Result<T, Fault> {
    text.parse().map_err(|error| {
        let text = excerpt(text);
        (field, RosterProblem::Identifier { error, text })
    })
}

pub(super) fn part_time(text: &str) -> Result<Proration, Fault> {
    let shown = excerpt(text);
    let wrong = |_| {
        (
            "part_time",
            RosterProblem::PartTime(AmountError::Part(shown)),
        )
    };
    text.parse().map_err(wrong)
}

/// Reads `YYYY-MM-DD` and nothing else: 3/4 is March to some and April to others.
pub(super) fn read_date(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    let is_form = bytes.len() == 10
        && bytes.iter().enumerate().all(|(i, b)| match i {
            4 | 7 => *b == b'-',
            _ => b.is_ascii_digit(),
        });
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse().ok();
    if !is_form {
        return None;
    }
    let year = i32::try_from(number(0..4)?).ok()?;
    NaiveDate::from_ymd_opt(year, number(5..7)?, number(8..10)?)
}

const DAY_MIN: i64 = 24 * 60;

/// Minutes after midnight of `8:30` or `08:30`, or `08:30:00` as spreadsheets write it;
/// `24:00` is the day's end.
fn read_minutes(text: &str) -> Option<i64> {
    let text = text.replace('：', ":");
    let text = match text.strip_suffix(":00") {
        Some(minutes) if minutes.contains(':') => minutes,
        _ => &text,
    };
    let (hours, minutes) = text.split_once(':')?;
    let is_number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !(1..=2).contains(&hours.len()) || minutes.len() != 2 {
        return None;
    }
    if !is_number(hours) || !is_number(minutes) {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= DAY_MIN).then_some(total)
}

/// The instant `minutes` after the midnight of UTC with which a day begins.
fn instant(date: NaiveDate, minutes: i64) -> Option<UtcMs> {
    let midnight = date.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
    let ms = midnight.checked_add(minutes.checked_mul(60_000)?)?;
    u64::try_from(ms)
        .ok()
        .map(UtcMs)
        .filter(|at| *at <= UtcMs::MAX)
}
