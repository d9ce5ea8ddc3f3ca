//! One row of a list: whether what its cells say makes an entry.

use std::collections::{HashMap, HashSet};

use super::DutyProblem;
use super::code::CodeScheme;
use super::parents::Parents;
use super::raw::RawRow;
use super::text::is_digits;
use crate::model::duty::{DutyEntry, DutyList};
use crate::model::grid::GridCode;
use crate::model::identifiers::{ClassCode, DepartmentId};
use crate::model::photo::PhotoRole;

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
    parents: Parents,
    /// Components and events share codes, so that the code alone does not name a class.
    shares_codes: bool,
    classes: HashMap<ClassCode, Known>,
    entered: HashSet<ClassCode>,
    names: HashMap<String, (ClassCode, String)>,
    seen: HashMap<DutyEntry, String>,
    list: DutyList,
    problems: Vec<DutyProblem>,
}

impl<L: Fn(&str) -> Option<String>> Rows<L> {
    pub(super) fn new(
        scheme: CodeScheme,
        check_limit: L,
        parents: Parents,
        rows: &[RawRow],
    ) -> Self {
        Self {
            scheme,
            check_limit,
            parents,
            shares_codes: shares_codes(scheme, rows),
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

    /// True when components are written 10… and events 20…, because they share codes.
    pub(super) fn shares_codes(&self) -> bool {
        self.shares_codes
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
        let written = self.scheme.major(&raw.major_code);
        let class = self.class(raw, &written);
        let major_code = match written.is_empty() {
            true => written,
            false => format!("{}{written}", self.prefix(raw)),
        };
        if raw.name.is_empty() {
            self.wrong(raw, "name", "empty".to_owned());
        }
        if let Some(class) = &class {
            self.check_class(raw, class, &major_code);
        }
        if let Some(why) =
            self.parents
                .problem(self.scheme, raw, &self.scheme.major(&raw.major_code))
        {
            self.wrong(raw, "parent", why);
        }
        self.check_departments(raw);
        if !raw.limit.is_empty()
            && let Some(why) = (self.check_limit)(&raw.limit)
        {
            self.wrong(raw, "limit", why);
        }
        let mut required_photos: Vec<String> = Vec::new();
        for word in &raw.photos {
            match photo_role(word).map(|role| role.as_str().to_owned()) {
                Some(role) if required_photos.contains(&role) => {}
                Some(role) => required_photos.push(role),
                None => self.wrong(
                    raw,
                    "photos",
                    format!(
                        "`{word}` is not a photo role; one is near, far, reference, before or after"
                    ),
                ),
            }
        }
        for grid in &raw.grids {
            if let Err(error) = GridCode::parse(grid) {
                self.wrong(raw, "grids", format!("`{grid}`: {error}"));
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
            required_photos,
            urgency: raw.urgency.clone(),
            kind: raw.kind.clone(),
            roles: raw.roles.clone(),
            qualifications: raw.qualifications.clone(),
            grids: raw.grids.clone(),
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
        if is_digits(&raw.minor) && !whole.ends_with(raw.minor.trim_start_matches('0')) {
            let minor = &raw.minor;
            let why = format!("`{minor}` is not the end of the row's code `{whole}`");
            self.wrong(raw, "minor_code", why);
        }
        let prefix = if whole.is_empty() {
            ""
        } else {
            self.prefix(raw)
        };
        match ClassCode::parse(&format!("{prefix}{whole}")) {
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

    /// What goes before a row's codes where components and events share codes.
    fn prefix(&self, raw: &RawRow) -> &'static str {
        match raw.kind.as_str() {
            DutyEntry::COMPONENT if self.shares_codes => "10",
            DutyEntry::EVENT if self.shares_codes => "20",
            _ => "",
        }
    }
}

/// True where components and events are both numbered from the first big class on. The
/// national classification numbers both from 01; whole codes put 10 before a component's and
/// 20 before an event's, and lists with a sheet for each leave that out. One code that two
/// rows share is a slip; half of the codes of a kind are a way to write them.
fn shares_codes(scheme: CodeScheme, rows: &[RawRow]) -> bool {
    /// Big class and small class without what goes before them.
    const BARE_DIGITS: usize = 4;
    let names = |kind: &str| -> HashMap<String, &str> {
        let of_kind = rows
            .iter()
            .filter(|row| row.kind == kind && !row.name.is_empty());
        of_kind
            .filter_map(|row| {
                let whole = scheme
                    .class(&scheme.major(&row.major_code), &row.class)
                    .ok()?;
                (1..=BARE_DIGITS)
                    .contains(&whole.len())
                    .then_some((whole, row.name.as_str()))
            })
            .collect()
    };
    let (components, events) = (names(DutyEntry::COMPONENT), names(DutyEntry::EVENT));
    let is_shared =
        |(code, name): &(&String, &&str)| components.get(*code).is_some_and(|c| c != *name);
    let shared = events.iter().filter(is_shared).count();
    shared > 0 && shared * 2 >= components.len().min(events.len())
}

/// A photo role by its key or by its name in a city's list, such as 近景 or 处置前照片.
fn photo_role(word: &str) -> Option<PhotoRole> {
    let bare = ["照片", "图片", "照", "图"];
    let bare = bare.iter().find_map(|end| word.strip_suffix(end));
    match bare.unwrap_or(word) {
        "近景" | "特写" => Some(PhotoRole::Near),
        "远景" | "全景" => Some(PhotoRole::Far),
        "参照物" | "参照" | "参考物" => Some(PhotoRole::Reference),
        "处置前" | "处理前" | "整改前" => Some(PhotoRole::Before),
        "处置后" | "处理后" | "整改后" => Some(PhotoRole::After),
        _ => PhotoRole::parse(word),
    }
}
