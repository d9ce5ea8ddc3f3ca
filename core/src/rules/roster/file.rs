//! Reads a roster from CSV.

use chrono::{NaiveDate, NaiveTime};

use crate::geo::excerpt::excerpt;
use crate::geo::table::Table;
use crate::model::identifiers::IdentifierError;
use crate::model::time::UtcMs;
use crate::model::track::Mode;
use crate::rules::roster::{MAX_FILE_BYTES, Roster, RosterError, RosterProblem, Shift};

/// What parts the codes of several grids in one field.
const SEPARATORS: &[char] = &[' ', '\u{3000}', '\t', '\n', '、', '，', ',', '；', ';', '|'];

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
}

/// Reads a city's roster.
///
/// - `bytes`: CSV in UTF-8, its columns found by name: `person` (人员), `date` (日期, as
///   2026-03-01), `slot` (班次), `start` (开始) and `end` (结束) in local time as 08:30, an
///   end that is not later than the start being on the next day; and where wanted `grids`
///   (网格), `route` (路线), `mode` (方式; walk), `backup` (替班), `leave` (请假, the reason).
/// - `utc_offset_min`: minutes that local time is ahead of UTC, 480 in China.
///
/// # Errors
/// [`RosterError`] names row, field and what would be right.
pub fn read_roster(bytes: &[u8], utc_offset_min: i32) -> Result<Roster, RosterError> {
    let size_bytes = bytes.len();
    if size_bytes > MAX_FILE_BYTES {
        return Err(RosterError::TooLarge { size_bytes });
    }
    if !(-MAX_OFFSET_MIN..=MAX_OFFSET_MIN).contains(&utc_offset_min) {
        return Err(RosterError::UtcOffset(utc_offset_min));
    }
    let mut table = Table::open(bytes, 2)?;
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
        shifts.push((row, shift));
    }
    Roster::try_new(shifts)
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

/// Minutes after midnight of `8:30` or `08:30`; `24:00` is the day's end.
fn read_minutes(text: &str) -> Option<i64> {
    let text = text.replace('：', ":");
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
