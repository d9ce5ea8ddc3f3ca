//! What stands in the rows below a header: cells tidied, what is "as above" filled in, notes
//! and headings between the rows told apart from the rows.

use super::header::{Columns, Field};
use super::split::split_code;
use super::text::{code, ends_department, ends_role, is_digits, parts};
use super::{DutyNote, Place, Table, tidy};
use crate::model::duty::DutyEntry;

/// A row's cells, tidied, with what is "as above" filled in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RawRow {
    pub(super) sheet: String,
    pub(super) row: u64,
    pub(super) major_code: String,
    pub(super) major_name: String,
    pub(super) parent: String,
    pub(super) class: String,
    /// The small class inside its big class once more, as some exports have it.
    pub(super) minor: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) departments: Vec<String>,
    pub(super) supervising: Vec<String>,
    pub(super) condition: String,
    pub(super) closing: String,
    pub(super) limit: String,
    pub(super) photos: Vec<String>,
    pub(super) urgency: String,
    pub(super) roles: Vec<String>,
    pub(super) qualifications: Vec<String>,
    pub(super) grids: Vec<String>,
    /// Whether the list has a column for departments at all.
    pub(super) names_departments: bool,
    /// Whether the list has columns that tell the cases of one class apart.
    has_cases: bool,
}

/// The rows below a table's header, without blank rows and repeated headers; what is no row
/// of the list is added to `notes`.
pub(super) fn raw_rows(
    table: &Table,
    header: usize,
    columns: &Columns,
    notes: &mut Vec<DutyNote>,
) -> Vec<RawRow> {
    let mut rows: Vec<RawRow> = Vec::new();
    let titles = table.rows.iter().take(header);
    let mut kind = kind_of(&table.sheet).or_else(|| {
        let cells = titles.flat_map(|(_, cells)| cells);
        one_of(cells.filter_map(|cell| kind_of(cell)))
    });
    for (number, cells) in table.rows.iter().skip(header + 1) {
        let has_text = cells.iter().any(|cell| !tidy(cell).is_empty());
        if !has_text || columns.is_repeated(cells) {
            continue;
        }
        if let Some(note) = note_of(cells) {
            // A heading between the rows says what those below it are.
            kind = note.kind.or(kind);
            notes.push(DutyNote {
                sheet: table.sheet.clone(),
                row: *number,
                text: note.text,
            });
            continue;
        }
        let mut row = raw_row(cells, columns);
        row.sheet.clone_from(&table.sheet);
        row.row = *number;
        let above = rows.last();
        if row.kind.is_empty() {
            let said = above.filter(|_| columns.at(Field::Kind).is_some());
            let said = said.map(|above| above.kind.clone());
            row.kind = said.unwrap_or_else(|| kind.unwrap_or_default().to_owned());
        }
        if let Some(above) = above {
            row.fill_from(above);
        }
        rows.push(row);
    }
    rows
}

fn raw_row(cells: &[String], columns: &Columns) -> RawRow {
    let at = |column: Option<usize>| {
        column
            .and_then(|at| cells.get(at))
            .map_or("", String::as_str)
    };
    let cell = |field| at(columns.at(field));
    let (mut class, mut name) = (code(cell(Field::Class)), tidy(cell(Field::Name)));
    if columns.class_in_name {
        // What has no code in its cell has none: the row says so.
        if let Some((found, rest)) = split_code(&name) {
            (class, name) = (found, rest);
        }
    }
    let mut major_code = code(cell(Field::MajorCode));
    let mut major_name = tidy(cell(Field::MajorName));
    if columns.major_in_name
        && let Some((found, rest)) = split_code(&major_name)
    {
        (major_code, major_name) = (found, rest);
    }
    let list = |field| parts(cell(field), ends_department);
    RawRow {
        major_code,
        major_name,
        parent: code(cell(Field::Parent)),
        minor: code(cell(Field::Minor)),
        class,
        name,
        kind: kind_of(cell(Field::Kind)).unwrap_or_default().to_owned(),
        departments: list(Field::Departments),
        supervising: list(Field::Supervising),
        condition: tidy(cell(Field::Condition)),
        closing: tidy(cell(Field::Closing)),
        limit: limit_of(
            tidy(cell(Field::Limit)),
            &tidy(at(columns.limit_more)),
            columns,
        ),
        photos: parts(cell(Field::Photos), ends_role),
        urgency: tidy(cell(Field::Urgency)),
        roles: list(Field::Roles),
        qualifications: list(Field::Qualifications),
        grids: parts(cell(Field::Grids), ends_role),
        names_departments: columns.at(Field::Departments).is_some(),
        has_cases: [Field::Condition, Field::Limit]
            .iter()
            .any(|field| columns.at(*field).is_some()),
        ..RawRow::default()
    }
}

