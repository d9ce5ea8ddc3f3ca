//! Fix three, the duty (定责): the city's list of what is looked for, who repairs it, by
//! when and with which photos. A list is data, versioned by the hash of its bytes; a case
//! pins the version that it was reported under.

use serde::{Deserialize, Serialize};

use crate::model::identifiers::ClassCode;
use crate::model::photo::PhotoRole;

/// One line of the duty list: one small class under one condition for filing.
///
/// Fields that packs of the first release have not are left out where they are empty: such
/// a list keeps its bytes, and with them its hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DutyEntry {
    /// The small class (小类代码).
    #[serde(with = "class_text")]
    pub class: ClassCode,
    /// Its name (小类名称).
    pub name: String,
    /// The big class's code (大类代码), empty when the list has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub major_code: String,
    /// The big class's name (大类名称), empty when the list has none.
    #[serde(default)]
    pub major_name: String,
    /// When a report is filed (立案条件), empty when the list has none.
    #[serde(default)]
    pub condition: String,
    /// When the case may be closed (结案条件), empty when the list has none.
    #[serde(default)]
    pub closing: String,
    /// The time limit in the list's own wording (处置时限), empty when the list has none.
    #[serde(default)]
    pub limit: String,
    /// The departments that repair it (处置单位), in the list's order.
    #[serde(default)]
    pub departments: Vec<String>,
    /// The departments that supervise the repair (主管部门), in the list's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supervising: Vec<String>,
    /// The photo roles that a report must have, as keys.
    #[serde(default)]
    pub required_photos: Vec<String>,
    /// How urgent it is, in the list's own wording, empty when the list does not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub urgency: String,
    /// Whether it is a component (部件) or an event (事件), empty when the list does not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The roles that look for it; everybody where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The qualifications (资质) of which one is needed; none where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub qualifications: Vec<String>,
    /// Beginnings of the codes of the cells in which it is looked for; all where there are
    /// none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grids: Vec<String>,
}

impl DutyEntry {
    /// The kind of what stands in a street.
    pub const COMPONENT: &'static str = "component";
    /// The kind of what happens in a street.
    pub const EVENT: &'static str = "event";
}

/// A duty list, as read and as sent to the phones.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DutyList {
    /// The entries in the list's order.
    pub entries: Vec<DutyEntry>,
}

impl DutyList {
    /// The entries of a small class; several when it has several conditions.
    pub fn find<'a>(&'a self, class: &'a ClassCode) -> impl Iterator<Item = &'a DutyEntry> {
        self.entries
            .iter()
            .filter(move |entry| entry.class == *class)
    }

    /// The photo roles that the class asks for and the report has not.
    #[must_use]
    pub fn missing_roles(&self, class: &ClassCode, given: &[PhotoRole]) -> Vec<PhotoRole> {
        let mut missing: Vec<PhotoRole> = self
            .find(class)
            .flat_map(|entry| &entry.required_photos)
            .filter_map(|key| PhotoRole::parse(key))
            .filter(|role| !given.contains(role))
            .collect();
        missing.sort();
        missing.dedup();
        missing
    }
}

/// Writes a class as plain text and checks it when it is read.
mod class_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::model::identifiers::ClassCode;

    pub(super) fn serialize<S: Serializer>(class: &ClassCode, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(class.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ClassCode, D::Error> {
        let text = String::deserialize(from)?;
        ClassCode::parse(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_roles_are_those_of_every_condition_of_the_class_less_the_given() {
        let class = ClassCode::parse("010101").expect("a code of the test");
        let entry = |roles: &[&str]| DutyEntry {
            class: class.clone(),
            name: "上水井盖".into(),
            major_code: String::new(),
            major_name: String::new(),
            condition: String::new(),
            closing: String::new(),
            limit: String::new(),
            departments: vec![],
            supervising: vec![],
            required_photos: roles.iter().map(|role| (*role).to_owned()).collect(),
            urgency: String::new(),
            kind: String::new(),
            roles: vec![],
            qualifications: vec![],
            grids: vec![],
        };
        let list = DutyList {
            entries: vec![entry(&["near", "far"]), entry(&["far"])],
        };
        assert_eq!(
            list.missing_roles(&class, &[PhotoRole::Near]),
            [PhotoRole::Far]
        );
        assert!(
            list.missing_roles(&class, &[PhotoRole::Near, PhotoRole::Far])
                .is_empty()
        );
        let json = serde_json::to_string(&list).expect("plain data");
        assert_eq!(
            serde_json::from_str::<DutyList>(&json).expect("reads back"),
            list
        );
    }

    #[test]
    fn list_of_the_first_release_keeps_its_bytes() {
        let pack = r#"{"entries":[{"class":"010101","name":"井盖","major_name":"","condition":"","closing":"","limit":"2天","departments":["甲"],"required_photos":["near"]}]}"#;
        let list: DutyList = serde_json::from_str(pack).expect("a pack of the first release");
        assert_eq!(list.entries[0].urgency, "");
        assert_eq!(serde_json::to_string(&list).expect("plain data"), pack);
    }
}
