//! The time limit (处置时限) as duty lists word it: `4小时`, `2个工作日`, `1紧急工作时制止`.
//!
//! What is understood, white space and full width aside: a number with at most six decimals,
//! a unit, and what follows a limit in real lists (`内`, `制止`, `修复` …). Anything with 紧急
//! runs around the clock, whatever its unit. Whether a bare 小时, 分钟 or 天 is working time
//! is the city's to say ([`ClockPolicy`]), so a limit keeps what
//! it was. Nothing is guessed: `3个半小时`, `三天` and `1天或2天` are refused, with what would be
//! right where that can be told.
//!
//! Source: DOMAIN "The clock"; Yuncheng's published duty list.
//!
//! [`ClockPolicy`]: crate::rules::clock::ClockPolicy

use thiserror::Error;

/// Milliseconds of an hour.
const HOUR_MS: u64 = 3_600_000;
/// Milliseconds of a day around the clock.
const DAY_MS: u64 = 24 * HOUR_MS;
/// The longest limit in days, of whichever kind: ten years.
const MAX_DAYS: u64 = 3_650;
/// Decimals that a number may have.
const DECIMALS: u32 = 6;
/// `1` in the units of [`number`]: millionths.
const ONE: u64 = 1_000_000;
/// Characters of a wording that an error repeats.
const TOLD_CHARS: usize = 40;

/// How long something may take, and on which clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Working time (工作时) in milliseconds.
    Working {
        /// Milliseconds.
        ms: u64,
    },
    /// Working days (工作日), in millionths of one: a day counts what it has of hours.
    WorkingDays {
        /// Millionths of a working day.
        millionths: u64,
    },
    /// Hours or minutes without a word on which: the city's policy decides.
    Bare {
        /// Milliseconds.
        ms: u64,
    },
    /// Days without a word on which: the city's policy decides.
    BareDays {
        /// Millionths of a day.
        millionths: u64,
    },
    /// Around the clock in milliseconds: anything urgent (紧急), and natural days (自然日).
    Continuous {
        /// Milliseconds.
        ms: u64,
    },
}

/// A time limit and the words that it was read from. It is above zero and at most ten years.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    span: Span,
    wording: String,
}

/// Why a wording is no limit. Each carries the wording, cut after 40 characters; whoever
/// reads a file adds the row.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LimitError {
    /// The wording is not one that is known.
    #[error(
        "{wording:?} is not understood; a limit is a number and a unit, as 4小时, 2工作时, \
         30分钟, 1.5工作日, 3自然日 or 2紧急工作时"
    )]
    Unknown {
        /// What stands there.
        wording: String,
    },
    /// The wording may mean something, and says it in a way that is not exact.
    #[error("{wording:?} is not understood; if it means that, write {instead}")]
    Inexact {
        /// What stands there.
        wording: String,
        /// What would be right.
        instead: String,
    },
    /// There is no wording.
    #[error("no limit is given; one looks like 4小时, 5工作日 or 2紧急工作时")]
    Empty,
    /// A limit of nothing is none.
    #[error("{wording:?} is no time at all")]
    Zero {
        /// What stands there.
        wording: String,
    },
    /// More than ten years.
    #[error("{wording:?} is more than {MAX_DAYS} days")]
    TooLong {
        /// What stands there.
        wording: String,
    },
    /// More decimals than six, or not a whole number of milliseconds.
    #[error("{wording:?} is finer than a millisecond or has more than {DECIMALS} decimals")]
    TooFine {
        /// What stands there.
        wording: String,
    },
}

/// Which clock a unit speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Working,
    Bare,
    Natural,
}

/// The units, a longer one before what it begins with: name, kind, milliseconds of one
/// around the clock.
const UNITS: [(&str, Kind, u64); 16] = [
    ("工作小时", Kind::Working, HOUR_MS),
    ("工作分钟", Kind::Working, HOUR_MS / 60),
    ("工作时", Kind::Working, HOUR_MS),
    ("工作日", Kind::Working, DAY_MS),
    ("工作天", Kind::Working, DAY_MS),
    ("自然小时", Kind::Natural, HOUR_MS),
    ("自然日", Kind::Natural, DAY_MS),
    ("自然天", Kind::Natural, DAY_MS),
    ("日历日", Kind::Natural, DAY_MS),
    ("日历天", Kind::Natural, DAY_MS),
    ("个小时", Kind::Bare, HOUR_MS),
    ("小时", Kind::Bare, HOUR_MS),
    ("分钟", Kind::Bare, HOUR_MS / 60),
    ("秒钟", Kind::Bare, 1_000),
    ("天", Kind::Bare, DAY_MS),
    ("日", Kind::Bare, DAY_MS),
];