/// The limit with the unit that its header or the next cell gives; a cell that was merged
/// over both says it once.
fn limit_of(limit: String, more: &str, columns: &Columns) -> String {
    if !more.is_empty() && more != limit {
        return format!("{limit}{more}");
    }
    let is_number = !limit.is_empty()
        && limit
            .chars()
            .all(|c| c.is_ascii_digit() || c == '.' || ('０'..='９').contains(&c));
    match is_number {
        true => format!("{limit}{}", columns.limit_unit),
        false => limit,
    }
}

impl RawRow {
    /// Fills what a flattened merge left empty. Where the list tells cases apart, only a row
    /// with a condition or limit of its own is a further case of what stands above; another
    /// one has lost its cells.
    fn fill_from(&mut self, above: &Self) {
        let has_case = !self.condition.is_empty() || !self.limit.is_empty();
        let has_class = !self.class.is_empty() && !self.name.is_empty();
        if !has_case && (self.has_cases || !has_class) {
            return;
        }
        // A big class is merged over many small ones, so it continues below a new one too.
        if self.major_code.is_empty() && self.major_name.is_empty() {
            self.major_code.clone_from(&above.major_code);
            self.major_name.clone_from(&above.major_name);
        }
        if !has_case {
            return;
        }
        let is_merged = self.class.is_empty() && self.name.is_empty();
        let continues = |mine: &str, theirs: &str| mine.is_empty() || mine == theirs;
        let is_of_above = (self.class.is_empty() || self.name.is_empty())
            && continues(&self.class, &above.class)
            && continues(&self.name, &above.name);
        if is_of_above {
            self.class.clone_from(&above.class);
            self.name.clone_from(&above.name);
            if self.departments.is_empty() {
                self.departments.clone_from(&above.departments);
            }
            if self.supervising.is_empty() {
                self.supervising.clone_from(&above.supervising);
            }
        }
        // One limit may be merged over the conditions of a class, as its name is.
        if is_merged {
            if self.limit.is_empty() {
                self.limit.clone_from(&above.limit);
            }
            if self.closing.is_empty() {
                self.closing.clone_from(&above.closing);
            }
        }
    }

    pub(super) fn place(&self) -> String {
        Place(&self.sheet, self.row).to_string()
    }
}

/// Component or event, where a text says one of them and not the other.
fn kind_of(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let says = |words: [&str; 2]| words.iter().any(|word| text.contains(word));
    match (says(["部件", "component"]), says(["事件", "event"])) {
        (true, false) => Some(DutyEntry::COMPONENT),
        (false, true) => Some(DutyEntry::EVENT),
        _ => None,
    }
}

fn one_of(mut kinds: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let first = kinds.next()?;
    kinds.all(|kind| kind == first).then_some(first)
}

struct Note {
    text: String,
    kind: Option<&'static str>,
}

/// How many cells a text must fill to be a heading over them.
const HEADING_CELLS: usize = 3;
/// The most characters of a heading; more are an explanation.
const HEADING_CHARS: usize = 30;

