//! What people read on the page: Fluent messages in their language, never glued from parts.

use std::fmt::Write as _;
use std::sync::LazyLock;

pub(crate) use bading_core::rules::explain::Language;
use bading_core::rules::messages::Messages;
use fluent_bundle::{FluentArgs, FluentValue};

const CHINESE: &str = include_str!("catalogue/zh-CN.ftl");
const ENGLISH: &str = include_str!("catalogue/en.ftl");

/// The language that a browser prefers by `Accept-Language`, if it is one of ours.
pub(crate) fn preferred_language(accepted: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for range in accepted.split(',').take(32) {
        let mut parts = range.split(';');
        let Some(language) = parts.next().and_then(Language::parse) else {
            continue;
        };
        let weight = parts
            .find_map(|part| part.trim().strip_prefix("q=")?.parse().ok())
            .unwrap_or(1.0);
        if weight > 0.0 && best.is_none_or(|(most, _)| weight > most) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

/// The texts of one language.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    /// Which.
    pub(crate) language: Language,
    messages: &'static Messages,
}

/// Something that a message mentions.
pub(crate) enum Arg<'a> {
    /// A count, which decides the plural.
    Count(u64),
    /// A number, a time or a text of this program, as it is to stand there.
    Word(String),
    /// What somebody typed: kept apart, so that its direction of writing stays its own.
    Name(&'a str),
}

static CHINESE_MESSAGES: LazyLock<Messages> =
    LazyLock::new(|| Messages::new(Language::Chinese, CHINESE));
static ENGLISH_MESSAGES: LazyLock<Messages> =
    LazyLock::new(|| Messages::new(Language::English, ENGLISH));

impl Text {
    /// The texts of a language.
    pub(crate) fn of(language: Language) -> Self {
        let messages: &'static Messages = match language {
            Language::Chinese => &CHINESE_MESSAGES,
            Language::English => &ENGLISH_MESSAGES,
        };
        Self { language, messages }
    }

    /// A message.
    pub(crate) fn get(self, key: &str) -> String {
        self.with(key, [])
    }

    /// A message that mentions something.
    pub(crate) fn with<'a>(
        self,
        key: &str,
        mentions: impl IntoIterator<Item = (&'static str, Arg<'a>)>,
    ) -> String {
        let mut args = FluentArgs::new();
        for (name, mention) in mentions {
            args.set(name, mention.value());
        }
        self.messages.tell(key, &args)
    }

    /// The word for a value of a fixed set, such as a phase. A value that a newer version
    /// added is told as it is.
    pub(crate) fn named(self, set: &str, value: &str) -> String {
        self.messages.word(set, value)
    }
}

impl Arg<'_> {
    fn value(self) -> FluentValue<'static> {
        match self {
            Self::Count(count) => FluentValue::from(count),
            Self::Word(word) => FluentValue::from(word),
            Self::Name(name) => FluentValue::from(isolated(name)),
        }
    }
}

/// A name between marks that isolate its direction, without such marks of its own.
fn isolated(name: &str) -> String {
    let is_mark = |c: &char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut out = String::with_capacity(name.len() + 6);
    out.push('\u{2068}');
    out.extend(name.chars().filter(|c| !is_mark(c)));
    out.push('\u{2069}');
    out
}

/// Metres: whole ones from ten on, with a decimal below.
pub(crate) fn metres(m: f64) -> String {
    let mut out = String::new();
    let decimals = usize::from(m.abs() < 9.95 && (m - m.round()).abs() >= 0.05);
    // Writing to a text cannot fail.
    let _ = write!(out, "{m:.decimals$}");
    out
}

/// A part of a whole in percent with two decimals, such as `63.33`.
pub(crate) fn percent(ratio: f64) -> String {
    format!("{:.2}", ratio * 100.0)
}

/// Hundredths of a point, such as `88.40`.
pub(crate) fn hundredths(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests;
