//! The sheets of an XLSX workbook as tables of text, merged cells filled: what a city keeps
//! its duty list in. What the text means is read in the core.
//!
//! A workbook is a zip of XML that somebody mailed, so nothing it declares is believed: its
//! parts are unpacked once against a limit before the reader sees them, cells and text are
//! counted as they come, and the reader itself is fenced.
//!
//! Source: ECMA-376 part 1 (SpreadsheetML); the limits are ours.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use bading_core::services::duty_file::Table;
use calamine::{DataRef, Dimensions, ExcelDateTime, Reader as _, SheetType, Xlsx, XlsxError};
use quick_xml::events::Event;
use thiserror::Error;
use zip::ZipArchive;

/// Files above this size are refused.
pub const MAX_XLSX_BYTES: usize = 32 * 1024 * 1024;
/// Parts that unpack to more than this together are refused, and so is more text in cells.
pub const MAX_UNPACKED_BYTES: usize = 64 * 1024 * 1024;
/// Workbooks with more cells are refused; the cells that merged ones fill count too, and so
/// do the empty ones to the left of a cell.
pub const MAX_CELLS: usize = 1_000_000;
/// Workbooks with more sheets are refused: each may read the same part again.
pub const MAX_SHEETS: usize = 64;

/// Spreadsheets write at most 65,490 formats of cells and as many of named styles.
const MAX_FORMATS: usize = 131_072;
/// The longest tag of styles is that of a number format: 255 characters, escaped.
const MAX_STYLE_TAG_BYTES: usize = 2048;

/// Why a workbook gives no tables.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum XlsxTableError {
    /// The file is larger than [`MAX_XLSX_BYTES`].
    #[error("the workbook has {size_bytes} bytes; at most {MAX_XLSX_BYTES} are read")]
    TooLarge {
        /// Size of the file.
        size_bytes: usize,
    },
    /// The parts, or the text of the cells, are larger than [`MAX_UNPACKED_BYTES`].
    #[error("the workbook unpacks to more than {MAX_UNPACKED_BYTES} bytes")]
    TooMuchUnpacked,
    /// There are more than [`MAX_CELLS`].
    #[error("the workbook has more than {MAX_CELLS} cells")]
    TooManyCells,
    /// There are more than [`MAX_SHEETS`].
    #[error("the workbook has {count} sheets; at most {MAX_SHEETS} are read")]
    TooManySheets {
        /// How many there are.
        count: usize,
    },
    /// An old .xls, or a workbook with a password: both are compound files.
    #[error("an XLS or a workbook with a password: save it as XLSX without one")]
    NotOpen,
    /// Not a zip at all.
    #[error("not an XLSX workbook")]
    NotXlsx,
    /// A zip, but not a sound workbook.
    #[error("the workbook is damaged: {0}")]
    Damaged(String),
}

/// True for bytes that claim to be a workbook: a zip, or the compound file of an old or
/// encrypted one. Lists in CSV begin with neither.
#[must_use]
pub fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || is_compound(bytes)
}

fn is_compound(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xd0\xcf\x11\xe0")
}

/// Reads every worksheet of a workbook, hidden ones included, in the workbook's order.
/// Numbers become their shortest decimal, integers without a point; dates ISO 8601; truth
/// values `TRUE` and `FALSE`. Each cell of a merged region has the region's text.
///
/// # Errors
/// [`XlsxTableError`].
pub fn read_xlsx_tables(bytes: &[u8]) -> Result<Vec<Table>, XlsxTableError> {
    if is_compound(bytes) {
        return Err(XlsxTableError::NotOpen);
    }
    if bytes.len() > MAX_XLSX_BYTES {
        let size_bytes = bytes.len();
        return Err(XlsxTableError::TooLarge { size_bytes });
    }
    // Both libraries are made for files that a spreadsheet wrote: arithmetic on positions
    // that the file gives (a merge that ends before it begins) panics where overflow is
    // checked. A file must not end the hub, whatever their next version does with it. Nothing
    // is shared with the closure but bytes that it only reads.
    catch_unwind(AssertUnwindSafe(|| {
        check_parts(bytes)?;
        read_sheets(bytes)
    }))
    .unwrap_or_else(|_| Err(damaged("its reader gave up")))
}

