//! Dispatch by ownership: which department a case goes to, with the reason, or why nobody
//! can say.
//!
//! Of the rules that meet a case the most specific one decides: a rule that names the owner
//! before one that does not; then the one with the longer beginning of the cell's code; then
//! the one with the class itself before one with a longer beginning of it, and that before
//! one for any class. Where no rule meets, the duty list decides if all conditions of the
//! class name one department. Anything else waits for a dispatcher: that is a queue and no
//! error. Nothing is drawn and nobody is guessed.
//!
//! Source: DOMAIN, fix three; docs/decisions/0021.

use std::collections::HashMap;

use serde::Serialize;

use crate::model::duty::DutyList;
use crate::rules::ownership::{ClassPattern, Ownership, OwnershipRule};

/// Where a case goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<'a> {
    /// To this department.
    To {
        /// The department.
        department: &'a str,
        /// By what.
        reason: Reason<'a>,
    },
    /// To a dispatcher, who decides.
    NoRule(NoRule<'a>),
}

/// By what a department was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason<'a> {
    /// By this rule of the table of ownership.
    Ownership(&'a OwnershipRule),
    /// By the duty list, in which the class has this department only.
    DutyList,
}

/// Why nobody can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRule<'a> {
    /// No rule meets, and the duty list names nobody for the class.
    Nothing,
    /// No rule meets, and the duty list names several departments for the class.
    SeveralDepartments(&'a [&'a str]),
}

impl Reason<'_> {
    /// The reason's key.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Ownership(_) => "ownership",
            Self::DutyList => "duty_list",
        }
    }
}

impl NoRule<'_> {
    /// The key of why.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Nothing => "no_rule",
            Self::SeveralDepartments(_) => "several_departments",
        }
    }
}

/// A decision that is told: it stands by itself, as JSON has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Suggestion {
    /// To this department.
    To {
        /// The department.
        department: String,
        /// `ownership` or `duty_list`.
        reason: &'static str,
        /// The row of the table's file that decided.
        #[serde(skip_serializing_if = "Option::is_none")]
        rule_row: Option<u64>,
        /// What that row asks.
        #[serde(skip_serializing_if = "Option::is_none")]
        rule: Option<Asked>,
        /// Why, in the city's words.
        #[serde(skip_serializing_if = "Option::is_none")]
        basis: Option<String>,
    },
    /// To a dispatcher.
    NoRule {
        /// `no_rule` or `several_departments`.
        why: &'static str,
        /// The departments that the duty list names, in its order.
        candidates: Vec<String>,
    },
}

/// What a rule asks; empty is any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// The class, or the beginning of classes with a star.
    pub class: String,
    /// The beginning of the cells' codes.
    pub grid: String,
    /// The owner.
    pub owner: String,
}

impl From<Decision<'_>> for Suggestion {
    fn from(decision: Decision<'_>) -> Self {
        match decision {
            Decision::To { department, reason } => {
                let rule = match reason {
                    Reason::Ownership(rule) => Some(rule),
                    Reason::DutyList => None,
                };
                Self::To {
                    department: department.to_owned(),
                    reason: reason.as_str(),
                    rule_row: rule.map(|rule| rule.row),
                    rule: rule.map(|rule| Asked {
                        class: rule.class.to_string(),
                        grid: rule.grid.clone(),
                        owner: rule.owner.clone(),
                    }),
                    basis: rule
                        .map(|rule| rule.reason.clone())
                        .filter(|reason| !reason.is_empty()),
                }
            }
            Decision::NoRule(why) => Self::NoRule {
                why: why.as_str(),
                candidates: match why {
                    NoRule::Nothing => Vec::new(),
                    NoRule::SeveralDepartments(several) => {
                        several.iter().map(|d| (*d).to_owned()).collect()
                    }
                },
            },
        }
    }
}

/// The rules of one owner (or of any) for one beginning of cells' codes.
#[derive(Debug, Default)]
struct Here<'a> {
    exact: HashMap<&'a str, &'a OwnershipRule>,
    /// The longest first.
    prefixes: Vec<(&'a str, &'a OwnershipRule)>,
    any: Option<&'a OwnershipRule>,
}

