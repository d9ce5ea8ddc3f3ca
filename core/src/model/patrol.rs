//! The patrol (巡查): one walk of one person, from its start to its finish, with what the
//! device knows of its own gaps.

pub use crate::model::identifiers::PatrolId;
use crate::model::time::UtcMs;

/// What is done with a patrol under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PatrolStep {
    /// Recording stops for a while.
    Pause = 1,
    /// Recording goes on.
    Resume = 2,
    /// The patrol is over.
    Finish = 3,
}

impl PatrolStep {
    const ALL: [Self; 3] = [Self::Pause, Self::Resume, Self::Finish];

    /// The number that stands for it in formats.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The step of a code, or nothing for one that a newer version added.
    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|s| u64::from(s.code()) == code)
    }

    /// The key in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Finish => "finish",
        }
    }
}

/// Where a patrol stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PatrolPhase {
    /// Being recorded.
    Recording = 1,
    /// Interrupted by its person.
    Paused = 2,
    /// Over.
    Finished = 3,
}

impl PatrolPhase {
    /// Every phase, in the order of the codes.
    pub const ALL: [Self; 3] = [Self::Recording, Self::Paused, Self::Finished];

    /// The number that stands for it in the store.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The phase of a code.
    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|phase| u64::from(phase.code()) == code)
    }

    /// The key in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recording => "recording",
            Self::Paused => "paused",
            Self::Finished => "finished",
        }
    }

    /// Reads the key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == text)
    }
}

/// Why a recording was interrupted, as the device noticed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interruption {
    /// The process that recorded ended without saying so.
    ProcessEnded = 1,
    /// The permission to read positions was taken away.
    PermissionLost = 2,
    /// The system saved its battery.
    BatterySaver = 3,
    /// The person paused.
    Paused = 4,
}

impl Interruption {
    /// Every interruption, in the order of the codes.
    pub const ALL: [Self; 4] = [
        Self::ProcessEnded,
        Self::PermissionLost,
        Self::BatterySaver,
        Self::Paused,
    ];

    /// The number that stands for it in formats.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The interruption of a code, or nothing for one that a newer version added.
    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|i| u64::from(i.code()) == code)
    }

    /// The key in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProcessEnded => "process_ended",
            Self::PermissionLost => "permission_lost",
            Self::BatterySaver => "battery_saver",
            Self::Paused => "paused",
        }
    }

    /// Reads the key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|i| i.as_str() == text)
    }
}

/// A gap that a track proves of itself: no fix after it vouches for what lies before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// When it was noticed, by the device's clock.
    pub at: UtcMs,
    /// Why.
    pub why: Interruption,
    /// How many fixes of the chunk come before it.
    pub after_fixes: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back() {
        for step in PatrolStep::ALL {
            assert_eq!(PatrolStep::from_code(step.code().into()), Some(step));
        }
        for why in Interruption::ALL {
            assert_eq!(Interruption::from_code(why.code().into()), Some(why));
            assert_eq!(Interruption::parse(why.as_str()), Some(why));
        }
        for phase in PatrolPhase::ALL {
            assert_eq!(PatrolPhase::from_code(phase.code().into()), Some(phase));
            assert_eq!(PatrolPhase::parse(phase.as_str()), Some(phase));
        }
    }
}