fn damaged(why: impl ToString) -> XlsxTableError {
    XlsxTableError::Damaged(why.to_string())
}

/// Unpacks every part against the limit. The sizes that a zip declares are its author's
/// word; counting is the only proof.
fn check_parts(bytes: &[u8]) -> Result<(), XlsxTableError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| XlsxTableError::NotXlsx)?;
    let mut left = MAX_UNPACKED_BYTES;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(damaged)?;
        let name = part.name().map_err(damaged)?.into_owned();
        let mut content = Vec::new();
        let limit = u64::try_from(left + 1).unwrap_or(u64::MAX);
        part.take(limit)
            .read_to_end(&mut content)
            .map_err(damaged)?;
        left = left
            .checked_sub(content.len())
            .ok_or(XlsxTableError::TooMuchUnpacked)?;
        check_amplifiers(&name, &content)?;
    }
    Ok(())
}

/// Refuses what makes the reader take far more memory than the parts have bytes. A failed
/// reservation ends the process where no fence can hold it.
///
/// - It reserves room for as many shared texts as the workbook declares.
/// - It gives every cell format its own copy of a font's name and of a number format.
fn check_amplifiers(name: &str, part: &[u8]) -> Result<(), XlsxTableError> {
    // The reader knows these parts by the end of their names, in either case.
    let name = name.to_ascii_lowercase();
    let (is_strings, is_styles) = (
        name.ends_with("sharedstrings.xml"),
        name.ends_with("styles.xml"),
    );
    if !is_strings && !is_styles {
        return Ok(());
    }
    let mut xml = quick_xml::Reader::from_reader(part);
    xml.config_mut().check_end_names = false;
    let mut buffer = Vec::new();
    let mut formats_count = 0_usize;
    loop {
        buffer.clear();
        let event = xml.read_event_into(&mut buffer).map_err(damaged)?;
        let tag = match &event {
            Event::Start(tag) | Event::Empty(tag) => tag,
            Event::Eof => return Ok(()),
            _ => continue,
        };
        match tag.local_name().as_ref() {
            "sst" if is_strings => {
                for attribute in tag.attributes().with_checks(false).flatten() {
                    let declared = attribute.value.trim().parse().unwrap_or(0_usize);
                    if attribute.key.as_ref() == "uniqueCount" && declared > part.len() {
                        return Err(damaged("it declares more texts than it has"));
                    }
                }
            }
            "xf" if is_styles => formats_count += 1,
            _ => {}
        }
        if is_styles && (tag.len() > MAX_STYLE_TAG_BYTES || formats_count > MAX_FORMATS) {
            return Err(damaged(
                "its styles are larger than a spreadsheet writes them",
            ));
        }
    }
}

/// What is left of the limits.
struct Budget {
    cells: usize,
    text_bytes: usize,
}

impl Budget {
    fn take_cells(&mut self, count: usize) -> Result<(), XlsxTableError> {
        self.cells = self
            .cells
            .checked_sub(count)
            .ok_or(XlsxTableError::TooManyCells)?;
        Ok(())
    }

    fn take_text(&mut self, size_bytes: usize) -> Result<(), XlsxTableError> {
        self.text_bytes = self
            .text_bytes
            .checked_sub(size_bytes)
            .ok_or(XlsxTableError::TooMuchUnpacked)?;
        Ok(())
    }
}

fn read_sheets(bytes: &[u8]) -> Result<Vec<Table>, XlsxTableError> {
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(reader_error)?;
    let sheets: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| sheet.name.clone())
        .collect();
    let count = sheets.len();
    if count > MAX_SHEETS {
        return Err(XlsxTableError::TooManySheets { count });
    }
    let mut budget = Budget {
        cells: MAX_CELLS,
        text_bytes: MAX_UNPACKED_BYTES,
    };
    let mut tables = Vec::new();
    for sheet in sheets {
        let mut rows = read_cells(&mut book, &sheet, &mut budget)?;
        let merges = book
            .merge_cells_by_sheet_name(&sheet)
            .map_err(reader_error)?;
        for region in &merges {
            fill(&mut rows, region, &mut budget)?;
        }
        let rows = rows
            .into_iter()
            .map(|(row, cells)| (u64::from(row) + 1, cells))
            .collect();
        tables.push(Table { sheet, rows });
    }
    Ok(tables)
}

