//! What one person must look for (事项清单): the duty list bound to role, qualification and
//! cell.
//!
//! Source: DOMAIN, fix three.

use crate::model::duty::{DutyEntry, DutyList};

/// Whom the list is asked about. What is left empty is not asked: a person without named
/// roles is any person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DutyScope {
    /// The person's roles, as the list writes them.
    pub roles: Vec<String>,
    /// The person's qualifications (资质); entries that need another are not this person's,
    /// also where the person has none.
    pub qualifications: Vec<String>,
    /// The person's cells, or beginnings of their codes.
    pub grids: Vec<String>,
}

/// The entries that this person must look for, in the list's order. An entry that the list
/// binds to nobody in particular is everybody's.
pub fn duties_for<'a>(
    list: &'a DutyList,
    scope: &'a DutyScope,
) -> impl Iterator<Item = &'a DutyEntry> {
    list.entries.iter().filter(move |entry| {
        let has_role = scope.roles.is_empty() || meets(&entry.roles, &scope.roles);
        let is_here = scope.grids.is_empty() || overlaps(&entry.grids, &scope.grids);
        has_role && meets(&entry.qualifications, &scope.qualifications) && is_here
    })
}

/// True where nothing is asked, or one of what is asked is there.
fn meets(asked: &[String], has: &[String]) -> bool {
    asked.is_empty() || asked.iter().any(|one| has.contains(one))
}

/// True where nothing is asked, or an area of one lies within an area of the other.
fn overlaps(bound: &[String], cells: &[String]) -> bool {
    let is_within = |bound: &String| {
        cells
            .iter()
            .any(|cell| cell.starts_with(bound.as_str()) || bound.starts_with(cell.as_str()))
    };
    bound.is_empty() || bound.iter().any(is_within)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> DutyList {
        let rows = [
            r#"{"class":"0101","name":"everybody's"}"#,
            r#"{"class":"0102","name":"gas","qualifications":["燃气"]}"#,
            r#"{"class":"0103","name":"west","grids":["310101001"],"roles":["网格员"]}"#,
        ];
        let text = format!(r#"{{"entries":[{}]}}"#, rows.join(","));
        serde_json::from_str(&text).expect("a list of the test")
    }

    fn classes(list: &DutyList, roles: &[&str], qualifications: &[&str], grids: &[&str]) -> String {
        let owned = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect();
        let scope = DutyScope {
            roles: owned(roles),
            qualifications: owned(qualifications),
            grids: owned(grids),
        };
        let found = duties_for(list, &scope).map(|entry| entry.class.as_str());
        found.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn entry_is_a_persons_when_role_qualification_and_cell_agree() {
        let list = list();
        assert_eq!(classes(&list, &[], &[], &[]), "0101 0103");
        assert_eq!(
            classes(&list, &[], &["燃气", "电工"], &[]),
            "0101 0102 0103"
        );
        assert_eq!(classes(&list, &["司机"], &[], &[]), "0101");
        assert_eq!(
            classes(&list, &["网格员"], &[], &["310101002001001"]),
            "0101"
        );
        assert_eq!(
            classes(&list, &["网格员"], &[], &["310101001002017"]),
            "0101 0103"
        );
        // A street that holds the bound cell.
        assert_eq!(classes(&list, &["网格员"], &[], &["310101"]), "0101 0103");
    }
}
