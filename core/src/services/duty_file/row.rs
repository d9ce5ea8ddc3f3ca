//! One row of a list: what its cells say, and whether that makes an entry.

use std::collections::{HashMap, HashSet};

use super::code::CodeScheme;
use super::header::{Columns, is_repeated};
use super::text::{code, ends_department, ends_role, parts};
use super::{DutyProblem, Place, Table, tidy};
use crate::model::duty::{DutyEntry, DutyList};
use crate::model::identifiers::{ClassCode, DepartmentId};
use crate::model::photo::PhotoRole;

/// A row's cells, tidied, with what is "as above" filled in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RawRow {
    pub(super) sheet: String,
    pub(super) row: u64,
    pub(super) major_code: String,
    major_name: String,
    parent: String,
    pub(super) class: String,
    name: String,
    departments: Vec<String>,
    supervising: Vec<String>,
    condition: String,
    closing: String,
    limit: String,
    photos: Vec<String>,
    urgency: String,
    /// Whether the list has a column for departments at all.
    names_departments: bool,
}

/// The rows below a table's header, without blank rows and repeated headers.
pub(super) fn raw_rows(table: &Table, header: usize, columns: &Columns) -> Vec<RawRow> {
    let mut rows: Vec<RawRow> = Vec::new();
    for (number, cells) in table.rows.iter().skip(header + 1) {
        let cell = |column: Option<usize>| {
            column
                .and_then(|at| cells.get(at))
                .map_or("", String::as_str)
        };
        let has_text = cells.iter().any(|cell| !tidy(cell).is_empty());
        if !has_text || is_repeated(cell(Some(columns.class)), cell(Some(columns.name))) {
            continue;
        }
        let mut row = RawRow {
            sheet: table.sheet.clone(),
            row: *number,
            major_code: code(cell(columns.major_code)),
            major_name: tidy(cell(columns.major_name)),
            parent: code(cell(columns.parent)),
            class: code(cell(Some(columns.class))),
            name: tidy(cell(Some(columns.name))),
            departments: parts(cell(columns.departments), ends_department),
            supervising: parts(cell(columns.supervising), ends_department),
            condition: tidy(cell(columns.condition)),
            closing: tidy(cell(columns.closing)),
            limit: tidy(cell(columns.limit)),
            photos: parts(cell(columns.photos), ends_role),
            urgency: tidy(cell(columns.urgency)),
            names_departments: columns.departments.is_some(),
        };
        if let Some(above) = rows.last() {
            row.fill_from(above);
        }
        rows.push(row);
    }
    rows
}

impl RawRow {
    /// Fills what a flattened merge left empty. Only a row with a condition or limit of its
    /// own is a further case of what stands above; another one has lost its cells.
    fn fill_from(&mut self, above: &Self) {
        if self.condition.is_empty() && self.limit.is_empty() {
            return;
        }
        // A big class is merged over many small ones, so it continues below a new one too.
        if self.major_code.is_empty() && self.major_name.is_empty() {
            self.major_code.clone_from(&above.major_code);
            self.major_name.clone_from(&above.major_name);
        }
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
    }

    fn place(&self) -> String {
        Place(&self.sheet, self.row).to_string()
    }
}

/// What was said first of a small class.
struct Known {
    name: String,
    major_code: String,
    major_name: String,
    place: String,
}

/// The rows read so far.
pub(super) struct Rows<L> {
    scheme: CodeScheme,
    check_limit: L,
    majors: HashSet<String>,
    classes: HashMap<ClassCode, Known>,
    entered: HashSet<ClassCode>,
    names: HashMap<String, (ClassCode, String)>,
    seen: HashMap<DutyEntry, String>,
    list: DutyList,
    problems: Vec<DutyProblem>,
}

