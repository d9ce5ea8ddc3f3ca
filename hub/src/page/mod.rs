//! The page for people: one day of the hub, with the verdict of every shift and what it rests
//! on, as HTML that needs no script.
//!
//! It shows what the review says and judges nothing itself. It refuses to be large: at most
//! [`MAX_SHIFTS`] shifts and [`MAX_CASES`] cases, and what is left out is counted.

mod around;
mod cases;
mod duty;
mod evidence;
mod flags;
mod html;
mod map;
mod parts;
mod projection;
mod shift;
mod text;
mod walk;
mod why;

pub use evidence::evidence_report;

use std::collections::BTreeMap;
use std::io::Read as _;

use bading_core::model::identifiers::{Hash, PersonId};
use bading_core::model::time::UtcMs;
use bading_core::photo;
use bading_core::services::review::{Review, ReviewScope};
use chrono::{NaiveDate, NaiveTime};

use crate::Hub;
use crate::error::HubError;
use crate::store::blobs;
pub(crate) use text::{Language, preferred_language};

use html::Html;
use parts::View;
use text::{Arg, Text};

/// The most shifts of one page.
const MAX_SHIFTS: usize = 200;
/// The most cases of one page.
const MAX_CASES: usize = 500;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const SHEET: &str = include_str!("page.css");

/// What somebody asks the page for.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// The day, as `YYYY-MM-DD`; the latest with a patrol where none is given.
    pub(crate) day: Option<String>,
    /// Only this person.
    pub(crate) person: Option<String>,
    /// The language of the page.
    pub(crate) language: Language,
    /// True when the language was named in the address, and links keep it.
    pub(crate) is_language_asked: bool,
}

/// What can be shown of a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// A copy can be made.
    Picture,
    /// The hub has no decoder for it.
    Heic,
    /// It is no photo.
    Unreadable,
    /// Its bytes have not come yet.
    NotHere,
}

/// A day with its review.
struct Day {
    date: NaiveDate,
    person: Option<PersonId>,
    review: Review,
}

impl Hub {
    /// The page of a day.
    pub(crate) fn day_page(&self, ask: &Ask) -> Result<String, HubError> {
        let mut day = self.day_asked(ask)?;
        if let Some(person) = &day.person {
            let cases = &mut day.review.cases;
            cases.retain(|case| case.reporter.as_deref() == Some(person.as_str()));
        }
        let hashes = day.review.cases.iter().take(MAX_CASES);
        let photos = hashes
            .flat_map(|case| &case.photos)
            .filter_map(|(hash, _)| hash.parse().ok())
            .map(|hash: Hash| Ok((hash.to_string(), self.shown(&hash)?)))
            .collect::<Result<BTreeMap<_, _>, HubError>>()?;
        let view = View {
            text: Text::of(ask.language),
            hub: self.name(),
            date: day.date,
            person: day.person.as_ref().map(PersonId::as_str),
            kept_language: ask.is_language_asked.then_some(ask.language),
            utc_offset_min: self.utc_offset_min(),
            review: &day.review,
            photos,
        };
        Ok(document(&view))
    }

    /// The review of a day.
    pub(crate) fn day_review(&self, ask: &Ask) -> Result<Review, HubError> {
        Ok(self.day_asked(ask)?.review)
    }

    /// A photo as an upright JPEG without metadata.
    pub(crate) fn photo_copy(&self, hash: &Hash, longest_px: u32) -> Result<Vec<u8>, HubError> {
        let size_bytes = self.store.read(|conn| {
            if !blobs::is_announced(conn, hash, self.zone())? {
                return Err(HubError::UnknownBlob);
            }
            blobs::find_size(conn, hash)?.ok_or(HubError::UnknownBlob)
        })?;
        let limit = photo::MAX_BYTES as u64;
        let mut bytes = Vec::new();
        if size_bytes <= limit {
            let file = self.open_file(hash)?;
            file.take(limit).read_to_end(&mut bytes)?;
        }
        photo::thumbnail(&bytes, longest_px).map_err(|_| HubError::UnknownBlob)
    }

    fn day_asked(&self, ask: &Ask) -> Result<Day, HubError> {
        let (from, to) = match &ask.day {
            None => self.latest_day()?,
            Some(text) => {
                let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
                let date = date.filter(|_| text.len() == "2026-01-31".len());
                date.and_then(|date| self.bounds_of(date))
                    .ok_or(HubError::Input("day: not a day such as 2026-01-31"))?
            }
        };
        let person = ask.person.as_deref().filter(|person| !person.is_empty());
        let person = person.map(PersonId::parse).transpose();
        let person = person.map_err(|_| HubError::Input("person: not a personnel number"))?;
        let mut scope = ReviewScope::try_new(from, to, self.now())
            .map_err(|_| HubError::Input("day: out of range"))?;
        scope.person.clone_from(&person);
        Ok(Day {
            date: self
                .date_of(from)
                .ok_or(HubError::Input("day: out of range"))?,
            person,
            review: self.review(&scope)?,
        })
    }

