//! Fix seven, quality (定质): who is measured, by which indicators, and what an indicator is:
//! a numerator that is a part of its denominator.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Who or what is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// An inspector (网格员).
    Inspector,
    /// An accepting clerk (受理员).
    AcceptingClerk,
    /// A shift head (值班长).
    ShiftHead,
    /// A dispatcher (派遣员).
    Dispatcher,
    /// A department that repairs (处置部门).
    Department,
    /// A cell, or all cells whose codes begin so.
    Grid,
}

impl SubjectKind {
    /// Every kind, in the order of a printed sheet.
    pub const ALL: [Self; 6] = [
        Self::Inspector,
        Self::AcceptingClerk,
        Self::ShiftHead,
        Self::Dispatcher,
        Self::Department,
        Self::Grid,
    ];

    /// The key in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inspector => "inspector",
            Self::AcceptingClerk => "accepting_clerk",
            Self::ShiftHead => "shift_head",
            Self::Dispatcher => "dispatcher",
            Self::Department => "department",
            Self::Grid => "grid",
        }
    }

    /// Reads the key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// True when the subject is a person.
    #[must_use]
    pub fn is_person(self) -> bool {
        !matches!(self, Self::Department | Self::Grid)
    }
}

/// What can be counted of a subject. Each is a share of counted things, but for the volumes,
/// which are a count that steps turn into points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndicatorKey {
    /// Own reports that were filed, of own reports.
    Valid,
    /// Problems confirmed as missed, of all filed in the inspector's cells.
    Missed,
    /// Verifications answered in time, of those due.
    Verification,
    /// Checks answered in time, of those due.
    Check,
    /// Verified public complaints, of those filed.
    Complaint,
    /// How many cases were filed.
    FiledVolume,
    /// Closed, of those due.
    Closing,
    /// Handed back in time, of those due.
    OnTimeHandling,
    /// Closed in time, of those due.
    OnTimeClosing,
    /// Sent back, of those due for closing.
    Rework,
    /// How many cases were accepted.
    AcceptedVolume,
    /// Verifications sent in time, of those due.
    VerificationsSent,
    /// Checks sent in time, of those due.
    ChecksSent,
    /// Filed in time, of those due.
    FiledOnTime,
    /// Filed correctly, of those filed.
    FiledCorrectly,
    /// Closed in time by the seat, of those due.
    ClosedOnTime,
    /// How many cases were dispatched.
    DispatchedVolume,
    /// Dispatched in time, of those due.
    DispatchedOnTime,
    /// Dispatched to the right department, of those dispatched.
    DispatchedCorrectly,
}

impl IndicatorKey {
    /// Every key.
    pub const ALL: [Self; 19] = [
        Self::Valid,
        Self::Missed,
        Self::Verification,
        Self::Check,
        Self::Complaint,
        Self::FiledVolume,
        Self::Closing,
        Self::OnTimeHandling,
        Self::OnTimeClosing,
        Self::Rework,
        Self::AcceptedVolume,
        Self::VerificationsSent,
        Self::ChecksSent,
        Self::FiledOnTime,
        Self::FiledCorrectly,
        Self::ClosedOnTime,
        Self::DispatchedVolume,
        Self::DispatchedOnTime,
        Self::DispatchedCorrectly,
    ];

    /// The key in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Missed => "missed",
            Self::Verification => "verification",
            Self::Check => "check",
            Self::Complaint => "complaint",
            Self::FiledVolume => "filed_volume",
            Self::Closing => "closing",
            Self::OnTimeHandling => "on_time_handling",
            Self::OnTimeClosing => "on_time_closing",
            Self::Rework => "rework",
            Self::AcceptedVolume => "accepted_volume",
            Self::VerificationsSent => "verifications_sent",
            Self::ChecksSent => "checks_sent",
            Self::FiledOnTime => "filed_on_time",
            Self::FiledCorrectly => "filed_correctly",
            Self::ClosedOnTime => "closed_on_time",
            Self::DispatchedVolume => "dispatched_volume",
            Self::DispatchedOnTime => "dispatched_on_time",
            Self::DispatchedCorrectly => "dispatched_correctly",
        }
    }

    /// Reads the key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.as_str() == text)
    }

    /// True for a rate of what went wrong: the rest is what scores.
    #[must_use]
    pub fn is_complement(self) -> bool {
        matches!(self, Self::Missed | Self::Complaint | Self::Rework)
    }

    /// True for a count that steps turn into points.
    #[must_use]
    pub fn is_volume(self) -> bool {
        matches!(
            self,
            Self::FiledVolume | Self::AcceptedVolume | Self::DispatchedVolume
        )
    }

    /// The indicators that are counted for a kind of subject, in the order of a sheet.
    #[must_use]
    pub fn of_subject(kind: SubjectKind) -> &'static [Self] {
        match kind {
            SubjectKind::Inspector => &[Self::Valid, Self::Missed, Self::Verification, Self::Check],
            SubjectKind::AcceptingClerk => &[
                Self::AcceptedVolume,
                Self::VerificationsSent,
                Self::ChecksSent,
            ],
            SubjectKind::ShiftHead => {
                &[Self::FiledOnTime, Self::FiledCorrectly, Self::ClosedOnTime]
            }
            SubjectKind::Dispatcher => &[
                Self::DispatchedVolume,
                Self::DispatchedOnTime,
                Self::DispatchedCorrectly,
            ],
            SubjectKind::Department => &[
                Self::FiledVolume,
                Self::Closing,
                Self::OnTimeHandling,
                Self::OnTimeClosing,
                Self::Rework,
                Self::Complaint,
            ],
            SubjectKind::Grid => &[
                Self::Complaint,
                Self::FiledVolume,
                Self::Closing,
                Self::OnTimeClosing,
                Self::OnTimeHandling,
                Self::Rework,
            ],
        }
    }
}

