//! When something is open: the part of OpenStreetMap's `opening_hours` that lists of public
//! facilities use, and the Chinese words for the same.
//!
//! Understood are `24/7`, weekdays and spans of them (`Mo-Fr,Su`), `PH` for public holidays,
//! times (`08:00-12:00,13:00-17:30`, also over midnight), `off`, and rules parted by `;`, of
//! which a later one replaces what earlier ones say of its days; after a comma it adds.
//! Refused, so that nobody is sent to a closed door by a guess, are months, weeks, school
//! holidays, the sun, open ends (`18:00+`) and comments.
//!
//! Source: <https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification>.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, Timelike};
use thiserror::Error;

const DAY_MIN: u16 = 24 * 60;
const EVERY_DAY: u8 = 0b111_1111;
const DAY_NAMES: [&str; 7] = ["mo", "tu", "we", "th", "fr", "sa", "su"];
/// The longest text that is read, in characters; OpenStreetMap's own limit.
const MAX_CHARS: usize = 255;
/// How far ahead a change is looked for: two weeks hold every weekday twice.
const AHEAD_DAYS: u64 = 14;

/// What else people write, in the order in which it is replaced.
const WORDS: &[(&str, &str)] = &[
    ("：", ":"),
    ("；", ";"),
    ("，", ","),
    ("、", ","),
    ("–", "-"),
    ("—", "-"),
    ("－", "-"),
    ("～", "-"),
    ("~", "-"),
    ("至", "-"),
    ("到", "-"),
    ("星期", "周"),
    ("周一", " mo "),
    ("周二", " tu "),
    ("周三", " we "),
    ("周四", " th "),
    ("周五", " fr "),
    ("周六", " sa "),
    ("周日", " su "),
    ("周天", " su "),
    ("每天", " mo-su "),
    ("每日", " mo-su "),
    ("24小时", " 24/7 "),
    ("全天", " 24/7 "),
    ("法定节假日", " ph "),
    ("节假日", " ph "),
    ("不开放", " off "),
    ("休息", " off "),
    ("关闭", " off "),
    ("开放", ""),
];

/// Why a text is outside of the grammar. Rules count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpeningHoursError {
    /// There is no text.
    #[error("no opening hours")]
    Empty,
    /// The text is too long.
    #[error("opening hours of {found} characters; at most {MAX_CHARS} are read")]
    TooLong {
        /// How many it has.
        found: usize,
    },
    /// A rule says nothing.
    #[error("rule {rule} is empty")]
    EmptyRule {
        /// The rule.
        rule: usize,
    },
    /// A word is neither days nor times nor `off`.
    #[error("rule {rule}: `{word}` is neither a day, a time such as 08:00-18:00, nor off")]
    Word {
        /// The rule.
        rule: usize,
        /// The word.
        word: String,
    },
    /// A span of time begins where it ends, or lasts longer than a day.
    #[error("rule {rule}: `{word}` is no time of at most a day")]
    Span {
        /// The rule.
        rule: usize,
        /// The word.
        word: String,
    },
    /// A rule is both open and off, or names days behind `off`.
    #[error("rule {rule}: `{word}` does not belong there")]
    Order {
        /// The rule.
        rule: usize,
        /// The word.
        word: String,
    },
}

/// Whether something is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OpenState {
    /// It is.
    Open,
    /// It is not.
    Closed,
    /// Nobody can say: the list does not, or not in words that are understood, or it depends
    /// on whether a day is a public holiday, which no calendar tells.
    Unknown,
}

impl OpenState {
    /// The stable key.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Unknown => "unknown",
        }
    }
}

/// Opening hours by the local time of the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningHours {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Rule {
    /// Weekdays, Monday the lowest bit.
    weekdays: u8,
    /// Public holidays too.
    holidays: bool,
    /// Minutes from the midnight with which the day begins, the end excluded, up to two days.
    spans: Vec<(u16, u16)>,
    is_off: bool,
    /// Adds to what earlier rules say instead of replacing it.
    adds: bool,
}

