//! The hours of a working day: a city's policy, by season.
//!
//! A season begins on its month and day and lasts until the next one begins; before the first
//! of the year the default holds. So hours never depend on the year before. A period stays
//! inside its day: a night shift is not office hours.

use std::fmt;

use thiserror::Error;

/// Minutes of a day.
const DAY_MIN: u16 = 24 * 60;
/// Periods that a day may have.
const MAX_PERIODS: usize = 8;
/// Seasons beside the default.
const MAX_SEASONS: usize = 4;

/// Working time from one minute of the day to another, the end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    from_min: u16,
    to_min: u16,
}

impl Period {
    /// Minutes after midnight at which it begins, 0..1440.
    #[must_use]
    pub fn from_min(self) -> u16 {
        self.from_min
    }

    /// Minutes after midnight at which it ends, above `from_min` and at most 1440.
    #[must_use]
    pub fn to_min(self) -> u16 {
        self.to_min
    }
}

/// The periods of one working day, in order and apart; there is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayHours(Vec<Period>);

/// Hours that begin to hold on a month and day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Season {
    /// Month 1..=12 and day; 29 February stands for 1 March in a year that has none.
    pub from: MonthDay,
    /// The hours of its working days.
    pub hours: DayHours,
}

/// A day of some year, 29 February included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthDay {
    month: u8,
    day: u8,
}

/// A city's hours through the year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingHours {
    default: DayHours,
    seasons: Vec<Season>,
}

/// Why hours are none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HoursError {
    /// It is no period.
    #[error("{text:?} is no period; one looks like 08:00-12:00")]
    Period {
        /// What stands there.
        text: String,
    },
    /// Its end is not after its beginning.
    #[error("{text:?} ends before it has begun; a period stays inside its day")]
    Backwards {
        /// What stands there.
        text: String,
    },
    /// It begins before the one before it has ended.
    #[error("{text:?} overlaps the period before it, or comes before it")]
    Overlap {
        /// What stands there.
        text: String,
    },
    /// A day has none, or more than eight.
    #[error("a day has 1 to {MAX_PERIODS} periods, not {found}")]
    PeriodCount {
        /// How many there are.
        found: usize,
    },
    /// It is no month and day.
    #[error("{text:?} is no month and day; one looks like 06-01")]
    MonthDay {
        /// What stands there.
        text: String,
    },
    /// Two seasons begin on one day.
    #[error("two seasons begin on {from}")]
    SeasonTwice {
        /// The day.
        from: MonthDay,
    },
    /// The default is given twice.
    #[error("the hours without a season are given twice")]
    DefaultTwice,
    /// More than four seasons.
    #[error("a year has at most {MAX_SEASONS} seasons beside the default, not {found}")]
    SeasonCount {
        /// How many there are.
        found: usize,
    },
}

impl MonthDay {
    /// Reads `MM-DD`.
    ///
    /// # Errors
    /// [`HoursError::MonthDay`] for anything else, and for a day that no year has.
    pub fn parse(text: &str) -> Result<Self, HoursError> {
        let refused = || HoursError::MonthDay {
            text: text.to_owned(),
        };
        let (month, day) = two_numbers(text, '-').ok_or_else(refused)?;
        let days = match month {
            2 => 29,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        match (u8::try_from(month), u8::try_from(day)) {
            (Ok(month), Ok(day)) if (1..=days).contains(&day) => Ok(Self { month, day }),
            _ => Err(refused()),
        }
    }

    /// True when the season that begins here has begun on the given month and day.
    #[must_use]
    pub fn has_begun(self, month: u32, day: u32) -> bool {
        (u32::from(self.month), u32::from(self.day)) <= (month, day)
    }
}

impl fmt::Display for MonthDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

impl DayHours {
    /// Reads `08:00-12:00,14:00-18:00`; `24:00` ends a day.
    ///
    /// # Errors
    /// [`HoursError`] for what is no period, or is not after the one before it.
    pub fn parse(text: &str) -> Result<Self, HoursError> {
        let mut periods = Vec::new();
        for text in text.split(',') {
            let text = text.trim();
            let period = period(text)?;
            let is_after = periods
                .last()
                .is_none_or(|before: &Period| before.to_min <= period.from_min);
            if !is_after {
                return Err(HoursError::Overlap {
                    text: text.to_owned(),
                });
            }
            periods.push(period);
        }
        if periods.len() > MAX_PERIODS {
            return Err(HoursError::PeriodCount {
                found: periods.len(),
            });
        }
        Ok(Self(periods))
    }

