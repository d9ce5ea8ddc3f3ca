//! What every part of the page uses: the view, its links and times, tables.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bading_core::model::time::UtcMs;
use bading_core::services::review::Review;
use chrono::{DateTime, FixedOffset, NaiveDate};

use super::Shown;
use super::html::Html;
use super::text::{Arg, Language, Text};

/// A day as somebody looks at it.
pub(super) struct View<'a> {
    pub(super) text: Text,
    pub(super) hub: &'a str,
    pub(super) date: NaiveDate,
    pub(super) person: Option<&'a str>,
    /// The language that links name, where the address did.
    pub(super) kept_language: Option<Language>,
    pub(super) utc_offset_min: i32,
    pub(super) review: &'a Review,
    /// What can be shown of each photo, by its hash.
    pub(super) photos: BTreeMap<String, Shown>,
}

/// One cell of a table.
pub(super) enum Cell<'a> {
    /// A text of this program.
    Text(String),
    /// A figure or a time, set to the right.
    Number(String),
    /// What somebody typed.
    Name(&'a str),
    /// What somebody typed, with a link of this program.
    Link(String, &'a str),
}

impl View<'_> {
    /// The page of a day.
    pub(super) fn link(&self, date: NaiveDate, person: Option<&str>) -> String {
        self.link_in(date, person, self.kept_language)
    }

    /// The page of a day in a language.
    pub(super) fn link_in(
        &self,
        date: NaiveDate,
        person: Option<&str>,
        language: Option<Language>,
    ) -> String {
        address("/", Some(date), person, language)
    }

    /// The page of the latest day.
    pub(super) fn latest_link(&self) -> String {
        address("/", None, self.person, self.kept_language)
    }

    /// The review as JSON.
    pub(super) fn json_link(&self) -> String {
        address("/page.json", Some(self.date), self.person, None)
    }

    /// A time of the review to the minute, with its date where it is another day's.
    pub(super) fn moment(&self, rfc3339: &str) -> String {
        self.told(rfc3339, "%H:%M")
    }

    /// A time of the review to the second.
    pub(super) fn second(&self, rfc3339: &str) -> String {
        self.told(rfc3339, "%H:%M:%S")
    }

    /// A time of the review with its date and its offset.
    pub(super) fn full(&self, rfc3339: &str) -> String {
        DateTime::parse_from_rfc3339(rfc3339).map_or_else(
            |_| rfc3339.to_owned(),
            |at| at.format("%Y-%m-%d %H:%M (%:z)").to_string(),
        )
    }

    /// An instant in the city's time, to the second.
    pub(super) fn instant(&self, at: UtcMs) -> String {
        let local = FixedOffset::east_opt(self.utc_offset_min.saturating_mul(60))
            .zip(
                i64::try_from(at.0)
                    .ok()
                    .and_then(DateTime::from_timestamp_millis),
            )
            .map(|(offset, at)| at.with_timezone(&offset));
        local.map_or_else(|| at.to_rfc3339(), |at| self.written(&at, "%H:%M:%S"))
    }

    fn told(&self, rfc3339: &str, time: &str) -> String {
        DateTime::parse_from_rfc3339(rfc3339)
            .map_or_else(|_| rfc3339.to_owned(), |at| self.written(&at, time))
    }

    fn written(&self, at: &DateTime<FixedOffset>, time: &str) -> String {
        if at.date_naive() == self.date {
            return at.format(time).to_string();
        }
        at.format(&format!("%Y-%m-%d {time}")).to_string()
    }
}

fn address(
    path: &str,
    date: Option<NaiveDate>,
    person: Option<&str>,
    language: Option<Language>,
) -> String {
    let parts = [
        ("day", date.map(|date| date.to_string())),
        ("person", person.map(encoded)),
        ("lang", language.map(|language| language.tag().to_owned())),
    ];
    let parts: Vec<_> = parts
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", value?)))
        .collect();
    match parts.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", parts.join("&")),
    }
}

/// A value as it stands in an address.
fn encoded(value: &str) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                out.push(char::from(byte));
            }
            // Writing to a text cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

/// A table that scrolls by itself where the screen is too narrow for it.
pub(super) fn table(
    html: &mut Html,
    caption: &str,
    columns: &[String],
    rows: impl FnOnce(&mut Html),
) {
    let around: super::html::Attributes<'_> = &[
        ("class", &"scroll"),
        ("role", &"region"),
        ("tabindex", &"0"),
        ("aria-label", &caption),
    ];
    html.node("div", around, |html| {
        html.node("table", &[], |html| {
            html.leaf("caption", &[], caption);
            html.node("thead", &[], |html| {
                html.node("tr", &[], |html| {
                    for column in columns {
                        html.leaf("th", &[("scope", &"col")], column);
                    }
                });
            });
            html.node("tbody", &[], rows);
        });
    });
}

/// One row of a table: what it is about, then its cells.
pub(super) fn row(html: &mut Html, about: Cell<'_>, cells: &[Cell<'_>]) {
    html.node("tr", &[], |html| {
        html.node("th", &[("scope", &"row")], |html| about.write(html));
        for cell in cells {
            match cell {
                Cell::Number(_) => {
                    html.node("td", &[("class", &"number")], |html| cell.write(html))
                }
                _ => html.node("td", &[], |html| cell.write(html)),
            }
        }
    });
}

impl Cell<'_> {
    fn write(&self, html: &mut Html) {
        match self {
            Self::Text(text) | Self::Number(text) => html.text(text),
            Self::Name(name) => html.leaf("bdi", &[], name),
            Self::Link(href, name) => {
                html.node("a", &[("href", href)], |html| html.leaf("bdi", &[], name));
            }
        }
    }
}

/// Says how many were left out, when there are more than are shown.
pub(super) fn and_more(html: &mut Html, view: &View<'_>, count: usize, shown: usize) {
    let Some(more) = count.checked_sub(shown).filter(|more| *more > 0) else {
        return;
    };
    let more = [("count", Arg::Count(more as u64))];
    html.leaf(
        "p",
        &[("class", &"more")],
        &view.text.with("and-more", more),
    );
}
