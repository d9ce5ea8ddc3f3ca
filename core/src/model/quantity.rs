//! Fix six, quantity (定量): what a period asks for, in exact thousandths of a unit.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// How many of something, in thousandths of its unit, at most 10^9 units: 8.5 km are 8,500.
/// It is not a share. In JSON it is written as a decimal text and read from one or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Thousandths(u64);

/// Why a text or a number is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AmountError {
    /// Not decimal digits with at most three after the point.
    #[error("`{0}` is not an amount: digits, with at most three after a point")]
    Form(String),
    /// More than 10^9 units.
    #[error("an amount of more than 1000000000 units")]
    TooMuch,
    /// Not a fraction from 0 to 1 with a denominator of 1 to 1,000,000.
    #[error("{numerator}/{denominator} is not a part of full time")]
    Proration {
        /// The part.
        numerator: u32,
        /// The whole.
        denominator: u32,
    },
    /// A text that is no part of full duty.
    #[error("`{0}` is not a part of full duty: write 1/2, 0.5 or 50%, above 0 and at most 1")]
    Part(String),
    /// An exact part whose denominator is larger than a proration may have.
    #[error("a part of full time finer than 1/1000000")]
    TooFine,
}

impl Thousandths {
    /// The most that is an amount.
    pub const MAX: Self = Self(1_000_000_000_000);

    /// An amount given in thousandths of its unit.
    ///
    /// # Errors
    /// [`AmountError::TooMuch`] beyond [`Thousandths::MAX`].
    pub fn try_new(thousandths: u64) -> Result<Self, AmountError> {
        let amount = Self(thousandths);
        (amount <= Self::MAX)
            .then_some(amount)
            .ok_or(AmountError::TooMuch)
    }

    /// An amount of whole units: reports, loops, tasks.
    ///
    /// # Errors
    /// [`AmountError::TooMuch`] beyond [`Thousandths::MAX`].
    pub fn of_units(units: u64) -> Result<Self, AmountError> {
        let thousandths = units.checked_mul(1000).ok_or(AmountError::TooMuch)?;
        Self::try_new(thousandths)
    }

    /// The amount in thousandths of its unit.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

impl FromStr for Thousandths {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let form = || AmountError::Form(text.to_owned());
        let (units, rest) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(units) || !digits(rest) || rest.len() > 3 {
            return Err(form());
        }
        // Only too many digits are left to go wrong.
        let units: u64 = units.parse().map_err(|_| AmountError::TooMuch)?;
        let rest: u64 = format!("{rest:0<3}").parse().map_err(|_| form())?;
        Self::try_new(Self::of_units(units)?.0 + rest)
    }
}

impl fmt::Display for Thousandths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0 / 1000)?;
        match self.0 % 1000 {
            0 => Ok(()),
            rest => write!(f, ".{}", format!("{rest:03}").trim_end_matches('0')),
        }
    }
}

impl Serialize for Thousandths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Thousandths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "an amount: a number or a decimal text")]
        enum Written {
            Text(String),
            // It prints the shortest decimal that reads back, which is what was written.
            Number(serde_json::Number),
        }
        let text = match Written::deserialize(deserializer)? {
            Written::Text(text) => text,
            Written::Number(number) => number.to_string(),
        };
        text.parse().map_err(de::Error::custom)
    }
}

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuotaKey {
    /// Unique valid reports.
    Reports,
    /// Kilometres of planned route walked.
    Km,
    /// Loops of the route completed.
    Loops,
    /// Verification and check tasks answered.
    Tasks,
}

impl QuotaKey {
    /// Every key, in the order of a printed sheet.
    pub const ALL: [Self; 4] = [Self::Reports, Self::Km, Self::Loops, Self::Tasks];

    /// The key in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reports => "reports",
            Self::Km => "km",
            Self::Loops => "loops",
            Self::Tasks => "tasks",
        }
    }
}

impl fmt::Display for QuotaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One item of a quota: how much of what a full period asks for, and what it weighs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaItem {
    /// Of what.
    pub key: QuotaKey,
    /// How much a full period asks for; zero makes the item not applicable.
    pub quota: Thousandths,
    /// Its share of the score, per mille.
    pub weight_permille: u32,
    /// True when more than the quota counts as the quota.
    #[serde(default = "capped")]
    pub is_capped: bool,
}

fn capped() -> bool {
    true
}

/// The part of a period that was owed, after leave and at part-time: `7/10` owes seven
/// tenths of each quota, `0/10` owes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Proration {
    numerator: u32,
    denominator: u32,
}

impl Proration {
    /// The whole period.
    pub const FULL: Self = Self {
        numerator: 1,
        denominator: 1,
    };
    /// The largest denominator: enough for the minutes of a year.
    pub const MAX_DENOMINATOR: u32 = 1_000_000;

    /// Checks that it is a part of a whole.
    ///
    /// # Errors
    /// [`AmountError::Proration`] when it is more than all, or of nothing.
    pub fn try_new(numerator: u32, denominator: u32) -> Result<Self, AmountError> {
        let is_part =
            numerator <= denominator && (1..=Self::MAX_DENOMINATOR).contains(&denominator);
        is_part
            .then_some(Self {
                numerator,
                denominator,
            })
            .ok_or(AmountError::Proration {
                numerator,
                denominator,
            })
    }

    /// The largest denominator of a part of full duty that a person writes.
    pub const MAX_WRITTEN_DENOMINATOR: u32 = 1_000;