impl<L: Fn(&str) -> Option<String>> Rows<L> {
    pub(super) fn new(scheme: CodeScheme, check_limit: L, rows: &[RawRow]) -> Self {
        let majors = rows.iter().filter(|row| !row.major_code.is_empty());
        Self {
            scheme,
            check_limit,
            majors: majors.map(|row| scheme.major(&row.major_code)).collect(),
            classes: HashMap::new(),
            entered: HashSet::new(),
            names: HashMap::new(),
            seen: HashMap::new(),
            list: DutyList::default(),
            problems: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> (DutyList, Vec<DutyProblem>) {
        (self.list, self.problems)
    }

    /// Takes a row into the list, or says everything that is wrong with it.
    pub(super) fn read(&mut self, raw: &RawRow) {
        let told = self.problems.len();
        let entry = self.entry(raw);
        let is_wrong = self.problems[told..].iter().any(|p| !p.is_notice);
        let Some(entry) = entry.filter(|_| !is_wrong) else {
            return;
        };
        if let Some(first) = self.seen.get(&entry) {
            let why = format!("the same as {first}");
            self.wrong(raw, "row", why);
            return;
        }
        self.notice_shared_name(raw, &entry);
        self.seen.insert(entry.clone(), raw.place());
        self.list.entries.push(entry);
    }

    fn wrong(&mut self, raw: &RawRow, field: &'static str, why: String) {
        self.tell(raw, field, why, false);
    }

    fn tell(&mut self, raw: &RawRow, field: &'static str, why: String, is_notice: bool) {
        self.problems.push(DutyProblem {
            sheet: raw.sheet.clone(),
            row: raw.row,
            field,
            why,
            is_notice,
        });
    }

    /// The row as an entry, when it has a class; whether it serves is in the problems.
    fn entry(&mut self, raw: &RawRow) -> Option<DutyEntry> {
        let major_code = self.scheme.major(&raw.major_code);
        let class = self.class(raw, &major_code);
        if raw.name.is_empty() {
            self.wrong(raw, "name", "empty".to_owned());
        }
        if let Some(class) = &class {
            self.check_class(raw, class, &major_code);
        }
        self.check_parent(raw, &major_code);
        self.check_departments(raw);
        if !raw.limit.is_empty()
            && let Some(why) = (self.check_limit)(&raw.limit)
        {
            self.wrong(raw, "limit", why);
        }
        for key in &raw.photos {
            if PhotoRole::parse(key).is_none() {
                self.wrong(raw, "photos", format!("`{key}` is not a photo role"));
            }
        }
        class.map(|class| DutyEntry {
            class,
            name: raw.name.clone(),
            major_code,
            major_name: raw.major_name.clone(),
            condition: raw.condition.clone(),
            closing: raw.closing.clone(),
            limit: raw.limit.clone(),
            departments: raw.departments.clone(),
            supervising: raw.supervising.clone(),
            required_photos: raw.photos.clone(),
            urgency: raw.urgency.clone(),
        })
    }

    fn class(&mut self, raw: &RawRow, major_code: &str) -> Option<ClassCode> {
        let whole = match self.scheme.class(major_code, &raw.class) {
            Ok(whole) => whole,
            Err(why) => {
                self.wrong(raw, "major_code", why);
                return None;
            }
        };
        match ClassCode::parse(&whole) {
            Ok(class) => Some(class),
            Err(error) => {
                self.wrong(raw, "class", error.to_string());
                None
            }
        }
    }

    /// One code has one name and one big class throughout the list.
    fn check_class(&mut self, raw: &RawRow, class: &ClassCode, major_code: &str) {
        let Some(known) = self.classes.get(class) else {
            // A row without a name has told nothing that a later row could contradict.
            if !raw.name.is_empty() {
                let known = Known {
                    name: raw.name.clone(),
                    major_code: major_code.to_owned(),
                    major_name: raw.major_name.clone(),
                    place: raw.place(),
                };
                self.classes.insert(class.clone(), known);
            }
            return;
        };
        let mut wrong = Vec::new();
        let place = &known.place;
        if !raw.name.is_empty() && known.name != raw.name {
            let (here, there) = (&raw.name, &known.name);
            let why = format!("class `{class}` is `{here}` here and `{there}` in {place}");
            wrong.push(("name", why));
        }
        let majors = [
            ("major_code", major_code, &known.major_code),
            ("major_name", &raw.major_name, &known.major_name),
        ];
        for (field, here, there) in majors {
            if here != there {
                let why = format!(
                    "class `{class}` is of big class `{here}` here and of `{there}` in {place}"
                );
                wrong.push((field, why));
            }
        }
        for (field, why) in wrong {
            self.wrong(raw, field, why);
        }
    }

    /// A parent that is said beside the big class is that big class.
    fn check_parent(&mut self, raw: &RawRow, major_code: &str) {
        if raw.parent.is_empty() {
            return;
        }
        let parent = self.scheme.major(&raw.parent);
        if !self.majors.is_empty() && !self.majors.contains(&parent) {
            let why = format!("`{parent}` is not a big class of the list");
            self.wrong(raw, "parent", why);
        } else if !major_code.is_empty() && parent != major_code {
            let why = format!("`{parent}` is not the row's big class `{major_code}`");
            self.wrong(raw, "parent", why);
        }
    }

    /// A row without a department still tells what to look for, so it is kept.
    fn check_departments(&mut self, raw: &RawRow) {
        if raw.names_departments && raw.departments.is_empty() {
            self.tell(raw, "departments", "no department".to_owned(), true);
        }
        for department in &raw.departments {
            if let Err(error) = DepartmentId::parse(department) {
                self.wrong(raw, "departments", error.to_string());
            }
        }
    }

    /// Two codes for one name are told once for each further code: a slip of the list, or
    /// one thing in two big classes, which only the city knows.
    fn notice_shared_name(&mut self, raw: &RawRow, entry: &DutyEntry) {
        let is_new = self.entered.insert(entry.class.clone());
        match self.names.get(&entry.name) {
            Some((class, place)) if *class != entry.class && is_new => {
                let name = &entry.name;
                let why = format!("`{name}` is class `{class}` in {place} already");
                self.tell(raw, "name", why, true);
            }
            Some(_) => {}
            None => {
                let first = (entry.class.clone(), raw.place());
                self.names.insert(entry.name.clone(), first);
            }
        }
    }
}
