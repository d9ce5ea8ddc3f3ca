//! What people read on the page: Fluent messages in their language, never glued from parts.

use std::fmt::Write as _;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

const CHINESE: &str = include_str!("catalogue/zh-CN.ftl");
const ENGLISH: &str = include_str!("catalogue/en.ftl");

type Bundle = FluentBundle<FluentResource>;

/// A language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// Simplified Chinese.
    Chinese,
    /// English.
    English,
}

impl Language {
    /// Both, in the order of the switch.
    pub(crate) const ALL: [Self; 2] = [Self::Chinese, Self::English];

    /// The language's tag.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    /// Reads a tag of any region, such as `en-GB`.
    pub(crate) fn parse(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().trim();
        Self::ALL.into_iter().find(|language| {
            let ours = language.tag().split('-').next().unwrap_or_default();
            ours.eq_ignore_ascii_case(primary)
        })
    }

    /// The language that a browser prefers by `Accept-Language`, if it is one of ours.
    pub(crate) fn preferred(accepted: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for range in accepted.split(',').take(32) {
            let mut parts = range.split(';');
            let Some(language) = parts.next().and_then(Self::parse) else {
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
}

/// The texts of one language.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    /// Which.
    pub(crate) language: Language,
    bundle: &'static Bundle,
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

static CHINESE_BUNDLE: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::Chinese, CHINESE));
static ENGLISH_BUNDLE: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::English, ENGLISH));

fn bundle(language: Language, source: &str) -> Bundle {
    let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![tag]);
    // Names are isolated here, and numbers need not be.
    bundle.set_use_isolating(false);
    // A message that does not parse is left out, and a test finds it.
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(read, _)| read);
    bundle.add_resource_overriding(resource);
    bundle
}

impl Text {
    /// The texts of a language.
    pub(crate) fn of(language: Language) -> Self {
        let bundle: &'static Bundle = match language {
            Language::Chinese => &CHINESE_BUNDLE,
            Language::English => &ENGLISH_BUNDLE,
        };
        Self { language, bundle }
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
        self.find(key, &args).unwrap_or_else(|| key.to_owned())
    }

    /// The word for a value of a fixed set, such as a phase. A value that a newer version
    /// added is told as it is.
    pub(crate) fn named(self, set: &str, value: &str) -> String {
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