    fn bounds_of(&self, date: NaiveDate) -> Option<(UtcMs, UtcMs)> {
        let midnight = date.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
        let offset_ms = i64::from(self.utc_offset_min()) * 60_000;
        let from = u64::try_from(midnight.checked_sub(offset_ms)?).ok()?;
        let to = from.checked_add(DAY_MS)?;
        (to <= UtcMs::MAX.0).then_some((UtcMs(from), UtcMs(to)))
    }

    fn date_of(&self, at: UtcMs) -> Option<NaiveDate> {
        let offset_ms = i64::from(self.utc_offset_min()) * 60_000;
        let local_ms = i64::try_from(at.0).ok()?.checked_add(offset_ms)?;
        Some(chrono::DateTime::from_timestamp_millis(local_ms)?.date_naive())
    }

    /// Looks at the first bytes of a photo: enough to say whether a copy can be tried.
    fn shown(&self, hash: &Hash) -> Result<Shown, HubError> {
        let size = self.store.read(|conn| blobs::find_size(conn, hash))?;
        if size.is_none() {
            return Ok(Shown::NotHere);
        }
        let mut start = Vec::new();
        self.open_file(hash)?.take(12).read_to_end(&mut start)?;
        Ok(match start.as_slice() {
            [0xff, 0xd8, 0xff, ..] | [0x89, b'P', b'N', b'G', ..] => Shown::Picture,
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Shown::Heic,
            _ => Shown::Unreadable,
        })
    }
}

/// A short page that says why there is none, in both languages.
pub(crate) fn notice(key: &'static str, detail: &str) -> String {
    let mut html = Html::default();
    let first = Text::of(Language::Chinese);
    html.node("html", &[("lang", &Language::Chinese.tag())], |html| {
        head(html, &first.get(key));
        html.node("body", &[], |html| {
            html.node("main", &[("class", &"notice")], |html| {
                for language in Language::ALL {
                    html.leaf(
                        "p",
                        &[("lang", &language.tag())],
                        &Text::of(language).get(key),
                    );
                }
                if !detail.is_empty() {
                    html.node("p", &[("class", &"quiet")], |html| {
                        html.leaf("code", &[], detail)
                    });
                }
            });
        });
    });
    html.finish()
}

fn head(html: &mut Html, title: &str) {
    html.node("head", &[], |html| {
        html.void("meta", &[("charset", &"utf-8")]);
        let width = "width=device-width, initial-scale=1";
        html.void("meta", &[("name", &"viewport"), ("content", &width)]);
        html.void(
            "meta",
            &[("name", &"color-scheme"), ("content", &"light dark")],
        );
        html.void("link", &[("rel", &"icon"), ("href", &"/page/icon.svg")]);
        html.leaf("title", &[], title);
        html.style(SHEET);
    });
}

fn document(view: &View<'_>) -> String {
    let text = view.text;
    let mut html = Html::default();
    html.node("html", &[("lang", &text.language.tag())], |html| {
        let day = view.date.to_string();
        let mentions = [("hub", Arg::Name(view.hub)), ("day", Arg::Word(day))];
        head(html, &text.with("page-title", mentions));
        html.node("body", &[], |html| {
            html.leaf(
                "a",
                &[("class", &"skip"), ("href", &"#main")],
                &text.get("skip"),
            );
            around::banner(html, view);
            html.node("main", &[("id", &"main")], |html| {
                let review = view.review;
                if !review.packs.contains_key("roster") {
                    around::empty(html, view);
                }
                shift::list(html, view);
                for (number, shift) in review.shifts.iter().take(MAX_SHIFTS).enumerate() {
                    shift::write(html, view, number + 1, shift);
                }
                parts::and_more(html, view, review.shifts.len(), MAX_SHIFTS);
                vacancies(html, view);
                why::staffing(html, view);
                why::cards(html, view);
                cases::write(html, view);
            });
            around::footer(html, view);
        });
    });
    html.finish()
}

fn vacancies(html: &mut Html, view: &View<'_>) {
    let text = view.text;
    let vacancies = &view.review.vacancies;
    if vacancies.is_empty() {
        return;
    }
    html.node("section", &[("aria-labelledby", &"vacancies")], |html| {
        let count = [("count", Arg::Count(vacancies.len() as u64))];
        html.leaf(
            "h2",
            &[("id", &"vacancies")],
            &text.with("vacancies-heading", count),
        );
        let columns = [
            text.get("column-person"),
            text.get("column-slot"),
            text.get("column-from"),
            text.get("column-leave"),
        ];
        parts::table(html, &text.get("vacancies-caption"), &columns, |html| {
            for vacancy in vacancies.iter().take(MAX_SHIFTS) {
                let cells = [
                    parts::Cell::Name(&vacancy.slot),
                    parts::Cell::Number(view.moment(&vacancy.from)),
                    parts::Cell::Name(&vacancy.leave),
                ];
                parts::row(html, parts::Cell::Name(&vacancy.person), &cells);
            }
        });
        parts::and_more(html, view, vacancies.len(), MAX_SHIFTS);
    });
}

#[cfg(test)]
mod tests;
