//! The catalogues of explanations, zh-CN and English, in Fluent.

use std::sync::LazyLock;

use fluent_bundle::{FluentArgs, FluentValue};

use super::{Arg, Explanation};
use crate::rules::messages::Messages;

pub(super) const CHINESE: &str = include_str!("catalogue/zh-CN.ftl");
pub(super) const ENGLISH: &str = include_str!("catalogue/en.ftl");

/// A language that explanations are told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Simplified Chinese.
    Chinese,
    /// English.
    English,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Chinese, Self::English];

    /// The language's tag.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    /// Reads a tag of any region, such as `en-GB`.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_', '.']).next().unwrap_or_default().trim();
        Self::ALL.into_iter().find(|language| {
            let ours = language.tag().split('-').next().unwrap_or_default();
            ours.eq_ignore_ascii_case(primary)
        })
    }
}

/// The messages of one language.
#[derive(Clone, Copy)]
pub struct Catalogue {
    messages: &'static Messages,
}

static CHINESE_MESSAGES: LazyLock<Messages> =
    LazyLock::new(|| Messages::new(Language::Chinese, CHINESE));
static ENGLISH_MESSAGES: LazyLock<Messages> =
    LazyLock::new(|| Messages::new(Language::English, ENGLISH));

impl Catalogue {
    /// The messages of a language.
    #[must_use]
    pub fn of(language: Language) -> Self {
        let messages: &'static Messages = match language {
            Language::Chinese => &CHINESE_MESSAGES,
            Language::English => &ENGLISH_MESSAGES,
        };
        Self { messages }
    }

    /// One statement, without its reasons.
    #[must_use]
    pub fn tell(self, explanation: &Explanation) -> String {
        let mut args = FluentArgs::new();
        for (name, arg) in &explanation.args {
            let value = match arg {
                Arg::Count(count) => FluentValue::from(*count),
                Arg::Text(text) => FluentValue::from(text.clone()),
                Arg::Word { set, value } => FluentValue::from(self.word(set, value)),
            };
            args.set(*name, value);
        }
        self.messages.tell(explanation.key, &args)
    }

    /// The word for a value of a set; a value that the catalogue does not know, such as a
    /// city's own key, is told as it is.
    #[must_use]
    pub fn word(self, set: &str, value: &str) -> String {
        self.messages.word(set, value)
    }
}
