//! The core's answers name phases, roles and fields by their JSON keys; hosts get enums. Each
//! function here reads a key that the core itself has written a moment before.

use bading_core::geo::track_filter::Rejection;
use bading_core::model::case::{Field, Source};
use bading_core::model::patrol::{Interruption, PatrolPhase};
use bading_core::model::person::Role;
use bading_core::model::photo::PhotoRole;
use bading_core::model::track::Mode;
use bading_core::model::workflow::Phase;

use crate::Outcome;

const OWN: &str = "the core reads every key that it writes; a test walks them all";

pub(crate) fn phase(key: &str) -> Phase {
    Phase::parse(key).expect(OWN)
}

pub(crate) fn photo_role(key: &str) -> PhotoRole {
    PhotoRole::parse(key).expect(OWN)
}

pub(crate) fn role(key: &str) -> Role {
    Role::parse(key).expect(OWN)
}

pub(crate) fn field(key: &str) -> Field {
    Field::parse(key).expect(OWN)
}

pub(crate) fn patrol_phase(key: &str) -> PatrolPhase {
    PatrolPhase::parse(key).expect(OWN)
}

pub(crate) fn mode(key: &str) -> Mode {
    Mode::parse(key).expect(OWN)
}

pub(crate) fn interruption(key: &str) -> Interruption {
    Interruption::parse(key).expect(OWN)
}

pub(crate) fn rejection(key: &str) -> Rejection {
    Rejection::parse(key).expect(OWN)
}

pub(crate) fn source(key: &str) -> Source {
    let mut sources = [Source::Inspector, Source::Citizen].into_iter();
    sources.find(|source| source.as_str() == key).expect(OWN)
}

/// The core has these keys in its answers only, so they stand here once more.
pub(crate) fn outcome(key: &str) -> Outcome {
    let keys = [
        ("effective", Outcome::Effective),
        ("ineffective", Outcome::Ineffective),
        ("refused", Outcome::Refused),
        ("waiting", Outcome::Waiting),
        ("unread", Outcome::Unread),
    ];
    let found = keys.into_iter().find(|(name, _)| *name == key);
    found.expect("the five outcomes of the core's fold").1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_the_core_read_back_as_what_they_stand_for() {
        assert!(Phase::ALL.iter().all(|p| phase(p.as_str()) == *p));
        assert!(PhotoRole::ALL.iter().all(|r| photo_role(r.as_str()) == *r));
        assert!(Role::ALL.iter().all(|r| role(r.as_str()) == *r));
        assert!(Field::ALL.iter().all(|f| field(f.as_str()) == *f));
        let phases = PatrolPhase::ALL;
        assert!(phases.iter().all(|p| patrol_phase(p.as_str()) == *p));
        assert!(Mode::ALL.iter().all(|m| mode(m.as_str()) == *m));
        let interruptions = Interruption::ALL;
        assert!(interruptions.iter().all(|i| interruption(i.as_str()) == *i));
        assert!(Rejection::ALL.iter().all(|r| rejection(r.as_str()) == *r));
        let sources: Vec<_> = (0..=255).filter_map(Source::from_code).collect();
        assert!(!sources.is_empty());
        assert!(sources.iter().all(|s| source(s.as_str()) == *s));
    }
}