/// What may follow a limit: within it, what is to be done, and that it is then finished.
const WITHIN: [&str; 3] = ["以内", "之内", "内"];
const VERBS: [&str; 25] = [
    "制止", "处置", "处理", "修复", "恢复", "维修", "维护", "更换", "清理", "清除", "清运", "清洗",
    "整改", "纠正", "拆除", "取缔", "补装", "补齐", "扶正", "安装", "排除", "解决", "办结", "响应",
    "到场",
];
const FINISHED: [&str; 3] = ["完毕", "完成", "到位"];

impl Limit {
    /// Reads a duty list's wording.
    ///
    /// # Errors
    /// [`LimitError`] for a wording that is not understood, for zero, for more than ten years,
    /// and for what is not a whole number of milliseconds.
    pub fn parse(wording: &str) -> Result<Self, LimitError> {
        let wording = wording.trim();
        let told = || shortened(wording);
        let unknown = || match instead(&narrow(wording)) {
            Some(instead) => LimitError::Inexact {
                wording: told(),
                instead,
            },
            None => LimitError::Unknown { wording: told() },
        };
        if wording.is_empty() {
            return Err(LimitError::Empty);
        }
        if wording.chars().nth(TOLD_CHARS).is_some() {
            return Err(unknown());
        }
        let (plain, is_urgent) = without_urgency(&narrow(wording));
        let (amount, rest) = match number(&plain) {
            Ok(read) => read,
            Err(Digits::None) => return Err(unknown()),
            Err(Digits::TooMany) => return Err(LimitError::TooLong { wording: told() }),
            Err(Digits::TooFine) => return Err(LimitError::TooFine { wording: told() }),
        };
        let rest = rest.strip_prefix('个').unwrap_or(rest);
        let (kind, unit_ms, tail) = unit(rest).ok_or_else(unknown)?;
        if !is_tail(tail) {
            return Err(unknown());
        }
        if amount == 0 {
            return Err(LimitError::Zero { wording: told() });
        }
        let scaled_ms = u128::from(amount) * u128::from(unit_ms);
        if scaled_ms > u128::from(MAX_DAYS * DAY_MS) * u128::from(ONE) {
            return Err(LimitError::TooLong { wording: told() });
        }
        let is_continuous = is_urgent || kind == Kind::Natural;
        let span = if unit_ms == DAY_MS && !is_continuous {
            let millionths = amount;
            match kind {
                Kind::Bare => Span::BareDays { millionths },
                Kind::Working | Kind::Natural => Span::WorkingDays { millionths },
            }
        } else {
            if scaled_ms % u128::from(ONE) != 0 {
                return Err(LimitError::TooFine { wording: told() });
            }
            // Ten years of milliseconds at most, as was just checked.
            let ms = u64::try_from(scaled_ms / u128::from(ONE)).unwrap_or(u64::MAX);
            match kind {
                _ if is_continuous => Span::Continuous { ms },
                Kind::Bare => Span::Bare { ms },
                Kind::Working | Kind::Natural => Span::Working { ms },
            }
        };
        Ok(Self {
            span,
            wording: wording.to_owned(),
        })
    }

    /// How long, and on which clock.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// The words that it was read from, without white space around them.
    #[must_use]
    pub fn wording(&self) -> &str {
        &self.wording
    }
}

