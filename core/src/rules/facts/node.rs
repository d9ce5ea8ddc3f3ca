//! A value of the facts with its place in the file, so that whatever is wrong is named.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::FactsError;
use crate::geo::excerpt::excerpt;
use crate::model::quality::Indicator;
use crate::model::quantity::Thousandths;
use crate::model::verdict::Share;
use crate::rules::quality::formulas::Counted;

pub(super) type Read<T> = Result<T, FactsError>;

/// A longer text is no identifier, reason or detail.
const MAX_TEXT_CHARS: usize = 256;
/// Counts are at most this, so that sums and products stay exact.
const MAX_COUNT: u64 = 1_000_000_000_000;

/// A value with its place in the file.
pub(super) struct Node<'v> {
    pub(super) path: String,
    pub(super) value: &'v Value,
}

impl<'v> Node<'v> {
    pub(super) fn root(value: &'v Value) -> Self {
        let path = String::new();
        Self { path, value }
    }

    pub(super) fn at(&self, name: &str, value: &'v Value) -> Self {
        let path = match self.path.is_empty() {
            true => name.to_owned(),
            false => format!("{}.{name}", self.path),
        };
        Self { path, value }
    }

    pub(super) fn wrong(&self, why: impl Into<String>) -> FactsError {
        let field = match self.path.is_empty() {
            true => "the file",
            false => &self.path,
        };
        wrong(field, why)
    }

    pub(super) fn object(&self) -> Read<&'v Map<String, Value>> {
        self.value
            .as_object()
            .ok_or_else(|| self.wrong("an object is needed"))
    }

    /// Refuses fields that nobody knows.
    pub(super) fn only(&self, known: &[&str]) -> Read<()> {
        match self
            .object()?
            .keys()
            .find(|key| !known.contains(&key.as_str()))
        {
            None => Ok(()),
            Some(key) => Err(self.wrong(format!(
                "`{}` is not known; write one of {}",
                excerpt(key),
                known.join(", ")
            ))),
        }
    }

    /// A field that is there and not null.
    pub(super) fn find(&self, name: &str) -> Option<Self> {
        let value = self.value.as_object()?.get(name)?;
        (!value.is_null()).then(|| self.at(name, value))
    }

    pub(super) fn need(&self, name: &str) -> Read<Self> {
        self.object()?;
        self.find(name)
            .ok_or_else(|| self.wrong(format!("`{name}` is missing")))
    }

    pub(super) fn members(&self) -> Read<Vec<(String, Self)>> {
        let members = self.object()?.iter();
        Ok(members
            .map(|(name, value)| (name.clone(), self.at(name, value)))
            .collect())
    }

    pub(super) fn each<T>(&self, read: impl FnMut(Self) -> Read<T>) -> Read<Vec<T>> {
        let list = self
            .value
            .as_array()
            .ok_or_else(|| self.wrong("a list is needed"))?;
        let node = |(index, value)| Self {
            path: format!("{}[{index}]", self.path),
            value,
        };
        list.iter().enumerate().map(node).map(read).collect()
    }

    pub(super) fn list<T>(&self, name: &str, read: impl FnMut(Self) -> Read<T>) -> Read<Vec<T>> {
        self.find(name)
            .map_or(Ok(Vec::new()), |list| list.each(read))
    }

    pub(super) fn text(&self) -> Read<String> {
        let needed = || {
            self.wrong(format!(
                "a text of 1 to {MAX_TEXT_CHARS} characters is needed"
            ))
        };
        let text = match self.value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) if number.is_u64() => number.to_string(),
            _ => return Err(needed()),
        };
        let is_plain = !text.contains(|c: char| c.is_control());
        ((1..=MAX_TEXT_CHARS).contains(&text.chars().count()) && is_plain)
            .then_some(text)
            .ok_or_else(needed)
    }

    pub(super) fn count(&self) -> Read<u64> {
        self.value
            .as_u64()
            .filter(|count| *count <= MAX_COUNT)
            .ok_or_else(|| self.wrong(format!("a whole number from 0 to {MAX_COUNT} is needed")))
    }

    pub(super) fn amount(&self) -> Read<Thousandths> {
        serde_json::from_value(self.value.clone()).map_err(|error| self.wrong(error.to_string()))
    }

    pub(super) fn share(&self, part: &str, whole: &str) -> Read<Share> {
        let (part_count, whole_count) = (self.need(part)?.count()?, self.need(whole)?.count()?);
        let (part, whole) = Indicator::try_new(part_count, whole_count)
            .map_err(|error| self.wrong(error.to_string()))?
            .counts();
        Ok(Share { part, whole })
    }

    /// `[96, 120]`, or `{"numerator": 96, "denominator": 120, "cases": […]}`.
    pub(super) fn counted(&self) -> Read<Counted> {
        let counted = match self.value {
            Value::Array(pair) if pair.len() == 2 => {
                let counts = self.each(|one| one.count())?;
                Counted {
                    numerator: counts[0],
                    denominator: counts[1],
                    cases: Vec::new(),
                }
            }
            Value::Object(_) => {
                self.only(&["numerator", "denominator", "cases"])?;
                Counted {
                    numerator: self.need("numerator")?.count()?,
                    denominator: self.need("denominator")?.count()?,
                    cases: self.list("cases", |one| one.text())?,
                }
            }
            _ => {
                return Err(self.wrong(
                    "two counts are needed, [96, 120], or an object with numerator and denominator",
                ));
            }
        };
        Indicator::try_new(counted.numerator, counted.denominator)
            .map_err(|error| self.wrong(error.to_string()))?;
        if counted.cases.len() as u64 > counted.numerator {
            let (listed, counted) = (counted.cases.len(), counted.numerator);
            return Err(self.wrong(format!("{listed} cases stand behind a count of {counted}")));
        }
        Ok(counted)
    }

    pub(super) fn counts(&self) -> Read<BTreeMap<String, Counted>> {
        let members = self.members()?.into_iter();
        members
            .map(|(name, field)| Ok((name, field.counted()?)))
            .collect()
    }
}

pub(super) fn wrong(field: &str, why: impl Into<String>) -> FactsError {
    FactsError {
        field: field.to_owned(),
        why: why.into(),
    }
}