/// A share of counted things, kept as two counts so that longer periods sum exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indicator {
    numerator: u64,
    denominator: u64,
}

/// A numerator larger than its denominator is a rate of something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{numerator} of {denominator} is not a part of a whole")]
pub struct NotAPart {
    /// The count that should have been a part.
    pub numerator: u64,
    /// The whole.
    pub denominator: u64,
}

impl Indicator {
    /// Checks that the numerator is a part of the denominator.
    ///
    /// # Errors
    /// [`NotAPart`] when it is not.
    pub fn try_new(numerator: u64, denominator: u64) -> Result<Self, NotAPart> {
        if numerator > denominator {
            return Err(NotAPart {
                numerator,
                denominator,
            });
        }
        Ok(Self {
            numerator,
            denominator,
        })
    }

    /// False when there was nothing to count: not applicable, neither 0 nor 100.
    #[must_use]
    pub fn is_applicable(self) -> bool {
        self.denominator > 0
    }

    /// The two counts.
    #[must_use]
    pub fn counts(self) -> (u64, u64) {
        (self.numerator, self.denominator)
    }

    /// The indicator of the rest: a rate of what went wrong becomes one of what did not.
    #[must_use]
    pub fn complement(self) -> Self {
        Self {
            numerator: self.denominator - self.numerator,
            denominator: self.denominator,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::verdict::Score;

    /// The weighted score of indicators, as the verdict computes it.
    fn score(parts: &[(Indicator, u32)]) -> Option<Score> {
        let shares: Vec<_> = parts
            .iter()
            .filter(|(indicator, _)| indicator.is_applicable())
            .map(|(indicator, weight)| {
                let (numerator, denominator) = indicator.counts();
                (numerator, denominator, *weight)
            })
            .collect();
        Score::weighted(&shares)
    }

    #[test]
    fn domain_example_of_the_inspector_gives_88_40_and_87_50_without_verifications() {
        let of = |n, d| Indicator::try_new(n, d).expect("a part");
        let parts = |verified| {
            score(&[
                (of(96, 120), 400),
                (of(8, 160).complement(), 200),
                (verified, 200),
                (of(76, 80), 200),
            ])
        };
        assert_eq!(
            parts(of(23, 25)).map(|score| score.to_string()).as_deref(),
            Some("88.40")
        );
        assert_eq!(
            parts(of(0, 0)).map(|score| score.to_string()).as_deref(),
            Some("87.50")
        );
    }

    #[test]
    fn every_key_is_written_as_it_is_read_and_belongs_to_a_subject() {
        for key in IndicatorKey::ALL {
            let json = serde_json::to_string(&key).expect("a key");
            assert_eq!(json, format!("\"{}\"", key.as_str()));
            assert_eq!(IndicatorKey::parse(key.as_str()), Some(key));
            let is_counted = |kind| IndicatorKey::of_subject(kind).contains(&key);
            assert!(SubjectKind::ALL.into_iter().any(is_counted), "{key:?}");
        }
        for kind in SubjectKind::ALL {
            let json = serde_json::to_string(&kind).expect("a kind");
            assert_eq!(json, format!("\"{}\"", kind.as_str()));
            assert_eq!(SubjectKind::parse(kind.as_str()), Some(kind));
        }
    }

    #[test]
    fn numerator_larger_than_its_denominator_is_refused() {
        assert!(Indicator::try_new(9, 8).is_err());
        assert!(Indicator::try_new(8, 8).is_ok());
    }
}
