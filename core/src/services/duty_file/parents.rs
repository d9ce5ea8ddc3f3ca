//! The big class that a row names once more, as exports of class trees do, and whether it
//! exists. Three kinds of list have such a column: one with the big class's code beside it,
//! one in which big classes are rows of their own, and one that names the big class nowhere
//! else.

use std::collections::{HashMap, HashSet};

use super::code::CodeScheme;
use super::raw::RawRow;

/// What a row's parent can be.
#[derive(Debug, Default)]
pub(super) struct Parents {
    known: HashSet<String>,
    /// The parent is the only word on the big class, so that it stands for it.
    stands_for_major: bool,
}

impl Parents {
    /// Looks at all rows of a list. Rows that other rows have for a parent are big classes:
    /// they leave the list, and their name goes to the rows below them.
    pub(super) fn take(mut rows: Vec<RawRow>) -> (Vec<RawRow>, Self) {
        if rows.iter().all(|row| row.parent.is_empty()) {
            return (rows, Self::default());
        }
        if rows.iter().any(|row| !row.major_code.is_empty()) {
            let known = rows.iter().map(|row| row.major_code.clone());
            let known = known.filter(|code| !code.is_empty()).collect();
            let stands_for_major = false;
            return (
                rows,
                Self {
                    known,
                    stands_for_major,
                },
            );
        }
        let said: HashSet<String> = rows
            .iter()
            .map(|row| row.parent.clone())
            .filter(|parent| !parent.is_empty())
            .collect();
        let tree: HashMap<String, String> = rows
            .iter()
            .filter(|row| said.contains(&row.class) && row.parent != row.class)
            .map(|row| (row.class.clone(), row.name.clone()))
            .collect();
        rows.retain(|row| !tree.contains_key(&row.class));
        for row in &mut rows {
            if tree.is_empty() {
                row.major_code.clone_from(&row.parent);
            } else if let Some(name) = tree.get(&row.parent) {
                row.major_code.clone_from(&row.parent);
                row.major_name.clone_from(name);
            }
        }
        let stands_for_major = tree.is_empty();
        let known = tree.into_keys().collect();
        (
            rows,
            Self {
                known,
                stands_for_major,
            },
        )
    }

    /// The same with codes at the list's width.
    pub(super) fn widened(self, scheme: CodeScheme) -> Self {
        Self {
            known: self.known.iter().map(|code| scheme.major(code)).collect(),
            ..self
        }
    }

    /// What is wrong with a row's parent.
    ///
    /// - `major`: the row's big class at the list's width, empty when it has none.
    pub(super) fn problem(&self, scheme: CodeScheme, raw: &RawRow, major: &str) -> Option<String> {
        if raw.parent.is_empty() || self.stands_for_major {
            return None;
        }
        let parent = scheme.major(&raw.parent);
        if !self.known.contains(&parent) {
            return Some(format!("`{parent}` is not a big class of the list"));
        }
        (!major.is_empty() && parent != major)
            .then(|| format!("`{parent}` is not the row's big class `{major}`"))
    }
}
