//! A review as a workbook: shifts, people, cards and cases as tables, and every reason as
//! lines, in the reader's language.

use bading_core::model::verdict::{Grade, Score};
use bading_core::rules::explain::{Catalogue, Explanation};
use bading_core::services::review::Review;
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

/// The deepest level that a spreadsheet indents.
const MAX_INDENT: u8 = 15;

/// What stands in a cell: figures as numbers, so that a spreadsheet can sum them.
enum Cell {
    Text(String),
    Number(f64),
    Nothing,
}

/// The bytes of the workbook.
///
/// - `shifts`: header and lines of the shifts, the same as in the CSV.
pub(super) fn workbook(
    review: &Review,
    catalogue: Catalogue,
    header: &[&str],
    shifts: &[Vec<String>],
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let lines = shifts
        .iter()
        .map(|line| line.iter().map(|text| figure(text)).collect());
    table(book.add_worksheet(), "shifts", header, lines)?;

    let people = review.people.iter().map(|one| {
        let part = |key: &str| {
            let part = one.verdict.parts.iter().find(|part| part.key == key);
            points(part.and_then(|part| part.score))
        };
        vec![
            Cell::Text(one.person.clone()),
            Cell::Number(one.shifts as f64),
            part("coverage"),
            part("time"),
            part("quantity"),
            part("quality"),
            points(one.verdict.score),
            letter(one.verdict.grade),
        ]
    });
    let columns = [
        "person", "shifts", "coverage", "time", "quantity", "quality", "score", "grade",
    ];
    table(book.add_worksheet(), "people", &columns, people)?;

    let cards = review.scorecards.iter().flat_map(|card| {
        card.quality.indicators.iter().map(move |one| {
            vec![
                Cell::Text(card.kind.as_str().to_owned()),
                Cell::Text(card.id.clone()),
                Cell::Text(card.card.clone()),
                points(card.quality.score),
                letter(card.grade),
                Cell::Text(one.key.clone()),
                Cell::Number(one.numerator as f64),
                Cell::Number(one.denominator as f64),
                Cell::Number(one.weight_permille.into()),
                Cell::Text(one.cases.join(" ")),
            ]
        })
    });
    let columns = [
        "kind",
        "id",
        "card",
        "score",
        "grade",
        "indicator",
        "numerator",
        "denominator",
        "weight_permille",
        "cases",
    ];
    table(book.add_worksheet(), "scorecards", &columns, cards)?;

    let cases = review.cases.iter().map(|case| {
        let handling = case.handling.as_ref();
        let text = |text: Option<&str>| match text {
            Some(text) => Cell::Text(text.to_owned()),
            None => Cell::Nothing,
        };
        vec![
            Cell::Text(case.case_id.clone()),
            text(case.number.as_deref()),
            Cell::Text(case.phase.to_owned()),
            text(case.class.as_deref()),
            text(case.class_name.as_deref()),
            text(case.grid.as_deref()),
            text(case.department.as_deref()),
            text(handling.map(|handling| &*handling.dispatched)),
            text(handling.and_then(|handling| handling.handed_back.as_deref())),
            text(handling.and_then(|handling| handling.due.as_deref())),
            text(handling.and_then(|handling| handling.judgement)),
        ]
    });
    let columns = [
        "case_id",
        "number",
        "phase",
        "class",
        "class_name",
        "grid",
        "department",
        "dispatched",
        "handed_back",
        "due",
        "judgement",
    ];
    table(book.add_worksheet(), "cases", &columns, cases)?;

    let reasons = book.add_worksheet();
    reasons.set_name("reasons")?;
    reasons.set_column_width(0, 100)?;
    let mut row = 0;
    for shift in &review.shifts {
        let title = format!("{}  {}  {}", shift.person, shift.slot, shift.from);
        reasons.write_with_format(row, 0, title, &Format::new().set_bold())?;
        row += 1;
        row = write_reasons(reasons, catalogue, &shift.explanation, 0, row)?;
    }
    book.save_to_buffer()
}

fn table(
    sheet: &mut Worksheet,
    name: &str,
    header: &[&str],
    lines: impl Iterator<Item = Vec<Cell>>,
) -> Result<(), XlsxError> {
    sheet.set_name(name)?;
    let bold = Format::new().set_bold();
    for (column, title) in (0..).zip(header) {
        sheet.write_with_format(0, column, *title, &bold)?;
    }
    for (row, line) in (1..).zip(lines) {
        for (column, cell) in (0..).zip(line) {
            match cell {
                Cell::Text(text) => sheet.write_string(row, column, text)?,
                Cell::Number(number) => sheet.write_number(row, column, number)?,
                Cell::Nothing => continue,
            };
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.autofit();
    Ok(())
}

fn write_reasons(
    sheet: &mut Worksheet,
    catalogue: Catalogue,
    told: &Explanation,
    depth: u8,
    row: u32,
) -> Result<u32, XlsxError> {
    let indent = Format::new().set_indent(depth.min(MAX_INDENT));
    sheet.write_with_format(row, 0, catalogue.tell(told), &indent)?;
    let mut row = row + 1;
    for reason in &told.children {
        row = write_reasons(sheet, catalogue, reason, depth + 1, row)?;
    }
    Ok(row)
}

/// Digits with a point are a number; a code of digits alone stays a text, for a spreadsheet
/// would cut its zeros.
fn figure(text: &str) -> Cell {
    let is_figure = text.contains('.') && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match text.parse() {
        Ok(number) if is_figure => Cell::Number(number),
        _ if text.is_empty() => Cell::Nothing,
        _ => Cell::Text(text.to_owned()),
    }
}

fn points(score: Option<Score>) -> Cell {
    score.map_or(Cell::Nothing, |score| {
        Cell::Number(f64::from(score.hundredths()) / 100.0)
    })
}

fn letter(grade: Option<Grade>) -> Cell {
    grade.map_or(Cell::Nothing, |grade| Cell::Text(format!("{grade:?}")))
}