/// What would be right instead of a half, a number in words, or a span of no fixed length.
fn instead(plain: &str) -> Option<String> {
    let (count, rest) = match digits(plain) {
        ("", _) => number_in_words(plain),
        (count, rest) => count.parse().ok().map(|count| (count, rest)),
    }
    .unwrap_or((0, plain));
    let rest = rest.strip_prefix('个').unwrap_or(rest);
    let (is_half, rest) = match rest.strip_prefix('半') {
        Some(rest) => (true, rest.strip_prefix('个').unwrap_or(rest)),
        None => (false, rest),
    };
    let (plain_rest, is_urgent) = without_urgency(rest);
    let urgent = if is_urgent { "紧急" } else { "" };
    for (name, days, working_days) in [("月", 30, 22), ("周", 7, 5), ("星期", 7, 5)] {
        if count > 0 && count <= 12 && !is_half && plain_rest == name {
            let (days, working_days) = (count * days, count * working_days);
            return Some(format!("{days}自然日 or {working_days}工作日"));
        }
    }
    let (_, unit_ms, tail) = unit(&plain_rest)?;
    let name = &plain_rest[..plain_rest.len() - tail.len()];
    let (is_half, tail) = match tail.strip_prefix('半') {
        Some(tail) => (true, tail),
        None => (is_half, tail),
    };
    if !is_tail(tail) || (count == 0 && !is_half) {
        return None;
    }
    if !is_half {
        // Digits that were not understood have another fault.
        return digits(plain)
            .0
            .is_empty()
            .then(|| format!("{count}{urgent}{name}"));
    }
    let decimal = format!("{count}.5{urgent}{name}");
    Some(match (unit_ms, name) {
        (HOUR_MS, "小时") => format!("{}{urgent}分钟 or {decimal}", count * 60 + 30),
        _ => decimal,
    })
}

/// A number below a hundred in words, and what follows it.
fn number_in_words(text: &str) -> Option<(u64, &str)> {
    let digit = |c: char| match c {
        '两' => Some(2),
        _ => "零一二三四五六七八九".chars().position(|d| d == c),
    };
    let end = text.find(|c: char| c != '十' && digit(c).is_none());
    let (words, rest) = text.split_at(end.unwrap_or(text.len()));
    let worth = |part: &str| {
        let mut digits = part.chars().map(digit);
        match (digits.next(), digits.next()) {
            (Some(one), None) => one,
            _ => None,
        }
    };
    let count = match words.split_once('十') {
        None => worth(words)?,
        Some((tens, ones)) => {
            let tens = if tens.is_empty() { 1 } else { worth(tens)? };
            let ones = if ones.is_empty() { 0 } else { worth(ones)? };
            tens * 10 + ones
        }
    };
    Some((count as u64, rest))
}

fn shortened(wording: &str) -> String {
    match wording.char_indices().nth(TOLD_CHARS) {
        Some((end, _)) => format!("{}…", &wording[..end]),
        None => wording.to_owned(),
    }
}

/// Without white space, and in half width.
fn narrow(wording: &str) -> String {
    let narrow = |c: char| match c {
        '０'..='９' | '．' | '（' | '）' => u32::from(c)
            .checked_sub(0xFEE0)
            .and_then(char::from_u32)
            .unwrap_or(c),
        _ => c,
    };
    wording
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(narrow)
        .collect()
}

/// Takes 紧急 out, in brackets or not, and tells whether it was there.
fn without_urgency(plain: &str) -> (String, bool) {
    for mark in ["(紧急)", "紧急"] {
        if plain.contains(mark) {
            return (plain.replacen(mark, "", 1), true);
        }
    }
    (plain.to_owned(), false)
}

enum Digits {
    None,
    TooMany,
    TooFine,
}

/// The number at the beginning in millionths, and what follows it.
fn number(text: &str) -> Result<(u64, &str), Digits> {
    let (whole, rest) = digits(text);
    if whole.is_empty() {
        return Err(Digits::None);
    }
    let (decimals, rest) = match rest.strip_prefix('.').map(digits) {
        Some(("", _)) => return Err(Digits::None),
        Some((decimals, rest)) => (decimals.trim_end_matches('0'), rest),
        None => ("", rest),
    };
    let missing = DECIMALS
        .checked_sub(u32::try_from(decimals.len()).unwrap_or(u32::MAX))
        .ok_or(Digits::TooFine)?;
    let fraction = decimals.parse::<u64>().unwrap_or(0) * 10_u64.pow(missing);
    let amount = whole
        .parse::<u64>()
        .ok()
        .and_then(|whole| whole.checked_mul(ONE)?.checked_add(fraction))
        .ok_or(Digits::TooMany)?;
    Ok((amount, rest))
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}

fn unit(text: &str) -> Option<(Kind, u64, &str)> {
    UNITS
        .iter()
        .find_map(|(name, kind, ms)| text.strip_prefix(name).map(|rest| (*kind, *ms, rest)))
}

fn is_tail(tail: &str) -> bool {
    let without = |text, words: &[&str]| -> &str {
        words
            .iter()
            .find_map(|word| str::strip_prefix(text, word))
            .unwrap_or(text)
    };
    without(without(without(tail, &WITHIN), &VERBS), &FINISHED).is_empty()
}

#[cfg(test)]
mod tests;
