//! Which row of a sheet names the columns, and which column is which.
//!
//! Cities name one thing in many ways (处置单位, 责任部门, 承办单位 …), put two rows of header
//! above each other, or a code and its name into one cell. A column is found by the names
//! below; whether a cell holds a code and a name is told by the cells, never by the header.

use super::split::split_code;
use super::text::is_digits;
use super::{HEADER_ROWS, Table, tidy};

/// What is said when the small class's code has no column.
pub(super) const CLASS_COLUMN: &str = "class (or code, 小类代码)";
const NAME_COLUMN: &str = "name (or 小类名称)";

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    MajorCode,
    MajorName,
    Class,
    Minor,
    Name,
    Kind,
    Parent,
    Departments,
    Supervising,
    Condition,
    Closing,
    Limit,
    Photos,
    Urgency,
    Roles,
    Qualifications,
    Grids,
}

const FIELDS: usize = 17;

/// The names of each field's column, between spaces, the surest first. A column serves one field, and fields
/// choose in this order, so that `代码` beside `大类代码` is the small class's.
const NAMES: [(Field, &str); FIELDS] = [
    (
        Field::MajorCode,
        "major_code 大类代码 大类编码 大类编号 大类码 问题大类代码 问题大类编码 \
         部件大类代码 事件大类代码",
    ),
    (
        Field::MajorName,
        "major_name 大类名称 大类名 问题大类名称 大类 问题大类 部件大类 事件大类 \
         大类代码及名称 大类代码名称 大类代码和名称 大类名称及代码",
    ),
    (
        Field::Class,
        "class code 小类代码 小类编码 小类编号 小类码 问题小类代码 问题小类编码 \
         部件小类代码 事件小类代码 minor_code 类别代码 类别编码 分类代码 分类编码 \
         部件代码 部件编码 事件代码 事件编码 问题代码 问题编码 标识码 代码 编码 编号",
    ),
    (Field::Minor, "minor_code 小类序号"),
    (
        Field::Name,
        "name 小类名称 小类名 问题小类名称 minor_name 小类 问题小类 部件小类 事件小类 \
         小类代码及名称 小类代码名称 小类代码和名称 小类名称及代码 部件名称 事件名称 \
         问题名称 类别名称 类型名称 分类名称 事项名称 名称",
    ),
    (
        Field::Kind,
        "kind 事部件 事部件类型 部事件 部件事件 部件/事件 事件/部件 问题类型 案件类型 \
         问题类别 问题性质 类型 类别",
    ),
    (
        Field::Parent,
        "declared_parent parent parent_code 上级代码 上级编码 父级代码 父类代码",
    ),
    (
        Field::Departments,
        "departments department 处置单位 处置部门 处置责任单位 处置责任部门 处理单位 \
         处理部门 责任单位 责任部门 责任主体 主要责任单位 主责单位 主责部门 牵头单位 \
         牵头部门 承办单位 承办部门 专业部门 管养单位 维护单位 权属单位",
    ),
    (
        Field::Supervising,
        "supervising 主管部门 主管单位 行业主管部门 行业主管单位 监管部门 监管单位 \
         行业监管部门 主管监管部门 监督部门 监督单位",
    ),
    (
        Field::Condition,
        "condition 立案条件 立案标准 立案条件及标准 立案规范 立案要求 立案情形 立案依据 \
         问题描述 具体情形",
    ),
    (
        Field::Closing,
        "closing 结案条件 结案标准 结案条件及标准 结案规范 结案要求 处置标准 处置要求 \
         处理标准 处理要求 整改标准 整改要求",
    ),
    (
        Field::Limit,
        "limit 处置时限 处理时限 办结时限 办理时限 完成时限 整改时限 修复时限 结案时限 \
         处置期限 处理期限 办理期限 整改期限 处置时限要求 处置工作时限 \
         处理工作时限 工作时限 时限要求 处置时间 处理时间 时限",
    ),
    (
        Field::Photos,
        "photos required_photos 照片要求 拍照要求 必拍照片 照片类型 照片",
    ),
    (
        Field::Urgency,
        "urgency 紧急程度 紧急级别 紧急等级 紧急类型 优先级 案件等级 案件级别",
    ),
    (
        Field::Roles,
        "roles role 采集角色 适用角色 责任岗位 角色 岗位",
    ),
    (
        Field::Qualifications,
        "qualifications qualification 所需资质 资质要求 资质 资格",
    ),
    (
        Field::Grids,
        "grids grid 适用网格 适用单元网格 单元网格 网格",
    ),
];

/// Columns that no list needs: a row's number says nothing of its duty.
const ROW_NUMBERS: [&str; 5] = ["序号", "行号", "no.", "no", ROW_OR_CODE];
/// What some lists call a row's number and others a class's code.
const ROW_OR_CODE: &str = "编号";

