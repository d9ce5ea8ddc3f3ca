//! Messages that people read, one catalogue a language, in Fluent: the mechanism that the
//! catalogues of explanations, of evidence and of the hub's page share.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

use super::explain::Language;

/// The messages of one language.
pub struct Messages {
    bundle: FluentBundle<FluentResource>,
}

impl Messages {
    /// Reads a catalogue. A message that does not parse is left out, and the tests of each
    /// catalogue find it.
    #[must_use]
    pub fn new(language: Language, source: &str) -> Self {
        let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // Numbers and identifiers need no isolation, and a printed sheet must not hold marks;
        // what somebody typed is isolated by whoever mentions it.
        bundle.set_use_isolating(false);
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(read, _)| read);
        bundle.add_resource_overriding(resource);
        Self { bundle }
    }

    /// A message with what it mentions; its key where there is no such message.
    #[must_use]
    pub fn tell(&self, key: &str, args: &FluentArgs<'_>) -> String {
        self.find(key, args).unwrap_or_else(|| key.to_owned())
    }

    /// The word for a value of a set; a value that the catalogue does not know, such as a
    /// city's own key or what a newer version added, is told as it is.
    #[must_use]
    pub fn word(&self, set: &str, value: &str) -> String {
        let key = format!("{set}-{}", value.replace('_', "-"));
        self.find(&key, &FluentArgs::new())
            .unwrap_or_else(|| value.to_owned())
    }

    fn find(&self, key: &str, args: &FluentArgs<'_>) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let mut errors = Vec::new();
        let told = self.bundle.format_pattern(pattern, Some(args), &mut errors);
        debug_assert!(errors.is_empty(), "{key}: {errors:?}");
        Some(told.into_owned())
    }
}