/// The rules of one owner, or of any.
#[derive(Debug, Default)]
struct Owned<'a> {
    grids: HashMap<&'a str, Here<'a>>,
    /// The lengths of the beginnings that rules name, the longest first.
    lengths: Vec<usize>,
}

/// A table of ownership and a duty list, made ready to decide many cases.
#[derive(Debug, Default)]
pub struct Dispatcher<'a> {
    owners: HashMap<&'a str, Owned<'a>>,
    departments: HashMap<&'a str, Vec<&'a str>>,
}

impl<'a> Dispatcher<'a> {
    /// Makes the index: time and memory are proportional to the rules and entries.
    #[must_use]
    pub fn new(ownership: Option<&'a Ownership>, duties: Option<&'a DutyList>) -> Self {
        let mut owners: HashMap<&str, Owned<'_>> = HashMap::new();
        for rule in ownership.into_iter().flat_map(Ownership::rules) {
            let owned = owners.entry(&rule.owner).or_default();
            if !owned.lengths.contains(&rule.grid.len()) {
                owned.lengths.push(rule.grid.len());
            }
            let here = owned.grids.entry(&rule.grid).or_default();
            match &rule.class {
                ClassPattern::Any => here.any = Some(rule),
                ClassPattern::Prefix(code) => here.prefixes.push((code.as_str(), rule)),
                ClassPattern::Exact(code) => drop(here.exact.insert(code.as_str(), rule)),
            }
        }
        for owned in owners.values_mut() {
            owned.lengths.sort_unstable_by(|a, b| b.cmp(a));
            for here in owned.grids.values_mut() {
                here.prefixes
                    .sort_by_key(|(code, _)| std::cmp::Reverse(code.len()));
            }
        }
        let mut departments: HashMap<&str, Vec<&str>> = HashMap::new();
        for entry in duties.into_iter().flat_map(|list| &list.entries) {
            let known = departments.entry(entry.class.as_str()).or_default();
            for department in &entry.departments {
                if !known.contains(&department.as_str()) {
                    known.push(department);
                }
            }
        }
        Self {
            owners,
            departments,
        }
    }