    /// The periods in their order.
    #[must_use]
    pub fn periods(&self) -> &[Period] {
        &self.0
    }

    /// Milliseconds of working time in a day, 60,000..=86,400,000.
    #[must_use]
    pub fn length_ms(&self) -> u64 {
        self.0.iter().map(|p| ms(p.to_min) - ms(p.from_min)).sum()
    }

    /// Milliseconds of working time before a moment of the day.
    #[must_use]
    pub fn worked_ms(&self, of_day_ms: u64) -> u64 {
        self.0
            .iter()
            .map(|p| of_day_ms.clamp(ms(p.from_min), ms(p.to_min)) - ms(p.from_min))
            .sum()
    }

    /// The first moment of the day by which so much has been worked; its end for more than
    /// the day has.
    #[must_use]
    pub fn moment_ms(&self, worked_ms: u64) -> u64 {
        let mut left_ms = worked_ms;
        let mut end_ms = 0;
        for period in &self.0 {
            let length_ms = ms(period.to_min) - ms(period.from_min);
            if left_ms <= length_ms {
                return ms(period.from_min) + left_ms;
            }
            left_ms -= length_ms;
            end_ms = ms(period.to_min);
        }
        end_ms
    }
}

impl fmt::Display for DayHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, period) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let (from, to) = (period.from_min, period.to_min);
            let (from_h, from_m, to_h, to_m) = (from / 60, from % 60, to / 60, to % 60);
            write!(f, "{comma}{from_h:02}:{from_m:02}-{to_h:02}:{to_m:02}")?;
        }
        Ok(())
    }
}

impl Default for WorkingHours {
    /// 08:00–12:00 and 14:00–18:00 through the year.
    fn default() -> Self {
        let period = |from_h: u16, to_h: u16| Period {
            from_min: from_h * 60,
            to_min: to_h * 60,
        };
        Self {
            default: DayHours(vec![period(8, 12), period(14, 18)]),
            seasons: Vec::new(),
        }
    }
}

impl WorkingHours {
    /// Hours with seasons, in any order.
    ///
    /// # Errors
    /// [`HoursError`] for two seasons that begin on one day, and for more than four.
    pub fn try_new(default: DayHours, mut seasons: Vec<Season>) -> Result<Self, HoursError> {
        seasons.sort_by_key(|season| season.from);
        if let Some(pair) = seasons.windows(2).find(|w| w[0].from == w[1].from) {
            return Err(HoursError::SeasonTwice { from: pair[0].from });
        }
        if seasons.len() > MAX_SEASONS {
            return Err(HoursError::SeasonCount {
                found: seasons.len(),
            });
        }
        Ok(Self { default, seasons })
    }

    /// Reads hours as a person types them: `08:00-12:00,14:00-18:00` for the default,
    /// `06-01=08:00-12:00,15:00-19:00` for a season. Without a default, 8 to 12 and 14 to 18.
    ///
    /// # Errors
    /// [`HoursError`] as the parts and [`Self::try_new`] say.
    pub fn parse(texts: &[String]) -> Result<Self, HoursError> {
        let mut default = None;
        let mut seasons = Vec::new();
        for text in texts {
            if let Some((from, hours)) = text.split_once('=') {
                seasons.push(Season {
                    from: MonthDay::parse(from.trim())?,
                    hours: DayHours::parse(hours)?,
                });
            } else if default.replace(DayHours::parse(text)?).is_some() {
                return Err(HoursError::DefaultTwice);
            }
        }
        Self::try_new(default.unwrap_or(Self::default().default), seasons)
    }

    /// The hours before the first season of a year.
    #[must_use]
    pub fn default_hours(&self) -> &DayHours {
        &self.default
    }

