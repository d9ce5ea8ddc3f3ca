//! What changed between two duty lists, entry by entry and field by field, so that a person
//! can say yes to a new version.
//!
//! An entry is known by its class and its condition for filing. Where the one condition of a
//! class was reworded, and nothing else of that class came or went, that is a change of the
//! entry; otherwise a condition that reads otherwise is another entry.

use std::collections::HashMap;

use serde::Serialize;

use crate::model::duty::{DutyEntry, DutyList};

/// One field that differs. Lists are written with `、` between their parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// The field by its name in an entry.
    pub field: &'static str,
    /// What it was.
    pub old: String,
    /// What it is.
    pub new: String,
}

/// An entry that both lists have, with what differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryChange<'a> {
    /// The entry as it was.
    pub old: &'a DutyEntry,
    /// The entry as it is.
    pub new: &'a DutyEntry,
    /// The fields that differ, at least one.
    pub fields: Vec<FieldChange>,
}

/// What changed between two lists. The order of entries is no difference.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DutyDiff<'a> {
    /// Entries that only the new list has, in its order.
    pub added: Vec<&'a DutyEntry>,
    /// Entries that only the old list has, in its order.
    pub removed: Vec<&'a DutyEntry>,
    /// Entries that both have and that differ, in the new list's order.
    pub changed: Vec<EntryChange<'a>>,
}

impl DutyDiff<'_> {
    /// True when both lists say the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// Compares two lists.
#[must_use]
pub fn duty_diff<'a>(old: &'a DutyList, new: &'a DutyList) -> DutyDiff<'a> {
    // Pairs by place in the new list; equals go first, so that of two entries with one
    // condition the one that did not change is not paired with the one that did.
    let mut pair_of: Vec<Option<usize>> = vec![None; new.entries.len()];
    let mut is_paired = vec![false; old.entries.len()];
    let keys: [fn(&DutyEntry) -> Key<'_>; 2] = [whole_key, case_key];
    for key in keys {
        let mut free: HashMap<Key<'_>, Vec<usize>> = HashMap::new();
        for (at, entry) in old.entries.iter().enumerate().rev() {
            if !is_paired[at] {
                free.entry(key(entry)).or_default().push(at);
            }
        }
        for (entry, pair) in new.entries.iter().zip(&mut pair_of) {
            if pair.is_none()
                && let Some(at) = free.get_mut(&key(entry)).and_then(Vec::pop)
            {
                (*pair, is_paired[at]) = (Some(at), true);
            }
        }
    }
    pair_reworded(old, new, &mut pair_of, &mut is_paired);
    let mut diff = DutyDiff::default();
    for (entry, pair) in new.entries.iter().zip(&pair_of) {
        let Some(before) = pair.map(|at| &old.entries[at]) else {
            diff.added.push(entry);
            continue;
        };
        let fields = changes(before, entry);
        if !fields.is_empty() {
            diff.changed.push(EntryChange {
                old: before,
                new: entry,
                fields,
            });
        }
    }
    let left = old.entries.iter().zip(&is_paired);
    diff.removed = left
        .filter(|(_, paired)| !**paired)
        .map(|(e, _)| e)
        .collect();
    diff
}

#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Whole(&'a DutyEntry),
    Case(&'a str, &'a str),
}

fn whole_key(entry: &DutyEntry) -> Key<'_> {
    Key::Whole(entry)
}

fn case_key(entry: &DutyEntry) -> Key<'_> {
    Key::Case(entry.class.as_str(), &entry.condition)
}

/// Pairs what is left of a class when that is one entry on each side.
fn pair_reworded(
    old: &DutyList,
    new: &DutyList,
    pair_of: &mut [Option<usize>],
    is_paired: &mut [bool],
) {
    let mut left: HashMap<&str, (Vec<usize>, Vec<usize>)> = HashMap::new();
    for (at, entry) in old
        .entries
        .iter()
        .enumerate()
        .filter(|(at, _)| !is_paired[*at])
    {
        left.entry(entry.class.as_str()).or_default().0.push(at);
    }
    for (at, entry) in new
        .entries
        .iter()
        .enumerate()
        .filter(|(at, _)| pair_of[*at].is_none())
    {
        left.entry(entry.class.as_str()).or_default().1.push(at);
    }
    for (before, after) in left.into_values() {
        if let ([before], [after]) = (&before[..], &after[..]) {
            (pair_of[*after], is_paired[*before]) = (Some(*before), true);
        }
    }
}

