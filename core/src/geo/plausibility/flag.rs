//! What is told of a conspicuous track. The keys are stable; times are RFC 3339 in UTC,
//! metres are told to the millimetre, shares to the millionth.

use serde::{Serialize, Serializer};

use super::Span;
use crate::geo::coverage::{millimetres, rfc3339};
use crate::model::time::UtcMs;

/// Something conspicuous in a track, with its figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flag {
    /// What, and how much of it.
    #[serde(flatten)]
    pub evidence: Evidence,
    /// The earliest time that it speaks of.
    #[serde(serialize_with = "rfc3339")]
    pub from: UtcMs,
    /// The latest.
    #[serde(serialize_with = "rfc3339")]
    pub to: UtcMs,
}

impl Flag {
    pub(super) fn new(span: Span, evidence: Evidence) -> Self {
        let Span { from, to } = span;
        Self { evidence, from, to }
    }
}

/// The kinds of flags; the name is the `kind` in JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    /// The platform said that a mock provider made fixes. External receivers are announced so
    /// too.
    Mock {
        /// How many.
        count: u64,
        /// Of all fixes, 0 to 1.
        #[serde(serialize_with = "millionths")]
        share: f64,
    },
    /// Steps shorter than a teleport that are beyond the cap of the mode and both accuracies.
    Speed {
        /// How many.
        count: u64,
        /// The cap, in metres a second.
        cap_mps: f64,
        /// The fastest of them.
        fastest: Step,
    },
    /// Long steps that no transport of the mode explains.
    Teleport {
        /// How many.
        count: u64,
        /// The first of them.
        steps: Vec<Step>,
    },
    /// Times that run backwards in the order of arrival.
    Backwards {
        /// How often.
        count: u64,
        /// By how much at most, in seconds.
        largest_s: f64,
    },
    /// Lines without the scatter that every receiver has.
    StraightLine {
        /// How many.
        count: u64,
        /// How long they are together, in metres.
        #[serde(serialize_with = "millimetres")]
        length_m: f64,
        /// The first of them.
        stretches: Vec<StraightStretch>,
    },
    /// Steps alike as no person's are.
    EqualSteps {
        /// How many, in all stretches.
        count: u64,
        /// The first stretches of them.
        stretches: Vec<EqualStretch>,
    },
    /// The receiver told one accuracy for long. External receivers do that.
    ConstantAccuracy {
        /// The accuracy of the longest run, in metres.
        accuracy_m: f64,
        /// The fixes of that run.
        count: u64,
    },
    /// The receiver's time and the phone's clock disagree.
    Clock {
        /// Phone less receiver, the median, in seconds.
        median_offset_s: f64,
        /// The least.
        least_offset_s: f64,
        /// The greatest.
        greatest_offset_s: f64,
        /// The largest change from one fix to the next.
        largest_jump_s: f64,
        /// How many fixes came with both times.
        count: u64,
    },
    /// An earlier track is this one.
    RepeatedTrack(Repeated),
}

impl Evidence {
    /// Every key, in the order in which flags are told.
    pub const KEYS: [&str; 9] = [
        "mock",
        "speed",
        "teleport",
        "backwards",
        "straight_line",
        "equal_steps",
        "constant_accuracy",
        "clock",
        "repeated_track",
    ];

    /// The key in JSON and of the texts.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Mock { .. } => "mock",
            Self::Speed { .. } => "speed",
            Self::Teleport { .. } => "teleport",
            Self::Backwards { .. } => "backwards",
            Self::StraightLine { .. } => "straight_line",
            Self::EqualSteps { .. } => "equal_steps",
            Self::ConstantAccuracy { .. } => "constant_accuracy",
            Self::Clock { .. } => "clock",
            Self::RepeatedTrack(_) => "repeated_track",
        }
    }
}

/// A step from one fix to the next.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Step {
    /// The time of the fix before.
    #[serde(serialize_with = "rfc3339")]
    pub at: UtcMs,
    /// Where it leads from, degrees.
    pub from_lat_lon: [f64; 2],
    /// Where it leads to.
    pub to_lat_lon: [f64; 2],
    /// Its length, in metres.
    #[serde(serialize_with = "millimetres")]
    pub moved_m: f64,
    /// Its time, in seconds.
    pub seconds: f64,
    /// Metres a second; nothing where it took no time.
    #[serde(serialize_with = "rate")]
    pub mps: Option<f64>,
}

/// A stretch without scatter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StraightStretch {
    /// The time of its first fix.
    #[serde(serialize_with = "rfc3339")]
    pub from: UtcMs,
    /// The time of its last.
    #[serde(serialize_with = "rfc3339")]
    pub to: UtcMs,
    /// Its fixes, standing ones counted once.
    pub fixes: u64,
    /// Its length, in metres.
    #[serde(serialize_with = "millimetres")]
    pub length_m: f64,
    /// The root mean square of the distances to the fitted line, in metres.
    #[serde(serialize_with = "millimetres")]
    pub rms_m: f64,
}

/// Equal steps one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EqualStretch {
    /// The time of the fix before the first step.
    #[serde(serialize_with = "rfc3339")]
    pub from: UtcMs,
    /// The time of the last fix.
    #[serde(serialize_with = "rfc3339")]
    pub to: UtcMs,
    /// How many.
    pub steps: u64,
    /// The mean length, in metres.
    #[serde(serialize_with = "millimetres")]
    pub mean_m: f64,
    /// The mean time, in seconds.
    #[serde(serialize_with = "millimetres")]
    pub mean_s: f64,
    /// Standard deviation of the lengths over their mean, told to the hundredth of a percent.
    #[serde(serialize_with = "ten_thousandths")]
    pub length_cv: f64,
    /// Standard deviation of the speeds over their mean, likewise.
    #[serde(serialize_with = "ten_thousandths")]
    pub speed_cv: f64,
}

/// The earlier track that one repeats.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Repeated {
    /// The file or the patrol.
    pub of: String,
    /// Who walked that, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// When that began, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// How alike the fingerprints are, 0 to 1.
    #[serde(serialize_with = "millionths")]
    pub similarity: f64,
}

fn millionths<S: Serializer>(share: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64((share * 1e6).round() / 1e6)
}

/// Finer than the positions of a file are, a deviation says nothing.
fn ten_thousandths<S: Serializer>(share: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64((share * 1e4).round() / 1e4)
}

fn rate<S: Serializer>(mps: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
    match mps {
        Some(mps) => to.serialize_f64((mps * 1e3).round() / 1e3),
        None => to.serialize_none(),
    }
}
