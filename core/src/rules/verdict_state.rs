//! Fix eight, the life of a verdict (定论): from when it may be published, until when it may
//! be appealed against, and where it stands.
//!
//! Windows run on the city's clock and are policy. An appeal counts by the time at which it
//! was made, so that nobody loses it to the network; what comes after the window stays
//! visible and changes nothing. Each version opens a window of its own: a new one may say
//! something that nobody could appeal against before.
//!
//! Source: DOMAIN "Verdict (定论)" and "Which time counts".

use serde::Serialize;

use crate::model::time::UtcMs;
use crate::rules::clock::WorkingClock;
use crate::rules::deadline::DeadlineError;
use crate::rules::limit::Limit;

/// Where the verdict of a person and period stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictPhase {
    /// Nothing is published: it is computed, and may come out otherwise tomorrow.
    Draft,
    /// Published; the window for appeals is open, or not to be computed.
    Published,
    /// An appeal waits for its decision, or an upheld one for the new version.
    Appealed,
    /// Nothing more can be said against it; later evidence still makes a new version.
    Final,
}

/// What became of an appeal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AppealStanding {
    /// It waits for its decision.
    Pending,
    /// It was rejected.
    Rejected,
    /// It was upheld.
    Upheld,
    /// It was made after the window.
    TooLate,
    /// An earlier appeal against the same version counts.
    AlreadyAppealed,
}

/// A decision on an appeal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecisionFacts {
    /// True when the appeal was upheld.
    pub is_upheld: bool,
    /// True when a version was published after it.
    pub is_answered: bool,
}

/// An appeal against one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppealFacts {
    /// When it was made, by the time that counts.
    pub at: UtcMs,
    /// How it was decided.
    pub decision: Option<DecisionFacts>,
}

/// One version that took effect, with the appeals against it in the order of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionFacts {
    /// When the hub stamped it.
    pub published: UtcMs,
    /// The appeals.
    pub appeals: Vec<AppealFacts>,
}

/// A version with its window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionState {
    /// The last instant at which an appeal counts; nothing where the calendar does not reach.
    pub appeal_until: Option<UtcMs>,
    /// What became of each appeal.
    pub appeals: Vec<AppealStanding>,
}

/// Where a verdict stands, with each of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictState {
    /// Where it stands.
    pub phase: VerdictPhase,
    /// The versions, the first one first.
    pub versions: Vec<VersionState>,
}

/// The first instant at which the verdict of a period may be published: until then evidence
/// is still coming in.
///
/// # Errors
/// [`DeadlineError`] where the calendar does not reach.
pub fn cut_off(
    period_end: UtcMs,
    working_days: u16,
    clock: &WorkingClock,
) -> Result<UtcMs, DeadlineError> {
    after_working_days(period_end, working_days, clock)
}

/// The last instant at which an appeal against a version counts.
///
/// # Errors
/// [`DeadlineError`] where the calendar does not reach.
pub fn appeal_until(
    published: UtcMs,
    working_days: u16,
    clock: &WorkingClock,
) -> Result<UtcMs, DeadlineError> {
    after_working_days(published, working_days, clock)
}

fn after_working_days(
    start: UtcMs,
    days: u16,
    clock: &WorkingClock,
) -> Result<UtcMs, DeadlineError> {
    if days == 0 {
        return Ok(start);
    }
    // More than the ten years that a limit may have ends with no calendar either.
    let limit = Limit::parse(&format!("{days}工作日")).map_err(|_| DeadlineError::BeyondTime)?;
    Ok(clock.add(start, &limit)?.due)
}

/// Where a verdict stands at a time, from its versions that took effect.
///
/// A window that the calendar does not reach stays open: nothing becomes final by a guess.
#[must_use]
pub fn verdict_state(
    versions: &[VersionFacts],
    window_working_days: u16,
    clock: &WorkingClock,
    as_of: UtcMs,
) -> VerdictState {
    let states: Vec<_> = versions
        .iter()
        .map(|version| {
            let until = appeal_until(version.published, window_working_days, clock).ok();
            VersionState {
                appeal_until: until,
                appeals: standings(&version.appeals, until),
            }
        })
        .collect();
    let phase = phase_of(versions, &states, as_of);
    VerdictState {
        phase,
        versions: states,
    }
}

fn standings(appeals: &[AppealFacts], until: Option<UtcMs>) -> Vec<AppealStanding> {
    let mut has_one = false;
    let standing = |appeal: &AppealFacts| {
        if until.is_some_and(|until| appeal.at > until) {
            return AppealStanding::TooLate;
        }
        if std::mem::replace(&mut has_one, true) {
            return AppealStanding::AlreadyAppealed;
        }
        match appeal.decision {
            None => AppealStanding::Pending,
            Some(decision) if decision.is_upheld => AppealStanding::Upheld,
            Some(_) => AppealStanding::Rejected,
        }
    };
    appeals.iter().map(standing).collect()
}