    /// The seasons in the order of the year.
    #[must_use]
    pub fn seasons(&self) -> &[Season] {
        &self.seasons
    }
}

fn ms(minutes: u16) -> u64 {
    u64::from(minutes) * 60_000
}

fn period(text: &str) -> Result<Period, HoursError> {
    let refused = || HoursError::Period {
        text: text.to_owned(),
    };
    let (from, to) = text.split_once(['-', '–']).ok_or_else(refused)?;
    let minute = |text: &str| {
        let (hour, minute) = two_numbers(text.trim(), ':')?;
        let of_day = hour * 60 + minute;
        (minute < 60 && of_day <= DAY_MIN).then_some(of_day)
    };
    let (Some(from_min), Some(to_min)) = (minute(from), minute(to)) else {
        return Err(refused());
    };
    if from_min >= to_min {
        return Err(HoursError::Backwards {
            text: text.to_owned(),
        });
    }
    Ok(Period { from_min, to_min })
}

/// `dd` and `dd` around a mark.
fn two_numbers(text: &str, mark: char) -> Option<(u16, u16)> {
    let (a, b) = text.split_once(mark)?;
    let number = |text: &str| {
        let is_plain = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        is_plain.then(|| text.parse().ok()).flatten()
    };
    Some((number(a)?, number(b)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(texts: &[&str]) -> String {
        let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
        WorkingHours::parse(&texts)
            .expect_err("the hours are wrong")
            .to_string()
    }

    #[test]
    fn parse_prints_back_what_it_read() {
        let texts = ["08:00-12:00,14:00-18:00", "00:00-24:00", "09:30-09:31"];
        for text in texts {
            assert_eq!(DayHours::parse(text).expect("hours").to_string(), text);
        }
        let hours = WorkingHours::parse(&["10-01=09:00-17:00".into(), "06-01=08:00-12:00".into()]);
        let hours = hours.expect("hours");
        assert_eq!(
            hours.default_hours(),
            WorkingHours::default().default_hours()
        );
        let from: Vec<_> = hours.seasons().iter().map(|s| s.from.to_string()).collect();
        assert_eq!(from, ["06-01", "10-01"]);
    }

    #[test]
    fn moment_is_the_earliest_at_a_break() {
        let hours = DayHours::parse("08:00-12:00,14:00-18:00").expect("hours");
        let at = |hour: u64| hour * 3_600_000;
        assert_eq!(hours.length_ms(), at(8));
        assert_eq!(hours.moment_ms(at(4)), at(12));
        assert_eq!(hours.moment_ms(at(4) + 1), at(14) + 1);
        assert_eq!(hours.moment_ms(at(8)), at(18));
        assert_eq!(hours.worked_ms(at(13)), at(4));
        assert_eq!(hours.worked_ms(at(24)), at(8));
    }

    #[test]
    fn parse_says_what_is_wrong_just_outside_each_bound() {
        for (texts, said) in [
            (vec!["8:00-12:00"], "no period"),
            (vec!["08:00-24:01"], "no period"),
            (vec!["08:60-12:00"], "no period"),
            (vec!["12:00-12:00"], "ends before"),
            (vec!["22:00-06:00"], "inside its day"),
            (vec!["08:00-12:00,11:59-18:00"], "overlaps"),
            (vec!["02-30=08:00-12:00"], "month and day"),
            (vec!["00-01=08:00-12:00"], "month and day"),
            (vec!["08:00-12:00", "09:00-12:00"], "twice"),
            (vec!["02-29=08:00-12:00", "02-29=09:00-12:00"], "02-29"),
            (vec![""], "no period"),
        ] {
            let told = refused(&texts);
            assert!(told.contains(said), "{texts:?}: {told}");
        }
        let many: Vec<_> = (1..=5).map(|m| format!("0{m}-01=08:00-12:00")).collect();
        assert_eq!(
            WorkingHours::parse(&many),
            Err(HoursError::SeasonCount { found: 5 })
        );
        let many: Vec<_> = (0..9).map(|h| format!("0{h}:00-0{h}:30")).collect();
        assert_eq!(
            DayHours::parse(&many.join(",")),
            Err(HoursError::PeriodCount { found: 9 })
        );
    }
}
