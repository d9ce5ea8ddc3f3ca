//! A facility that people look for near where they stand: a public toilet, a car park, a
//! hydrant. What kinds there are is a city's own data: a key, and what people call it. The
//! kinds in `facility_kinds.csv` only give the usual ones one key and two labels, whatever
//! word a file has for them.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::model::identifiers::{FacilityId, FacilityKind, IdentifierError};
use crate::model::opening_hours::{OpeningHours, OpeningHoursError};
use crate::model::place::LatLon;

/// One facility. It is not a case's subject and not a checkpoint of a route.
#[derive(Debug, Clone, PartialEq)]
pub struct Facility {
    /// Its name for machines, one in a city's whole list.
    pub id: FacilityId,
    /// What it is.
    pub kind: FacilityKind,
    /// What people call it, empty where it has no name; at most 200 characters.
    pub name: String,
    /// Where it stands; of an area its centre.
    pub place: LatLon,
    /// When it is open, where its list says so.
    pub opening: Option<Opening>,
    /// Its address in the list's own wording.
    pub address: Option<String>,
    /// A telephone number in the list's own wording.
    pub phone: Option<String>,
}

/// Opening hours as a list words them, and what is understood of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    text: String,
    read: Result<OpeningHours, OpeningHoursError>,
}

impl Opening {
    /// Keeps the words whether they are understood or not: hours that nobody can read are no
    /// reason to hide a toilet.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let text = text.trim().to_owned();
        let read = OpeningHours::parse(&text);
        Self { text, read }
    }

    /// The words of the list.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The hours.
    ///
    /// # Errors
    /// What of the words is outside of the grammar.
    pub fn hours(&self) -> Result<&OpeningHours, &OpeningHoursError> {
        self.read.as_ref()
    }
}

/// What people call a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindLabel {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// The table of usual kinds, by every word for them.
static KINDS: LazyLock<HashMap<&'static str, [&'static str; 3]>> = LazyLock::new(|| {
    let mut words = HashMap::new();
    for line in include_str!("facility_kinds.csv").lines().skip(1) {
        let mut fields = line.splitn(4, ',');
        let mut next = || fields.next().unwrap_or_default();
        let row = [next(), next(), next()];
        words.insert(row[0], row);
        words.insert(row[1], row);
        for alias in next().split('|').filter(|alias| !alias.is_empty()) {
            words.insert(alias, row);
        }
    }
    words
});

/// The kind that a word stands for: a key, a label of the table in Chinese, a usual other
/// word, or a tag of OpenStreetMap such as `amenity=toilets`. A word that the table has not
/// is its own kind, in lower case and with `_` for spaces.
///
/// # Errors
/// [`IdentifierError`] for a word that is empty, longer than 64 characters, or has control
/// characters.
pub fn read_kind(word: &str) -> Result<FacilityKind, IdentifierError> {
    // The value of a tag says what it is; the key says only which list it is from.
    let word = word.rsplit_once('=').map_or(word, |(_, value)| value);
    let word: Vec<_> = word.split_whitespace().collect();
    let word = word.join("_").to_lowercase();
    let key = KINDS.get(word.as_str()).map_or(word.as_str(), |row| row[0]);
    FacilityKind::parse(key)
}

/// What the table calls a kind; the key itself in both languages for one that it has not.
#[must_use]
pub fn label_of(kind: &FacilityKind) -> KindLabel {
    let key = kind.as_str();
    let [_, zh, en] = KINDS.get(key).copied().unwrap_or([key; 3]);
    KindLabel {
        zh: zh.to_owned(),
        en: en.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(word: &str) -> String {
        let kind = read_kind(word).expect("a word for a kind");
        kind.as_str().to_owned()
    }

    #[test]
    fn kind_is_one_key_for_all_words_and_itself_for_others() {
        for word in [
            "toilet",
            "公厕",
            " Toilets ",
            "amenity=toilets",
            "公共厕所",
            "WC",
        ] {
            assert_eq!(key(word), "toilet", "{word}");
        }
        assert_eq!(key("highway=street_lamp"), "street_lamp");
        assert_eq!(key("Public  toilet"), "toilet");
        assert_eq!(key("共享单车围栏"), "共享单车围栏");
        for word in ["", "amenity=", " ", "a\u{7}b", &"长".repeat(65)] {
            assert!(read_kind(word).is_err(), "{word}");
        }
    }

    #[test]
    fn kind_has_labels_in_both_languages() {
        let label = |word| label_of(&read_kind(word).expect("a word for a kind"));
        assert_eq!(
            (label("wc").zh, label("wc").en),
            ("公厕".into(), "public toilet".into())
        );
        let own = label("共享单车围栏");
        assert_eq!(own.zh, own.en);
    }

    #[test]
    fn table_has_one_row_for_each_word() {
        let text = include_str!("facility_kinds.csv");
        let mut seen = std::collections::HashSet::new();
        for line in text.lines().skip(1) {
            let fields: Vec<_> = line.split(',').collect();
            assert_eq!(fields.len(), 4, "{line}");
            let aliases = fields[3].split('|').filter(|alias| !alias.is_empty());
            for word in fields[..2].iter().copied().chain(aliases) {
                assert!(seen.insert(word.to_owned()), "`{word}` twice");
                assert_eq!(
                    key(word),
                    fields[0],
                    "{word} is not in the form that is looked up"
                );
            }
        }
    }

    #[test]
    fn opening_keeps_words_that_it_does_not_understand() {
        let opening = Opening::new(" 逢集日开放 ");
        assert_eq!(opening.text(), "逢集日开放");
        assert!(opening.hours().is_err());
        assert!(Opening::new("24/7").hours().is_ok());
    }
}
