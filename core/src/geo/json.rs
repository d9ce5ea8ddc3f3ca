//! JSON in a form that suits millions of positions: a list of numbers keeps its first two,
//! in place, and costs no allocation.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A JSON value.
#[derive(Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(Box<str>),
    /// The first two of a list of at least two numbers and nothing else.
    Position([f64; 2]),
    /// Any other list.
    List(Vec<Json>),
    /// Members in the order of the file; the last of equal names counts.
    Object(Vec<(Box<str>, Json)>),
}

impl Json {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members
                .iter()
                .rev()
                .find(|(n, _)| **n == *name)
                .map(|(_, v)| v),
            _ => None,
        }
    }

    pub(super) fn into_member(self, name: &str) -> Option<Self> {
        match self {
            Self::Object(members) => members
                .into_iter()
                .rev()
                .find(|(n, _)| **n == *name)
                .map(|(_, v)| v),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match *self {
            Self::Unsigned(n) => Some(n as f64),
            Self::Signed(n) => Some(n as f64),
            Self::Float(n) => Some(n),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Unsigned(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Signed(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Json::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut numbers = [0.0; 2];
        let mut count = 0;
        // A list is taken for a position as long as it holds nothing but numbers.
        let mut items = loop {
            let Some(item) = list.next_element::<Json>()? else {
                return Ok(match count {
                    0 => Json::List(Vec::new()),
                    1 => Json::List(vec![Json::Float(numbers[0])]),
                    _ => Json::Position(numbers),
                });
            };
            match item.number() {
                Some(number) => {
                    if count < 2 {
                        numbers[count] = number;
                        count += 1;
                    }
                }
                None => {
                    let mut items: Vec<Json> =
                        numbers[..count].iter().map(|n| Json::Float(*n)).collect();
                    items.push(item);
                    break items;
                }
            }
        };
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}
