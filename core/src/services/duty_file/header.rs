//! Which row of a sheet names the columns, and which column is which.

use super::{HEADER_ROWS, Table};

/// What is said when the small class's code has no column.
pub(super) const CLASS_COLUMN: &str = "class (or code, 小类代码)";
const NAME_COLUMN: &str = "name (or 小类名称)";

const CLASS: &[&str] = &["class", "code", "小类代码"];
const NAME: &[&str] = &["name", "小类名称"];
const MAJOR_CODE: &[&str] = &["major_code", "大类代码"];
const MAJOR_NAME: &[&str] = &["major_name", "大类名称"];
const PARENT: &[&str] = &["declared_parent", "parent"];
const DEPARTMENTS: &[&str] = &["departments", "处置单位"];
const SUPERVISING: &[&str] = &["supervising", "主管部门"];
const CONDITION: &[&str] = &["condition", "立案条件"];
const CLOSING: &[&str] = &["closing", "结案条件"];
const LIMIT: &[&str] = &["limit", "处置时限"];
const PHOTOS: &[&str] = &["photos", "required_photos"];
const URGENCY: &[&str] = &["urgency", "紧急程度"];

/// Where each field stands; the first column of a name counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) class: usize,
    pub(super) name: usize,
    pub(super) major_code: Option<usize>,
    pub(super) major_name: Option<usize>,
    /// The big class once more, as some exports have it.
    pub(super) parent: Option<usize>,
    pub(super) departments: Option<usize>,
    pub(super) supervising: Option<usize>,
    pub(super) condition: Option<usize>,
    pub(super) closing: Option<usize>,
    pub(super) limit: Option<usize>,
    pub(super) photos: Option<usize>,
    pub(super) urgency: Option<usize>,
}

/// What a sheet has for a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Header {
    /// The row at `index` of the table names class and name at least.
    Found { index: usize, columns: Columns },
    /// No row does. `row` is the likeliest, which has `known` names and lacks `column`.
    Missing {
        row: u64,
        known: usize,
        column: &'static str,
    },
    /// The sheet has no text at all.
    Blank,
}

impl Header {
    /// Looks for the header among the first rows of a sheet.
    pub(super) fn find(table: &Table) -> Self {
        let filled = |(_, (_, cells)): &(usize, &(u64, Vec<String>))| {
            cells.iter().any(|cell| !label(cell).is_empty())
        };
        let mut missing: Option<Self> = None;
        for (index, (row, cells)) in table
            .rows
            .iter()
            .enumerate()
            .filter(filled)
            .take(HEADER_ROWS)
        {
            let labels: Vec<String> = cells.iter().map(|cell| label(cell)).collect();
            let at = |names: &[&str]| labels.iter().position(|l| names.contains(&l.as_str()));
            let (class, name) = (at(CLASS), at(NAME));
            let others = [
                MAJOR_CODE,
                MAJOR_NAME,
                PARENT,
                DEPARTMENTS,
                SUPERVISING,
                CONDITION,
                CLOSING,
                LIMIT,
                PHOTOS,
                URGENCY,
            ]
            .map(at);
            if let (Some(class), Some(name)) = (class, name) {
                let [
                    major_code,
                    major_name,
                    parent,
                    departments,
                    supervising,
                    condition,
                    closing,
                    limit,
                    photos,
                    urgency,
                ] = others;
                let columns = Columns {
                    class,
                    name,
                    major_code,
                    major_name,
                    parent,
                    departments,
                    supervising,
                    condition,
                    closing,
                    limit,
                    photos,
                    urgency,
                };
                return Self::Found { index, columns };
            }
            let known = [class, name]
                .iter()
                .chain(&others)
                .filter(|at| at.is_some())
                .count();
            let is_likelier = match &missing {
                Some(Self::Missing { known: best, .. }) => known > *best,
                _ => true,
            };
            if is_likelier {
                let column = if class.is_none() {
                    CLASS_COLUMN
                } else {
                    NAME_COLUMN
                };
                missing = Some(Self::Missing {
                    row: *row,
                    known,
                    column,
                });
            }
        }
        missing.unwrap_or(Self::Blank)
    }
}

/// True for a header that is printed again further down, or merged over two rows.
pub(super) fn is_repeated(class: &str, name: &str) -> bool {
    CLASS.contains(&label(class).as_str()) && NAME.contains(&label(name).as_str())
}

/// A column's name without the white space that fits it into its cell, in lower case.
fn label(cell: &str) -> String {
    cell.chars()
        .filter(|c| !c.is_whitespace() && *c != '\u{feff}')
        .flat_map(char::to_lowercase)
        .collect()
}