/// What a row says that is a remark on the list, a heading between its parts, a sum or the
/// names of those who made it. A row of the list has a class and a name: a text that fills
/// the whole row, or stands alone and says what it is, has neither.
fn note_of(cells: &[String]) -> Option<Note> {
    let filled: Vec<String> = cells
        .iter()
        .map(|cell| tidy(cell))
        .filter(|cell| !cell.is_empty())
        .collect();
    let first = filled.first()?;
    let is_alone = filled.iter().all(|cell| cell == first);
    let is_remark = is_remark(first);
    let is_heading = is_alone
        && (is_numbered_heading(first) || filled.len() >= HEADING_CELLS && !is_digits(first));
    if !is_remark && !is_heading {
        return None;
    }
    let is_short = first.chars().count() <= HEADING_CHARS;
    let mut texts = filled.clone();
    texts.dedup();
    Some(Note {
        kind: kind_of(first).filter(|_| is_heading && is_short && !is_remark),
        text: texts.join(" "),
    })
}

fn is_remark(text: &str) -> bool {
    const WHOLE: [&str; 5] = ["备注", "附注", "合计", "小计", "总计"];
    const WITH_COLON: [&str; 12] = [
        "注",
        "说明",
        "编制说明",
        "备注说明",
        "填表说明",
        "制表",
        "制表人",
        "填表人",
        "填报人",
        "填报单位",
        "审核人",
        "审核",
    ];
    let rest = |word: &str| text.strip_prefix(word);
    let ends = |rest: &str, with: &[char]| rest.is_empty() || rest.starts_with(with);
    WHOLE
        .iter()
        .filter_map(|word| rest(word))
        .any(|rest| ends(rest, &[':', '：', ' ', '(', '（', '1', '１']))
        || WITH_COLON
            .iter()
            .filter_map(|word| rest(word))
            .any(|rest| !rest.is_empty() && ends(rest, &[':', '：']))
        || rest("注")
            .is_some_and(|rest| rest.starts_with(['1', '2', '3', '１', '２', '３', '（', '(']))
        || text.starts_with(['※', '*'])
}

/// `一、部件类`, `（二）事件`, `第三部分 …`.
fn is_numbered_heading(text: &str) -> bool {
    const NUMERALS: [char; 10] = ['一', '二', '三', '四', '五', '六', '七', '八', '九', '十'];
    let behind = |text: &str| -> Option<char> {
        let rest = text.trim_start_matches(NUMERALS);
        (rest.len() < text.len())
            .then(|| rest.chars().next())
            .flatten()
    };
    let bracketed = text.strip_prefix(['（', '(']).and_then(behind);
    let part = text.strip_prefix('第').and_then(behind);
    matches!(behind(text), Some('、' | '.' | '．'))
        || matches!(bracketed, Some('）' | ')'))
        || matches!(part, Some('部' | '类' | '章' | '节'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(cells: &[&str]) -> Option<(String, Option<&'static str>)> {
        let cells: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
        note_of(&cells).map(|note| (note.text, note.kind))
    }

    #[test]
    fn notes_and_headings_are_told_from_rows() {
        let said = |text: &str, kind| Some((text.to_owned(), kind));
        assert_eq!(
            note(&["注：工作时按8小时计", "", ""]),
            said("注：工作时按8小时计", None)
        );
        assert_eq!(note(&["二、事件类", ""]), said("二、事件类", Some("event")));
        assert_eq!(note(&["部件"; 4]), said("部件", Some("component")));
        assert_eq!(
            note(&["制表：张三", "", "日期"]),
            said("制表：张三 日期", None)
        );
        assert_eq!(note(&["合计", "", "75"]), said("合计 75", None));
        for row in [
            &["注水口", "缺失"][..],
            &["0101", "井盖"],
            &["", "井盖"],
            &["一号井", ""],
            &["1", "1", "1"],
        ] {
            assert_eq!(note(row), None, "{row:?}");
        }
    }
}
