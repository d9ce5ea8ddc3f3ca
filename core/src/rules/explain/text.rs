//! The catalogues of explanations, zh-CN and English, in Fluent.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use super::{Arg, Explanation};

pub(super) const CHINESE: &str = include_str!("catalogue/zh-CN.ftl");
pub(super) const ENGLISH: &str = include_str!("catalogue/en.ftl");

type Bundle = FluentBundle<FluentResource>;

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
    bundle: &'static Bundle,
}

static CHINESE_BUNDLE: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::Chinese, CHINESE));
static ENGLISH_BUNDLE: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::English, ENGLISH));

fn bundle(language: Language, source: &str) -> Bundle {
    let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![tag]);
    // Numbers and identifiers need no isolation, and a printed sheet must not hold marks.
    bundle.set_use_isolating(false);
    // A message that does not parse is left out, and a test finds it.
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(read, _)| read);
    bundle.add_resource_overriding(resource);
    bundle
}

impl Catalogue {
    /// The messages of a language.
    #[must_use]
    pub fn of(language: Language) -> Self {
        let bundle: &'static Bundle = match language {
            Language::Chinese => &CHINESE_BUNDLE,
            Language::English => &ENGLISH_BUNDLE,
        };
        Self { bundle }
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
        self.find(explanation.key, &args)
            .unwrap_or_else(|| explanation.key.to_owned())
    }

    /// The word for a value of a set; a value that the catalogue does not know, such as a
    /// city's own key, is told as it is.
    #[must_use]
    pub fn word(self, set: &str, value: &str) -> String {
        let key = format!("{set}-{}", value.replace('_', "-"));
        self.find(&key, &FluentArgs::new())
            .unwrap_or_else(|| value.to_owned())
    }

    fn find(self, key: &str, args: &FluentArgs<'_>) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let mut errors = Vec::new();
        let told = self.bundle.format_pattern(pattern, Some(args), &mut errors);
        debug_assert!(errors.is_empty(), "{key}: {errors:?}");
        Some(told.into_owned())
    }
}