fn reader_error(error: XlsxError) -> XlsxTableError {
    match error {
        XlsxError::Password => XlsxTableError::NotOpen,
        other => damaged(other),
    }
}

/// Rows by number from 0, as wide as their last cell.
type Rows = BTreeMap<u32, Vec<String>>;

fn read_cells(
    book: &mut Xlsx<Cursor<&[u8]>>,
    sheet: &str,
    budget: &mut Budget,
) -> Result<Rows, XlsxTableError> {
    let mut rows = Rows::new();
    // Cell by cell: the reader's own range is a rectangle, which two far corners make huge.
    let mut cells = book.worksheet_cells_reader(sheet).map_err(reader_error)?;
    while let Some(cell) = cells.next_cell().map_err(reader_error)? {
        budget.take_cells(1)?;
        let text = text_of(cell.get_value());
        if text.is_empty() {
            continue;
        }
        let (row, column) = cell.get_position();
        put(rows.entry(row).or_default(), column, text, budget)?;
    }
    Ok(rows)
}

fn put(
    row: &mut Vec<String>,
    column: u32,
    text: String,
    budget: &mut Budget,
) -> Result<(), XlsxTableError> {
    budget.take_text(text.len())?;
    let at = usize::try_from(column).map_err(damaged)?;
    if at >= row.len() {
        budget.take_cells(at - row.len())?;
        row.resize(at + 1, String::new());
    }
    row[at] = text;
    Ok(())
}

/// Gives every cell of a merged region the text of its first. Rows without any cell stay
/// missing: there is nothing beside which the text could mean "as above".
fn fill(rows: &mut Rows, region: &Dimensions, budget: &mut Budget) -> Result<(), XlsxTableError> {
    let ((top, left), (bottom, right)) = (region.start, region.end);
    if bottom < top || right < left {
        return Err(damaged("a merged region ends before it begins"));
    }
    let first = usize::try_from(left).ok();
    let text = rows
        .get(&top)
        .zip(first)
        .and_then(|(row, at)| row.get(at))
        .cloned()
        .unwrap_or_default();
    if text.is_empty() {
        return Ok(());
    }
    // What lies to the right of every other cell of the sheet says nothing new.
    let width = rows.values().map(Vec::len).max().unwrap_or(0);
    let last = usize::try_from(right)
        .unwrap_or(width)
        .min(width.saturating_sub(1));
    for (_, row) in rows.range_mut(top..=bottom) {
        for at in first.unwrap_or(last)..=last {
            budget.take_cells(1)?;
            let column = u32::try_from(at).map_err(damaged)?;
            put(row, column, text.clone(), budget)?;
        }
    }
    Ok(())
}

fn text_of(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(true) => "TRUE".to_owned(),
        DataRef::Bool(false) => "FALSE".to_owned(),
        DataRef::DateTime(time) => time_text(*time),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

/// A date, a date with its time, a time of day, or a duration in hours.
fn time_text(time: ExcelDateTime) -> String {
    const MINUTES_OF_DAY: f64 = 1440.0;
    if time.is_duration() {
        // Saturates for what is no duration of this world.
        let minutes = (time.as_f64() * MINUTES_OF_DAY).round() as i64;
        return format!("{}:{:02}", minutes / 60, (minutes % 60).abs());
    }
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    let clock = format!("{hour:02}:{minute:02}:{second:02}");
    if time.as_f64() < 1.0 {
        return clock;
    }
    match (hour, minute, second) {
        (0, 0, 0) => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:04}-{month:02}-{day:02} {clock}"),
    }
}

#[cfg(test)]
mod tests;