/// Tells whether a day is a public holiday; nothing where no calendar covers it.
pub type Holidays<'a> = &'a dyn Fn(NaiveDate) -> Option<bool>;

impl OpeningHours {
    /// Reads the words of a list.
    ///
    /// # Errors
    /// [`OpeningHoursError`] names the rule and the word that is not understood.
    pub fn parse(text: &str) -> Result<Self, OpeningHoursError> {
        let found = text.chars().count();
        if text.trim().is_empty() {
            return Err(OpeningHoursError::Empty);
        }
        if found > MAX_CHARS {
            return Err(OpeningHoursError::TooLong { found });
        }
        let mut text = text.to_lowercase();
        for (theirs, ours) in WORDS {
            text = text.replace(theirs, ours);
        }
        let text = close_up(&text);
        let text = text.trim().trim_end_matches(';');
        let mut rules = Vec::new();
        for (number, rule) in (1..).zip(text.split(';')) {
            read_rule(number, rule, &mut rules)?;
        }
        Ok(Self { rules })
    }

    /// Whether it is open at a local time.
    #[must_use]
    pub fn state_at(&self, local: NaiveDateTime, holidays: Holidays<'_>) -> OpenState {
        let today = local.date();
        let yesterday = today.checked_sub_days(Days::new(1));
        let told = [Some(today), yesterday].map(|day| day.and_then(holidays));
        // What no calendar tells is tried both ways: it may make no difference.
        let ways = |told: Option<bool>| told.map_or(vec![false, true], |known| vec![known]);
        let mut states = ways(told[0]).into_iter().flat_map(|today_is| {
            ways(told[1])
                .into_iter()
                .map(move |yesterday_is| self.is_open(local, today_is, yesterday_is))
        });
        let first = states.next();
        match first {
            Some(first) if states.all(|other| other == first) => match first {
                true => OpenState::Open,
                false => OpenState::Closed,
            },
            _ => OpenState::Unknown,
        }
    }

    /// When the state changes next, within two weeks, as far as it is known until then.
    #[must_use]
    pub fn next_change(
        &self,
        local: NaiveDateTime,
        holidays: Holidays<'_>,
    ) -> Option<NaiveDateTime> {
        let now = self.state_at(local, holidays);
        let edges = self.rules.iter().flat_map(|rule| &rule.spans);
        let mut minutes: Vec<u16> = edges.flat_map(|(from, to)| [*from, *to]).collect();
        minutes.push(0);
        for minute in &mut minutes {
            *minute %= DAY_MIN;
        }
        minutes.sort_unstable();
        minutes.dedup();
        for ahead in 0..=AHEAD_DAYS {
            let day = local.date().checked_add_days(Days::new(ahead))?;
            for minute in &minutes {
                let (hour, minute) = (u32::from(minute / 60), u32::from(minute % 60));
                let at = day.and_hms_opt(hour, minute, 0)?;
                if at <= local {
                    continue;
                }
                match self.state_at(at, holidays) {
                    OpenState::Unknown => return None,
                    state if state != now => return Some(at),
                    _ => {}
                }
            }
        }
        None
    }

    fn is_open(&self, local: NaiveDateTime, is_holiday: bool, was_holiday: bool) -> bool {
        // An hour and a minute are below a day.
        let minute = u16::try_from(local.hour() * 60 + local.minute()).unwrap_or(0);
        let holds = |weekday: u32, is_holiday: bool, minute: u16| {
            let mut is_open = false;
            for rule in &self.rules {
                if rule.weekdays >> weekday & 1 == 0 && !(rule.holidays && is_holiday) {
                    continue;
                }
                let is_within = rule
                    .spans
                    .iter()
                    .any(|(from, to)| (*from..*to).contains(&minute));
                is_open = match (rule.is_off, rule.adds) {
                    (true, _) => is_open && !(rule.spans.is_empty() || is_within),
                    (false, true) => is_open || is_within,
                    (false, false) => is_within,
                };
            }
            is_open
        };
        let weekday = local.weekday().num_days_from_monday();
        holds(weekday, is_holiday, minute)
            || holds((weekday + 6) % 7, was_holiday, minute + DAY_MIN)
    }
}