fn phase_of(versions: &[VersionFacts], states: &[VersionState], as_of: UtcMs) -> VerdictPhase {
    let Some(latest) = states.last() else {
        return VerdictPhase::Draft;
    };
    let waits = |(version, state): (&VersionFacts, &VersionState)| {
        let mut appeals = version.appeals.iter().zip(&state.appeals);
        appeals.any(|(facts, standing)| match standing {
            AppealStanding::Pending => true,
            // The city owes the new version.
            AppealStanding::Upheld => facts.decision.is_some_and(|d| !d.is_answered),
            _ => false,
        })
    };
    if versions.iter().zip(states).any(waits) {
        return VerdictPhase::Appealed;
    }
    let is_rejected = latest.appeals.contains(&AppealStanding::Rejected);
    let is_over = latest.appeal_until.is_some_and(|until| as_of > until);
    if is_rejected || is_over {
        VerdictPhase::Final
    } else {
        VerdictPhase::Published
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::calendar::Calendar;
    use crate::rules::calendar_file::CalendarYear;
    use crate::rules::clock::ClockPolicy;

    fn clock() -> WorkingClock {
        let year = r#"{"year":2026,"papers":["p"],"days":[
            {"name":"元旦","date":"2026-01-01","isOffDay":true}]}"#;
        let year = CalendarYear::read(year.as_bytes()).expect("a year");
        let calendar = Calendar::try_new([year]).expect("one year");
        WorkingClock::try_new(calendar, ClockPolicy::default()).expect("a clock")
    }

    fn at(text: &str) -> UtcMs {
        UtcMs::parse_rfc3339(&format!("{text}:00+08:00")).expect("an instant of the test")
    }

    fn published(appeals: &[AppealFacts]) -> VersionFacts {
        VersionFacts {
            published: at("2026-03-06T10:00"),
            appeals: appeals.to_vec(),
        }
    }

    fn appeal(time: &str, decision: Option<(bool, bool)>) -> AppealFacts {
        AppealFacts {
            at: at(time),
            decision: decision.map(|(is_upheld, is_answered)| DecisionFacts {
                is_upheld,
                is_answered,
            }),
        }
    }

    fn phase(versions: &[VersionFacts], as_of: &str) -> VerdictPhase {
        verdict_state(versions, 3, &clock(), at(as_of)).phase
    }

    #[test]
    fn period_of_a_monday_closes_on_thursday_evening_and_a_window_skips_the_weekend() {
        let closes = cut_off(at("2026-03-03T00:00"), 3, &clock());
        assert_eq!(closes, Ok(at("2026-03-05T18:00")));
        // From Friday 10:00 three working days of eight hours: Wednesday 10:00.
        let until = appeal_until(at("2026-03-06T10:00"), 3, &clock());
        assert_eq!(until, Ok(at("2026-03-11T10:00")));
        assert_eq!(
            cut_off(at("2026-03-03T00:00"), 0, &clock()),
            Ok(at("2026-03-03T00:00"))
        );
        assert!(cut_off(at("2027-03-03T00:00"), 3, &clock()).is_err());
        assert!(cut_off(at("2026-03-03T00:00"), u16::MAX, &clock()).is_err());
    }

    #[test]
    fn window_that_passes_without_an_appeal_makes_it_final_just_after_its_last_instant() {
        assert_eq!(phase(&[], "2026-03-06T10:00"), VerdictPhase::Draft);
        let versions = [published(&[])];
        assert_eq!(
            phase(&versions, "2026-03-11T10:00"),
            VerdictPhase::Published
        );
        assert_eq!(phase(&versions, "2026-03-11T10:01"), VerdictPhase::Final);
    }

    #[test]
    fn appeal_in_time_waits_and_one_after_the_window_changes_nothing() {
        let in_time = [published(&[appeal("2026-03-11T10:00", None)])];
        assert_eq!(phase(&in_time, "2026-04-01T10:00"), VerdictPhase::Appealed);
        let late = [published(&[appeal("2026-03-11T10:01", None)])];
        assert_eq!(phase(&late, "2026-03-11T10:02"), VerdictPhase::Final);
        let state = verdict_state(&late, 3, &clock(), at("2026-03-11T10:02"));
        assert_eq!(state.versions[0].appeals, [AppealStanding::TooLate]);
    }

    #[test]
    fn rejection_is_final_at_once_and_an_upheld_appeal_waits_for_its_version() {
        let rejected = appeal("2026-03-09T10:00", Some((false, false)));
        let again = appeal("2026-03-09T11:00", None);
        let versions = [published(&[rejected, again])];
        let state = verdict_state(&versions, 3, &clock(), at("2026-03-09T12:00"));
        assert_eq!(state.phase, VerdictPhase::Final);
        assert_eq!(
            state.versions[0].appeals,
            [AppealStanding::Rejected, AppealStanding::AlreadyAppealed]
        );
        let upheld =
            |is_answered| published(&[appeal("2026-03-09T10:00", Some((true, is_answered)))]);
        assert_eq!(
            phase(&[upheld(false)], "2026-04-01T10:00"),
            VerdictPhase::Appealed
        );
        let answered = [upheld(true), published(&[])];
        assert_eq!(
            phase(&answered, "2026-03-10T10:00"),
            VerdictPhase::Published
        );
        assert_eq!(phase(&answered, "2026-03-12T10:00"), VerdictPhase::Final);
    }

    #[test]
    fn appeal_on_an_older_version_is_not_lost_by_publishing_again() {
        let versions = [
            published(&[appeal("2026-03-09T10:00", None)]),
            published(&[]),
        ];
        assert_eq!(phase(&versions, "2026-04-01T10:00"), VerdictPhase::Appealed);
    }

    #[test]
    fn nothing_becomes_final_where_the_calendar_does_not_reach() {
        let versions = [VersionFacts {
            published: at("2027-03-06T10:00"),
            appeals: Vec::new(),
        }];
        assert_eq!(
            phase(&versions, "2027-12-01T10:00"),
            VerdictPhase::Published
        );
    }
}