/// Where each field stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    at: [Option<usize>; FIELDS],
    /// The name's cells hold the code too.
    pub(super) class_in_name: bool,
    /// The cells of the big class's name hold its code too.
    pub(super) major_in_name: bool,
    /// The unit that the header gives for limits, for cells with a bare number.
    pub(super) limit_unit: String,
    /// A second column of the limit, for its unit.
    pub(super) limit_more: Option<usize>,
    /// The names of the columns that are not read.
    pub(super) ignored: Vec<String>,
    /// The header's rows, without which it may stand again further down.
    labels: Vec<Vec<String>>,
}

/// What a sheet has for a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Header {
    /// The row at `index` of the table (the last, of two) names class and name at least.
    Found { index: usize, columns: Box<Columns> },
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
        let filled: Vec<usize> = (0..table.rows.len())
            .filter(|at| table.rows[*at].1.iter().any(|cell| !label(cell).is_empty()))
            .take(HEADER_ROWS)
            .collect();
        let labels_of = |at: usize| -> Vec<String> {
            table.rows[at].1.iter().map(|cell| label(cell)).collect()
        };
        let mut missing: Option<Self> = None;
        for &index in &filled {
            let labels = labels_of(index);
            let alone = Match::of(labels.iter().map(|l| forms(l)).collect());
            let below = (index + 1 < table.rows.len()).then(|| labels_of(index + 1));
            if let Some(below) = below.filter(|below| below.iter().any(|l| !l.is_empty())) {
                let both = Match::of(two_rows(&labels, &below));
                let second = Match::of(below.iter().map(|l| forms(l)).collect());
                // Two rows are one header only when each has something that the other needs.
                if both.known > alone.known.max(second.known)
                    && let Some(columns) = both.columns(table, index + 1, &[&labels, &below])
                {
                    let index = index + 1;
                    return Self::Found { index, columns };
                }
            }
            let (known, has_class) = (alone.known, alone.at(Field::Class).is_some());
            if let Some(columns) = alone.columns(table, index, &[&labels]) {
                return Self::Found { index, columns };
            }
            let is_likelier = match &missing {
                Some(Self::Missing { known: best, .. }) => known > *best,
                _ => true,
            };
            if is_likelier {
                missing = Some(Self::Missing {
                    row: table.rows[index].0,
                    known,
                    column: match has_class {
                        false => CLASS_COLUMN,
                        true => NAME_COLUMN,
                    },
                });
            }
        }
        missing.unwrap_or(Self::Blank)
    }
}

impl Columns {
    /// The column of a field.
    pub(super) fn at(&self, field: Field) -> Option<usize> {
        self.at[field as usize]
    }

    /// True for a header that is printed again further down, or merged over two rows.
    pub(super) fn is_repeated(&self, cells: &[String]) -> bool {
        let labels: Vec<String> = cells.iter().map(|cell| label(cell)).collect();
        let names = |field: Field| {
            let said = self.at(field).and_then(|at| labels.get(at));
            said.is_some_and(|said| forms(said).iter().any(|form| is_named(field, form)))
        };
        self.labels.contains(&labels) || (names(Field::Class) && names(Field::Name))
    }
}

fn is_named(field: Field, label: &str) -> bool {
    NAMES[field as usize].1.split(' ').any(|name| name == label)
}

/// Which columns of a row have names that are known.
struct Match {
    at: [Option<usize>; FIELDS],
    forms: Vec<Vec<String>>,
    known: usize,
}

impl Match {
    /// - `forms`: for each column what it may be called, the likeliest first.
    fn of(forms: Vec<Vec<String>>) -> Self {
        let mut at = [None; FIELDS];
        for (field, names) in &NAMES {
            let found = names.split(' ').find_map(|name| {
                (0..forms.len()).find(|column| {
                    !at.contains(&Some(*column)) && forms[*column].iter().any(|form| form == name)
                })
            });
            at[*field as usize] = found;
        }
        let known = at.iter().flatten().count();
        Self { at, forms, known }
    }

    fn at(&self, field: Field) -> Option<usize> {
        self.at[field as usize]
    }