    /// The part in lowest terms.
    ///
    /// # Errors
    /// [`AmountError::TooFine`] when its denominator is then still too large;
    /// [`AmountError::Proration`] when it is more than all, or of nothing.
    pub fn reduced(numerator: u128, denominator: u128) -> Result<Self, AmountError> {
        let divisor = gcd(numerator, denominator).max(1);
        let (numerator, denominator) = (numerator / divisor, denominator / divisor);
        let narrow = |n: u128| u32::try_from(n).map_err(|_| AmountError::TooFine);
        if denominator > u128::from(Self::MAX_DENOMINATOR) {
            return Err(AmountError::TooFine);
        }
        Self::try_new(narrow(numerator)?, narrow(denominator)?)
    }

    /// Numerator and denominator.
    #[must_use]
    pub fn parts(self) -> (u32, u32) {
        (self.numerator, self.denominator)
    }
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Reads a part of full duty, `1/2`, `0.5` or `50%`, above 0 and at most 1, in full-width
/// characters too, exactly and in lowest terms.
impl FromStr for Proration {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let plain: String = text.trim().chars().map(half_width).collect();
        let read = || {
            let (over, of) = if let Some((over, of)) = plain.split_once('/') {
                (decimal(over)?, decimal(of)?)
            } else if let Some(percent) = plain.strip_suffix('%') {
                (decimal(percent)?, (100, 1))
            } else {
                (decimal(&plain)?, (1, 1))
            };
            let part = Self::reduced(over.0 * of.1, over.1 * of.0).ok()?;
            let is_written = part.denominator <= Self::MAX_WRITTEN_DENOMINATOR;
            (is_written && part.numerator > 0).then_some(part)
        };
        read().ok_or_else(|| AmountError::Part(text.to_owned()))
    }
}

/// The part as [`FromStr`] reads it, such as `1/2`.
impl fmt::Display for Proration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

/// Digits and signs of Chinese keyboards as ASCII has them.
fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    }
}

/// A decimal of at most six digits before and after the point, as a fraction.
fn decimal(text: &str) -> Option<(u128, u128)> {
    let (units, rest) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let is_digits = |t: &str| t.len() <= 6 && t.bytes().all(|b| b.is_ascii_digit());
    if units.is_empty() || !is_digits(units) || !is_digits(rest) {
        return None;
    }
    let digits: u128 = format!("{units}{rest}").parse().ok()?;
    Some((digits, 10_u128.pow(u32::try_from(rest.len()).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amount_reads_text_and_numbers_exactly_and_prints_the_shortest() {
        for (json, thousandths, printed) in [
            ("\"8.5\"", 8_500, "8.5"),
            ("8.5", 8_500, "8.5"),
            ("12", 12_000, "12"),
            ("0.001", 1, "0.001"),
            ("\"1000000000\"", 1_000_000_000_000, "1000000000"),
        ] {
            let amount: Thousandths = serde_json::from_str(json).expect("an amount");
            assert_eq!(amount.get(), thousandths);
            assert_eq!(amount.to_string(), printed);
        }
    }

    #[test]
    fn amount_of_another_form_or_just_too_large_is_refused() {
        for json in [
            "-1",
            "\"-1\"",
            "\"+1\"",
            "1e30",
            "\"1e3\"",
            "0.0001",
            "\"1.\"",
            "\".5\"",
            "\"\"",
            "null",
            "true",
            "\"1000000000.001\"",
            "\"99999999999999999999999\"",
        ] {
            assert!(serde_json::from_str::<Thousandths>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn proration_is_a_part_of_something() {
        assert!(Proration::try_new(0, 1).is_ok());
        assert!(Proration::try_new(1_000_000, 1_000_000).is_ok());
        assert!(Proration::try_new(2, 1).is_err());
        assert!(Proration::try_new(0, 0).is_err());
        assert!(Proration::try_new(1, 1_000_001).is_err());
    }

    #[test]
    fn part_of_full_duty_is_read_exactly_in_each_of_its_forms() {
        for (text, printed) in [
            ("1/2", "1/2"),
            ("2/4", "1/2"),
            ("0.5", "1/2"),
            (" 50% ", "1/2"),
            ("５０％", "1/2"),
            ("37.5%", "3/8"),
            ("0.125", "1/8"),
            ("1/3", "1/3"),
            ("1", "1/1"),
            ("100%", "1/1"),
            ("0.001", "1/1000"),
        ] {
            let part: Proration = text.parse().expect(text);
            assert_eq!(part.to_string(), printed, "{text}");
            assert_eq!(part.to_string().parse(), Ok(part));
        }
        assert_eq!("1".parse(), Ok(Proration::FULL));
        for text in [
            "",
            "0",
            "0%",
            "0/3",
            "3/2",
            "1.01",
            "101%",
            "50",
            "是",
            "-1/2",
            "1/0",
            "1/2/3",
            ".5",
            "0.0001",
            "1/1001",
            "1e0",
            "9999999/9999999",
        ] {
            assert!(text.parse::<Proration>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_key_of_a_quota_is_written_as_it_is_read() {
        for key in QuotaKey::ALL {
            let json = serde_json::to_string(&key).expect("a key");
            assert_eq!(json, format!("\"{}\"", key.as_str()));
        }
        assert!(serde_json::from_str::<QuotaKey>("\"photos\"").is_err());
    }
}