    /// Decides one case.
    ///
    /// - `class`: the small class, empty where the case has none.
    /// - `grid`: the cell, empty where the case lies outside.
    /// - `owner`: whose property it is, empty where nobody knows.
    #[must_use]
    pub fn decide(&self, class: &str, grid: &str, owner: &str) -> Decision<'_> {
        let rule = Some(owner)
            .filter(|owner| !owner.is_empty())
            .and_then(|owner| self.find(owner, class, grid))
            .or_else(|| self.find("", class, grid));
        if let Some(rule) = rule {
            return Decision::To {
                department: rule.department.as_str(),
                reason: Reason::Ownership(rule),
            };
        }
        match self.departments.get(class).map(Vec::as_slice) {
            Some([department]) => Decision::To {
                department,
                reason: Reason::DutyList,
            },
            Some([]) | None => Decision::NoRule(NoRule::Nothing),
            Some(several) => Decision::NoRule(NoRule::SeveralDepartments(several)),
        }
    }

    fn find(&self, owner: &str, class: &str, grid: &str) -> Option<&'a OwnershipRule> {
        let owned = self.owners.get(owner)?;
        owned.lengths.iter().find_map(|length| {
            let here = owned.grids.get(grid.get(..*length)?)?;
            let by_prefix = || {
                let mut prefixes = here.prefixes.iter();
                prefixes.find(|(code, _)| class.starts_with(code))
            };
            here.exact
                .get(class)
                .copied()
                .or_else(|| by_prefix().map(|(_, rule)| *rule))
                .or(here.any)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::ownership::read_ownership;

    fn table(rows: &str) -> Ownership {
        let text = format!("class,grid,owner,department\n{rows}");
        read_ownership(text.as_bytes()).expect("a good table")
    }

    fn told(decision: Decision<'_>) -> String {
        match decision {
            Decision::To { department, reason } => format!("{department} by {}", reason.as_str()),
            Decision::NoRule(why) => why.as_str().to_owned(),
        }
    }

    #[test]
    fn most_specific_rule_decides() {
        let table = table(
            "0101,,,exact\n01*,3101,,here\n0101,3101,,exact here\n01*,310101,,nearer\n,,water,owned\n0*,,,zero\n",
        );
        let dispatcher = Dispatcher::new(Some(&table), None);
        let to = |class, grid, owner| told(dispatcher.decide(class, grid, owner));
        assert_eq!(to("0101", "", ""), "exact by ownership");
        assert_eq!(to("0102", "310199", ""), "here by ownership");
        assert_eq!(to("0101", "310199", ""), "exact here by ownership");
        assert_eq!(to("0101", "310101001", ""), "nearer by ownership");
        assert_eq!(to("0101", "310101001", "water"), "owned by ownership");
        assert_eq!(to("0101", "310101001", "gas"), "nearer by ownership");
        assert_eq!(to("0201", "310101001", ""), "zero by ownership");
        assert_eq!(to("1201", "310101001", ""), "no_rule");
        assert_eq!(to("", "", ""), "no_rule");
    }

    #[test]
    fn duty_list_decides_only_where_it_names_one_department() {
        let list: DutyList = serde_json::from_str(
            r#"{"entries":[{"class":"1","name":"a","departments":["A"]},
                {"class":"1","name":"a","condition":"x","departments":["A"]},
                {"class":"2","name":"b","departments":["A","B"]},{"class":"3","name":"c"}]}"#,
        )
        .expect("a list of the test");
        let dispatcher = Dispatcher::new(None, Some(&list));
        assert_eq!(told(dispatcher.decide("1", "g", "")), "A by duty_list");
        assert_eq!(
            dispatcher.decide("2", "g", ""),
            Decision::NoRule(NoRule::SeveralDepartments(&["A", "B"]))
        );
        assert_eq!(told(dispatcher.decide("3", "g", "")), "no_rule");
        let table = table("2,,,C\n");
        let both = Dispatcher::new(Some(&table), Some(&list));
        assert_eq!(told(both.decide("2", "g", "")), "C by ownership");
    }

    /// What the module's documentation says, rule by rule.
    fn slowly<'a>(table: &'a Ownership, class: &str, grid: &str, owner: &str) -> Option<&'a str> {
        let meets = |rule: &&OwnershipRule| {
            let is_class = match &rule.class {
                ClassPattern::Any => true,
                ClassPattern::Prefix(code) => class.starts_with(code.as_str()),
                ClassPattern::Exact(code) => class == code.as_str(),
            };
            is_class
                && grid.starts_with(&*rule.grid)
                && (rule.owner.is_empty() || rule.owner == owner)
        };
        let rank = |rule: &&OwnershipRule| {
            let class = match &rule.class {
                ClassPattern::Any => (0, 0),
                ClassPattern::Prefix(code) => (1, code.as_str().len()),
                ClassPattern::Exact(_) => (2, 0),
            };
            (!rule.owner.is_empty(), rule.grid.len(), class)
        };
        let best = table.rules().iter().filter(meets).max_by_key(rank);
        best.map(|rule| rule.department.as_str())
    }

    proptest! {
        #[test]
        fn index_finds_what_reading_every_rule_finds(
            rows in prop::collection::btree_map(
                ("([12]{1,2}|[12]{0,1}\\*)?", "[ab]{0,3}", "[xy]?"), any::<u8>(), 1..40),
            class in "[12]{0,2}", grid in "[ab]{0,4}", owner in "[xy]?",
        ) {
            // `*` alone and nothing are the same question.
            let rows: Vec<_> = rows.iter().filter(|((class, ..), _)| class != "*").collect();
            prop_assume!(!rows.is_empty());
            let text: String = rows.iter().enumerate()
                .map(|(i, ((c, g, o), _))| format!("{c},{g},{o},D{i}\n")).collect();
            let table = table(&text);
            let dispatcher = Dispatcher::new(Some(&table), None);
            let found = match dispatcher.decide(&class, &grid, &owner) {
                Decision::To { department, .. } => Some(department),
                Decision::NoRule(_) => None,
            };
            prop_assert_eq!(found, slowly(&table, &class, &grid, &owner));
        }
    }
}