    /// The columns, when class and name are among them or can be told from the cells below.
    fn columns(
        mut self,
        table: &Table,
        header: usize,
        labels: &[&Vec<String>],
    ) -> Option<Box<Columns>> {
        let cells = |column: usize| {
            let below = table.rows.iter().skip(header + 1);
            below.filter_map(move |(_, row)| row.get(column).map(|cell| tidy(cell)))
        };
        // More than half of what stands there, so that a note at the end changes nothing.
        let mostly = |column: usize, is_so: fn(&str) -> bool| {
            let filled = cells(column).filter(|cell| !cell.is_empty());
            let (so, all) = filled.fold((0, 0), |(so, all), cell| {
                (so + usize::from(is_so(&cell)), all + 1)
            });
            so * 2 > all
        };
        let is_code = |cell: &str| is_digits(&super::text::code(cell));
        let has_both = |cell: &str| split_code(cell).is_some();
        let mut class_in_name = false;
        match (self.at(Field::Class), self.at(Field::Name)) {
            // 编号 is a row's number where the name's cells hold the code.
            (Some(class), Some(name))
                if self.forms[class].iter().any(|form| form == ROW_OR_CODE)
                    && mostly(name, has_both) =>
            {
                class_in_name = true;
                self.at[Field::Class as usize] = None;
            }
            (Some(_), Some(_)) => {}
            (None, Some(name)) => {
                match self.twin(name).filter(|_| mostly(name, is_code)) {
                    Some(twin) => self.set(Field::Class, name, Field::Name, twin),
                    None => class_in_name = mostly(name, has_both),
                }
                if !class_in_name && self.at(Field::Class).is_none() {
                    return None;
                }
            }
            (Some(class), None) if mostly(class, has_both) => {
                class_in_name = true;
                self.at[Field::Name as usize] = Some(class);
                self.at[Field::Class as usize] = None;
            }
            _ => return None,
        }
        let mut major_in_name = false;
        if let (None, Some(name)) = (self.at(Field::MajorCode), self.at(Field::MajorName)) {
            if let Some(twin) = self.twin(name).filter(|_| mostly(name, is_code)) {
                self.set(Field::MajorCode, name, Field::MajorName, twin);
            } else if mostly(name, is_code) {
                self.at[Field::MajorCode as usize] = Some(name);
                self.at[Field::MajorName as usize] = None;
            } else {
                major_in_name = mostly(name, has_both);
            }
        }
        let limit = self.at(Field::Limit);
        let limit_more = limit.and_then(|at| self.twin(at));
        let limit_unit = limit.map(|at| unit_of(labels, at)).unwrap_or_default();
        let is_read = |column: usize| self.at.contains(&Some(column)) || limit_more == Some(column);
        let mut ignored: Vec<String> = Vec::new();
        for (column, forms) in self.forms.iter().enumerate() {
            let Some(name) = forms.first().filter(|name| !name.is_empty()) else {
                continue;
            };
            let is_number = ROW_NUMBERS.contains(&name.as_str());
            if !is_read(column) && !is_number && !ignored.contains(name) {
                ignored.push(name.clone());
            }
        }
        Some(Box::new(Columns {
            at: self.at,
            class_in_name,
            major_in_name,
            limit_unit,
            limit_more,
            ignored,
            labels: labels.iter().map(|row| (*row).clone()).collect(),
        }))
    }

    /// The next column, where it has the same name and no other use: one name over two.
    fn twin(&self, column: usize) -> Option<usize> {
        let next = column + 1;
        let is_same = self.forms.get(column) == self.forms.get(next);
        (is_same && !self.at.contains(&Some(next))).then_some(next)
    }

    fn set(&mut self, first: Field, column: usize, second: Field, next: usize) {
        self.at[first as usize] = Some(column);
        self.at[second as usize] = Some(next);
    }
}

/// What a column may be called by its name alone: the name, and the name without what
/// explains it in parentheses.
fn forms(label: &str) -> Vec<String> {
    let mut forms = vec![label.to_owned()];
    if let Some(at) = label.find('(').filter(|at| *at > 0) {
        forms.push(label[..at].to_owned());
    }
    forms
}

/// What columns may be called where two rows name them together: 小类 above 代码 and 名称.
fn two_rows(above: &[String], below: &[String]) -> Vec<Vec<String>> {
    let empty = String::new();
    let mut over = "";
    (0..above.len().max(below.len()))
        .map(|column| {
            let top = above.get(column).unwrap_or(&empty).as_str();
            let bottom = below.get(column).unwrap_or(&empty).as_str();
            if !top.is_empty() {
                over = top;
            }
            match (top, bottom) {
                (_, "") => forms(top),
                // Nothing above a name: a flattened merge of what stands to the left.
                ("", _) => vec![format!("{over}{bottom}"), bottom.to_owned()],
                _ if top == bottom => forms(top),
                _ => [vec![format!("{top}{bottom}")], forms(bottom)].concat(),
            }
        })
        .collect()
}

/// The unit that stands in parentheses behind the limit's name.
fn unit_of(labels: &[&Vec<String>], column: usize) -> String {
    let units = [
        "工作小时",
        "工作时",
        "工作日",
        "自然日",
        "小时",
        "分钟",
        "天",
        "日",
    ];
    let said = labels.iter().filter_map(|row| row.get(column));
    let inside = said
        .filter_map(|label| label.split_once('(')?.1.strip_suffix(')'))
        .map(|inside| inside.trim_start_matches("单位").trim_start_matches(':'))
        .find(|inside| units.contains(inside));
    inside.unwrap_or_default().to_owned()
}

/// A column's name without the white space that fits it into its cell, in lower case and
/// half width, without a mark that it must be filled.
fn label(cell: &str) -> String {
    cell.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\u{feff}' | '\u{200b}' | '*'))
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            '（' => '(',
            '）' => ')',
            '：' => ':',
            '／' => '/',
            other => other,
        })
        .collect::<String>()
        .trim_end_matches(':')
        .to_owned()
}
