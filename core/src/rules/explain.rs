//! Why a score is what it is: a tree from the grade down to the cases, operations and
//! stretches behind it, told in the reader's language.
//!
//! A node is a message of the catalogues with what it mentions; nothing here glues sentences
//! from parts. The numbers in it are those that the score was computed from, so that the tree
//! can be recomputed by hand.
//!
//! Source: DOMAIN "Verdict (定论)".

mod parts;
mod text;

use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

pub use parts::{
    attendance, count_score, coverage, evaluation, quality, quantity, staffing, verdict,
};
pub use text::{Catalogue, Language};

/// One statement with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explanation {
    /// The message of the catalogues.
    pub key: &'static str,
    /// What the message mentions, by name.
    pub args: Vec<(&'static str, Arg)>,
    /// What the statement rests on.
    pub refs: Vec<Reference>,
    /// Why it holds.
    pub children: Vec<Explanation>,
}

/// Something that a message mentions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// A count, which decides the plural.
    Count(u64),
    /// A number, a time or an identifier, as it is to stand there.
    Text(String),
    /// A value of a fixed set, which has a word in each language.
    Word {
        /// The set: the beginning of the words' keys.
        set: &'static str,
        /// The value.
        value: String,
    },
}

/// What a statement rests on, by identifier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// Which kind of thing.
    pub kind: ReferenceKind,
    /// Its identifier.
    pub id: String,
}

/// The kinds of things that a statement can rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceKind {
    /// A case.
    Case,
    /// An operation in the log: commit and index.
    Operation,
    /// A patrol.
    Patrol,
    /// Whatever a confirmed fact or a deduction names.
    Fact,
}

impl Explanation {
    /// A statement that mentions nothing yet.
    #[must_use]
    pub fn new(key: &'static str) -> Self {
        Self {
            key,
            ..Self::default()
        }
    }

    /// Mentions a count.
    #[must_use]
    pub fn count(mut self, name: &'static str, count: u64) -> Self {
        self.args.push((name, Arg::Count(count)));
        self
    }

    /// Mentions a number, a time or an identifier.
    #[must_use]
    pub fn text(mut self, name: &'static str, text: impl ToString) -> Self {
        self.args.push((name, Arg::Text(text.to_string())));
        self
    }

    /// Mentions a value of a fixed set.
    #[must_use]
    pub fn word(mut self, name: &'static str, set: &'static str, value: &str) -> Self {
        let value = value.to_owned();
        self.args.push((name, Arg::Word { set, value }));
        self
    }

    /// Rests on these cases.
    #[must_use]
    pub fn on_cases<'c>(mut self, cases: impl IntoIterator<Item = &'c String>) -> Self {
        let reference = |id: &String| Reference {
            kind: ReferenceKind::Case,
            id: id.clone(),
        };
        self.refs.extend(cases.into_iter().map(reference));
        self
    }

    /// Rests on one more thing.
    #[must_use]
    pub fn on(mut self, kind: ReferenceKind, id: impl ToString) -> Self {
        let id = id.to_string();
        self.refs.push(Reference { kind, id });
        self
    }

    /// Holds because of these.
    #[must_use]
    pub fn because(mut self, reasons: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(reasons);
        self
    }

    /// Adds to each reference in the tree what stands behind it, such as to a case the
    /// operations that made it what it is.
    pub fn deepen(&mut self, behind: &impl Fn(&Reference) -> Vec<Reference>) {
        let more: Vec<_> = self.refs.iter().flat_map(behind).collect();
        for reference in more {
            if !self.refs.contains(&reference) {
                self.refs.push(reference);
            }
        }
        for child in &mut self.children {
            child.deepen(behind);
        }
    }

    /// The tree as indented lines of one language.
    #[must_use]
    pub fn lines(&self, catalogue: Catalogue) -> String {
        let mut out = String::new();
        self.write(catalogue, 0, &mut out);
        out
    }

    fn write(&self, catalogue: Catalogue, depth: usize, out: &mut String) {
        out.push_str(&"  ".repeat(depth));
        out.push_str(&catalogue.tell(self));
        out.push('\n');
        for child in &self.children {
            child.write(catalogue, depth + 1, out);
        }
    }
}

/// `{key, text: {language: …}, args, refs, children}`; `refs` and `children` are left out
/// where there are none.
impl Serialize for Explanation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Texts<'e>(&'e Explanation);
        impl Serialize for Texts<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(Some(Language::ALL.len()))?;
                for language in Language::ALL {
                    let told = Catalogue::of(language).tell(self.0);
                    map.serialize_entry(language.tag(), &told)?;
                }
                map.end()
            }
        }
        struct Args<'e>(&'e [(&'static str, Arg)]);
        impl Serialize for Args<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(Some(self.0.len()))?;
                for (name, arg) in self.0 {
                    match arg {
                        Arg::Count(count) => map.serialize_entry(name, count)?,
                        Arg::Text(text) | Arg::Word { value: text, .. } => {
                            map.serialize_entry(name, text)?;
                        }
                    }
                }
                map.end()
            }
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("key", self.key)?;
        map.serialize_entry("text", &Texts(self))?;
        map.serialize_entry("args", &Args(&self.args))?;
        if !self.refs.is_empty() {
            map.serialize_entry("refs", &self.refs)?;
        }
        if !self.children.is_empty() {
            map.serialize_entry("children", &self.children)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests;