fn changes(old: &DutyEntry, new: &DutyEntry) -> Vec<FieldChange> {
    let list = |parts: &[String]| parts.join("、");
    let texts = |e: &DutyEntry| {
        [
            ("name", e.name.clone()),
            ("kind", e.kind.clone()),
            ("major_code", e.major_code.clone()),
            ("major_name", e.major_name.clone()),
            ("condition", e.condition.clone()),
            ("closing", e.closing.clone()),
            ("limit", e.limit.clone()),
            ("departments", list(&e.departments)),
            ("supervising", list(&e.supervising)),
            ("required_photos", list(&e.required_photos)),
            ("urgency", e.urgency.clone()),
            ("roles", list(&e.roles)),
            ("qualifications", list(&e.qualifications)),
            ("grids", list(&e.grids)),
        ]
    };
    texts(old)
        .into_iter()
        .zip(texts(new))
        .filter(|((_, old), (_, new))| old != new)
        .map(|((field, old), (_, new))| FieldChange { field, old, new })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(rows: &[(&str, &str, &str)]) -> DutyList {
        let entries = rows.iter().map(|(class, condition, limit)| {
            format!(r#"{{"class":"{class}","name":"n{class}","condition":"{condition}","limit":"{limit}"}}"#)
        });
        let text = entries.collect::<Vec<_>>().join(",");
        serde_json::from_str(&format!(r#"{{"entries":[{text}]}}"#)).expect("a list of the test")
    }

    /// What changed, in one line: `+class/condition`, `-…`, `~class/condition field old>new`.
    fn told(old: &DutyList, new: &DutyList) -> String {
        let diff = duty_diff(old, new);
        let name = |e: &DutyEntry| format!("{}/{}", e.class, e.condition);
        let mut said: Vec<String> = diff.added.iter().map(|e| format!("+{}", name(e))).collect();
        said.extend(diff.removed.iter().map(|e| format!("-{}", name(e))));
        for change in &diff.changed {
            for FieldChange { field, old, new } in &change.fields {
                said.push(format!("~{} {field} {old}>{new}", name(change.new)));
            }
        }
        assert_eq!(diff.is_empty(), said.is_empty());
        said.join(" ")
    }

    #[test]
    fn diff_tells_entries_and_fields_and_not_the_order() {
        let old = list(&[
            ("1", "a", "2天"),
            ("1", "b", "2天"),
            ("2", "a", "1天"),
            ("3", "x", "1天"),
        ]);
        assert_eq!(told(&old, &old), "");
        let turned = list(&[
            ("3", "x", "1天"),
            ("2", "a", "1天"),
            ("1", "b", "2天"),
            ("1", "a", "2天"),
        ]);
        assert_eq!(told(&old, &turned), "");
        let new = list(&[
            ("1", "a", "3天"),
            ("1", "c", "2天"),
            ("1", "d", "2天"),
            ("3", "y", "1天"),
        ]);
        // Two conditions of class 1 for one that went: which was reworded is not to be known.
        assert_eq!(
            told(&old, &new),
            "+1/c +1/d -1/b -2/a ~1/a limit 2天>3天 ~3/y condition x>y"
        );
    }

    #[test]
    fn diff_pairs_equals_first_where_a_condition_stands_twice() {
        let old = list(&[("1", "a", "2天"), ("1", "a", "4小时")]);
        let new = list(&[("1", "a", "4小时"), ("1", "a", "3天")]);
        assert_eq!(told(&old, &new), "~1/a limit 2天>3天");
    }
}
