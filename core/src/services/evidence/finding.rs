//! What a verification found, by a stable code and the ids that it concerns, told in the
//! reader's language.

use std::sync::LazyLock;

use fluent_bundle::{FluentArgs, FluentValue};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::rules::explain::Language;
use crate::rules::messages::Messages;

pub(super) const CHINESE: &str = include_str!("catalogue/zh-CN.ftl");
pub(super) const ENGLISH: &str = include_str!("catalogue/en.ftl");

/// Hashes and keys are shortened to this in sentences; JSON has them whole.
const SHORT: usize = 12;

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The stable code, snake_case; with hyphens the message of the catalogues.
    pub code: &'static str,
    /// What it concerns: `commit`, `photo`, `case`, `device`, `zone`, `seq`, `position` …
    pub about: Vec<(&'static str, String)>,
}

impl Finding {
    /// A finding that concerns nothing yet.
    #[must_use]
    pub fn new(code: &'static str) -> Self {
        Self {
            code,
            about: Vec::new(),
        }
    }

    /// Names something that it concerns.
    #[must_use]
    pub fn on(mut self, name: &'static str, id: impl ToString) -> Self {
        self.about.push((name, id.to_string()));
        self
    }

    /// The sentence for a person.
    #[must_use]
    pub fn tell(&self, language: Language) -> String {
        let args = self.about.iter().map(|(name, id)| (*name, shortened(id)));
        Words::of(language).tell(&self.code.replace('_', "-"), args)
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", self.code)?;
        for (name, id) in &self.about {
            map.serialize_entry(name, id)?;
        }
        let text: std::collections::BTreeMap<_, _> = Language::ALL
            .into_iter()
            .map(|language| (language.tag(), self.tell(language)))
            .collect();
        map.serialize_entry("text", &text)?;
        map.end()
    }
}

fn shortened(id: &str) -> String {
    let is_hex = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    match id.get(..SHORT) {
        Some(begin) if is_hex => format!("{begin}…"),
        _ => id.to_owned(),
    }
}

static CHINESE_MESSAGES: LazyLock<Messages> =
    LazyLock::new(|| Messages::new(Language::Chinese, CHINESE));
static ENGLISH_MESSAGES: LazyLock<Messages> =
    LazyLock::new(|| Messages::new(Language::English, ENGLISH));

/// The messages of one language about evidence.
#[derive(Clone, Copy)]
pub struct Words {
    messages: &'static Messages,
}

impl Words {
    /// The messages of a language.
    #[must_use]
    pub fn of(language: Language) -> Self {
        let messages: &'static Messages = match language {
            Language::Chinese => &CHINESE_MESSAGES,
            Language::English => &ENGLISH_MESSAGES,
        };
        Self { messages }
    }

    /// A message with what it mentions; its key where there is no such message.
    #[must_use]
    pub fn tell(
        self,
        key: &str,
        mentions: impl IntoIterator<Item = (&'static str, String)>,
    ) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in mentions {
            args.set(name, FluentValue::from(value));
        }
        self.messages.tell(key, &args)
    }

    /// A message that mentions nothing.
    #[must_use]
    pub fn get(self, key: &str) -> String {
        self.tell(key, [])
    }

    /// The word for a value of a set; a value that a newer version added is told as it is.
    #[must_use]
    pub fn word(self, set: &str, value: &str) -> String {
        self.messages.word(set, value)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Each message with the things that it mentions.
    fn messages(source: &str) -> BTreeMap<String, Vec<String>> {
        let resource = fluent_bundle::FluentResource::try_new(source.to_owned())
            .expect("the catalogue parses");
        drop(resource);
        let mut messages = BTreeMap::new();
        for line in source.lines().filter(|line| line.contains(" = ")) {
            let (key, text) = line.split_once(" = ").expect("it was found");
            let mut names: Vec<_> = text
                .split("{ $")
                .skip(1)
                .filter_map(|rest| rest.split_once(" }"))
                .map(|(name, _)| name.to_owned())
                .collect();
            names.sort();
            names.dedup();
            messages.insert(key.to_owned(), names);
        }
        messages
    }

    #[test]
    fn both_catalogues_have_the_same_messages_about_the_same_things() {
        assert_eq!(messages(CHINESE), messages(ENGLISH));
    }

    #[test]
    fn finding_shortens_hashes_in_sentences_and_keeps_them_in_json() {
        let hash = "ab".repeat(32);
        let finding = Finding::new("photo_changed")
            .on("photo", &hash)
            .on("case", "c");
        assert!(finding.tell(Language::English).contains("abababababab…"));
        let json = serde_json::to_value(&finding).expect("plain data");
        assert_eq!(json["photo"], hash);
        assert_eq!(json["code"], "photo_changed");
        assert_ne!(json["text"]["zh-CN"], json["text"]["en"]);
    }
}