/// One space between words, none around a dash, and dashes that stand alone.
fn close_up(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    let mut text = words.join(" ");
    for (wide, narrow) in [(" -", "-"), ("- ", "-"), ("--", "-")] {
        while text.contains(wide) {
            text = text.replace(wide, narrow);
        }
    }
    text
}

fn read_rule(number: usize, text: &str, rules: &mut Vec<Rule>) -> Result<(), OpeningHoursError> {
    let mut rule = Rule::default();
    let mut has_word = false;
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        has_word = true;
        let order = || OpeningHoursError::Order {
            rule: number,
            word: word.to_owned(),
        };
        let has_times = !rule.spans.is_empty() || rule.is_off;
        if let Some((weekdays, holidays)) = read_days(word) {
            if has_times {
                if rule.is_off {
                    return Err(order());
                }
                rules.push(finished(std::mem::take(&mut rule)));
                rule.adds = true;
            }
            rule.weekdays |= weekdays;
            rule.holidays |= holidays;
        } else if matches!(word, "off" | "closed") {
            if rule.is_off {
                return Err(order());
            }
            rule.is_off = true;
        } else if rule.is_off {
            return Err(order());
        } else if word == "24/7" {
            rule.spans.push((0, DAY_MIN));
        } else {
            rule.spans.push(read_span(number, word)?);
        }
    }
    if !has_word {
        return Err(OpeningHoursError::EmptyRule { rule: number });
    }
    rules.push(finished(rule));
    Ok(())
}

/// A rule without days is for all of them, one without times for all of the day.
fn finished(mut rule: Rule) -> Rule {
    if rule.weekdays == 0 && !rule.holidays {
        (rule.weekdays, rule.holidays) = (EVERY_DAY, true);
    }
    if rule.spans.is_empty() && !rule.is_off {
        rule.spans.push((0, DAY_MIN));
    }
    rule
}

/// Weekdays as bits, and whether public holidays are meant.
fn read_days(word: &str) -> Option<(u8, bool)> {
    let word = word.trim_end_matches(':');
    if word == "ph" {
        return Some((0, true));
    }
    let day = |name: &str| DAY_NAMES.iter().position(|known| *known == name);
    let (from, to) = word.split_once('-').unwrap_or((word, word));
    let (from, to) = (day(from)?, day(to)?);
    let count = (to + 7 - from) % 7;
    let bits = (0..=count).map(|ahead| 1_u8 << ((from + ahead) % 7));
    Some((bits.fold(0, |all, bit| all | bit), false))
}

fn read_span(rule: usize, word: &str) -> Result<(u16, u16), OpeningHoursError> {
    let minute = |text: &str| -> Option<u16> {
        let (hour, minute) = text.split_once(':')?;
        let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if !(1..=2).contains(&hour.len()) || minute.len() != 2 {
            return None;
        }
        if !is_number(hour) || !is_number(minute) {
            return None;
        }
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (minute < 60 && hour <= 48).then_some(hour * 60 + minute)
    };
    let both = word.split_once('-');
    let both = both.and_then(|(from, to)| Some((minute(from)?, minute(to)?)));
    let word = || word.to_owned();
    let Some((from, mut to)) = both else {
        return Err(OpeningHoursError::Word { rule, word: word() });
    };
    if to < from {
        to += DAY_MIN;
    }
    // A span of nothing may be meant as a whole day or as none.
    if from >= DAY_MIN || to == from || to - from > DAY_MIN {
        return Err(OpeningHoursError::Span { rule, word: word() });
    }
    Ok((from, to))
}

#[cfg(test)]
mod tests;
