//! A city's policy: the weights, quotas and limits that the scores are computed with.
//!
//! A policy is data. It is checked once, where it is read ([`Policy::from_json`]), and then
//! carried by its version and the hash of its pack. Fields that a city leaves out have the
//! defaults below; fields and keys that nobody knows are refused, for a misspelt weight
//! would silently be the default.
//!
//! Source: DOMAIN "The eight fixes" for the figures.
//!
//! [`Policy::from_json`]: crate::rules::policy::Policy::from_json

mod hints;
mod retention;
mod scorecards;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

pub use hints::HintLimits;
pub use retention::RetentionPolicy;
pub use scorecards::{
    CitySteps, Evaluation, EvaluationKind, EvaluationPart, PartSource, PeriodUnit, Scorecard,
    VolumeSteps,
};

use crate::model::quantity::{QuotaItem, QuotaKey, Thousandths};
use crate::model::verdict::{Grade, Score};
use crate::rules::facts::strict::Strict;

/// The weights, quotas and limits of a city.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// The form of the pack, `bading/policy/1`.
    pub schema: PolicySchema,
    /// The city's name for this version, 1 to 64 characters; every verdict carries it.
    pub version: String,
    /// What each part of the verdict weighs.
    pub verdict_permille: VerdictWeights,
    /// What a full period asks for.
    pub quantity: Vec<QuotaItem>,
    /// What each indicator of an inspector weighs.
    pub quality_permille: QualityWeights,
    /// Whether the volume of filed cases counts for departments and grids.
    pub volume_profile: VolumeProfile,
    /// The limits of attendance.
    pub attendance: AttendancePolicy,
    /// From which share of a loop on it is a loop, per mille.
    pub loop_ratio_permille: u16,
    /// Where grades begin.
    pub grades: GradeLimits,
    /// What a confirmed forged photo leaves at most, in hundredths of a point.
    pub forged_photo_cap_hundredths: u16,
    /// Time to answer a verification task, in seconds from delivery.
    pub verification_limit_s: u32,
    /// Time to answer a check task, in seconds from delivery.
    pub check_limit_s: u32,
    /// How long after publication an appeal is heard, in working days.
    pub appeal_window_working_days: u16,
    /// How long after its end a period takes evidence, in working days.
    pub cut_off_working_days: u16,
    /// Within how many metres cases of one class are near-duplicates.
    pub near_duplicate_m: u32,
    /// For how many hours after closing a case still has near-duplicates.
    pub near_duplicate_h: u32,
    /// From where on a photo or a report looks odd.
    #[serde(skip_serializing_if = "HintLimits::is_default")]
    pub hints: HintLimits,
    /// What other confirmed facts leave at most, in hundredths of a point, by the city's key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub caps_hundredths: BTreeMap<String, u16>,
    /// How long the centre's seats have.
    #[serde(skip_serializing_if = "SeatLimits::is_default")]
    pub seat_limits: SeatLimits,
    /// When phones may let photos go that the hub has.
    #[serde(skip_serializing_if = "RetentionPolicy::is_default")]
    pub retention: RetentionPolicy,
    /// The volume steps that the city sets itself.
    #[serde(skip_serializing_if = "CitySteps::is_empty")]
    pub volume_steps: CitySteps,
    /// The city's own cards, beside the standard one of each kind of subject.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scorecards: Vec<Scorecard>,
    /// The city's composite and special evaluations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evaluations: Vec<Evaluation>,
}

/// The key of the confirmed fact that every policy caps: a forged photo.
pub const FORGED_PHOTO: &str = "forged_photo";

/// The form of a policy's pack. There is one; another is refused where it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PolicySchema;

impl PolicySchema {
    /// Its name.
    pub const NAME: &'static str = "bading/policy/1";
}

/// Weights of the verdict's parts, per mille; they sum to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VerdictWeights {
    /// Of the coverage of the route.
    pub coverage: u32,
    /// Of the attendance.
    pub time: u32,
    /// Of the quantity.
    pub quantity: u32,
    /// Of the quality.
    pub quality: u32,
}

/// Weights of an inspector's indicators, per mille; they sum to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QualityWeights {
    /// Of own reports that were filed.
    pub valid: u32,
    /// Of problems that were not missed.
    pub missed: u32,
    /// Of verifications answered in time.
    pub verification: u32,
    /// Of checks answered in time.
    pub check: u32,
}

/// Whether the volume of filed cases counts for departments and grids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum VolumeProfile {
    /// It does not: its weight is spread over the other indicators. Steps that sink with the
    /// volume reward keeping problems out of the system.
    #[default]
    #[serde(rename = "none")]
    None,
    /// The steps that published municipal standards take from part 4 of the series.
    #[serde(rename = "legacy-part4")]
    LegacyPart4,
}

/// The limits of attendance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttendancePolicy {
    /// By how many metres duty cells are widened; the caller widens them.
    pub widen_m: u32,
    /// The longest interval between fixes that belongs to its earlier fix, in seconds.
    pub max_interval_s: u32,
    /// Within how many metres of where it began a stay goes on.
    pub dwell_radius_m: u32,
    /// How long a stay may be, in seconds.
    pub dwell_allowed_s: u32,
}

/// How long the centre's seats have, in seconds from the moment at which a case waits for
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeatLimits {
    /// To file what was accepted.
    pub file_s: u32,
    /// To dispatch what was filed or came back.
    pub dispatch_s: u32,
    /// To close what was checked.
    pub close_s: u32,
}

impl SeatLimits {
    /// True for the limits of a policy that says nothing of them.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for SeatLimits {
    fn default() -> Self {
        Self {
            file_s: 900,
            dispatch_s: 900,
            close_s: 900,
        }
    }
}

/// Where the grades begin, in hundredths of a point, each ending below the better one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE", deny_unknown_fields)]
pub struct GradeLimits {
    /// Where A begins.
    pub a: u16,
    /// Where B begins.
    pub b: u16,
    /// Where C begins.
    pub c: u16,
    /// Where D begins.
    pub d: u16,
    /// Where E begins: 0.
    pub e: u16,
}

/// Why a policy is not one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// Not JSON, or a field of another type, or one that nobody knows.
    #[error("{0}")]
    Form(String),
    /// A policy without a name for its version, or with too long a one.
    #[error("version: must have 1 to 64 characters, found {0}")]
    Version(usize),
    /// Weights that do not share out the whole.
    #[error("{group}: the weights sum to {found}, they must sum to 1000 ({})", remedy(*found))]
    Weights {
        /// Which weights: the field of the policy.
        group: String,
        /// What they sum to.
        found: u64,
    },
    /// One thing asked for twice would count twice.
    #[error("quantity: `{0}` stands twice")]
    RepeatedItem(QuotaKey),
    /// A grade that ends where it begins, or below: two grades would overlap.
    #[error("grades: {better} must begin above {worse}, found {better_from} and {worse_from}")]
    GradesOverlap {
        /// The better of the two.
        better: &'static str,
        /// The worse of the two.
        worse: &'static str,
        /// Where the better begins, in hundredths.
        better_from: u16,
        /// Where the worse begins, in hundredths.
        worse_from: u16,
    },
    /// The worst scores would have no grade.
    #[error("grades: E must begin at 0, found {0}: lower scores would have no grade")]
    GradesGap(u16),
    /// A card or an evaluation that does not hold.
    #[error("{field}: {why}")]
    Card {
        /// The card and its field.
        field: String,
        /// What is wrong, and what would be right.
        why: String,
    },
    /// A figure beyond what it can mean.
    #[error("{field}: must be at most {max}, found {found}")]
    TooLarge {
        /// The field.
        field: &'static str,
        /// The most it may be.
        max: u16,
        /// What it was.
        found: u16,
    },
}

fn remedy(found: u64) -> String {
    match found {
        0..1000 => format!("{} are missing", 1000 - found),
        _ => format!("{} too many", found - 1000),
    }
}

impl Policy {
    /// Reads a policy: a city's own file, or a pack. What it leaves out is the default.
    ///
    /// # Errors
    /// [`PolicyError`] names the field and what would be right.
    pub fn from_json(bytes: &[u8]) -> Result<Self, PolicyError> {
        // A list would be read as the fields in their order, an empty one as the default.
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Err(PolicyError::Form("a policy is a JSON object".to_owned()));
        }
        // A name that stands twice would silently be the last.
        let _: Strict =
            serde_json::from_slice(bytes).map_err(|error| PolicyError::Form(error.to_string()))?;
        let policy: Self =
            serde_json::from_slice(bytes).map_err(|error| PolicyError::Form(error.to_string()))?;
        policy.validate()?;
        Ok(policy)
    }

    /// Checks what types cannot: that weights share out the whole, that grades tile 0 to 100.
    ///
    /// # Errors
    /// [`PolicyError`] for the first thing that is wrong.
    pub fn validate(&self) -> Result<(), PolicyError> {
        let length = self.version.chars().count();
        if !(1..=64).contains(&length) {
            return Err(PolicyError::Version(length));
        }
        let verdict = self.verdict_permille;
        check_weights(
            "verdict_permille",
            [
                verdict.coverage,
                verdict.time,
                verdict.quantity,
                verdict.quality,
            ],
        )?;
        let quality = self.quality_permille;
        check_weights(
            "quality_permille",
            [
                quality.valid,
                quality.missed,
                quality.verification,
                quality.check,
            ],
        )?;
        for (index, item) in self.quantity.iter().enumerate() {
            if self.quantity[..index].iter().any(|one| one.key == item.key) {
                return Err(PolicyError::RepeatedItem(item.key));
            }
        }
        let items = self.quantity.iter().map(|item| item.weight_permille);
        check_weights("quantity", items)?;
        self.hints.check()?;
        check_most("loop_ratio_permille", self.loop_ratio_permille, 1000)?;
        let cap = self.forged_photo_cap_hundredths;
        check_most("forged_photo_cap_hundredths", cap, 10_000)?;
        for (reason, cap) in &self.caps_hundredths {
            let length = reason.chars().count();
            if !(1..=64).contains(&length) || reason == FORGED_PHOTO {
                return Err(PolicyError::Card {
                    field: format!("caps_hundredths.{reason}"),
                    why: "a key of 1 to 64 characters; forged_photo has a field of its own"
                        .to_owned(),
                });
            }
            check_most("caps_hundredths", *cap, 10_000)?;
        }
        self.volume_steps.check()?;
        scorecards::check(&self.scorecards, &self.evaluations)?;
        self.grades.validate()
    }

    /// The policy as its pack: JSON in a fixed order and without spaces, every field written
    /// out, so that equal policies have equal bytes and one hash. [`Policy::from_json`]
    /// reads it back.
    #[must_use]
    pub fn to_pack(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a policy is numbers, texts and lists")
    }

    /// What a confirmed forged photo leaves at most.
    #[must_use]
    pub fn forged_photo_cap(&self) -> Score {
        let most = self.forged_photo_cap_hundredths.min(10_000);
        Score::from_hundredths(most).expect("at most 100.00")
    }

    /// What a confirmed fact leaves at most; nothing for a reason without a cap.
    #[must_use]
    pub fn cap_of(&self, reason: &str) -> Option<Score> {
        if reason == FORGED_PHOTO {
            return Some(self.forged_photo_cap());
        }
        let most = self.caps_hundredths.get(reason)?;
        Score::from_hundredths((*most).min(10_000))
    }
}

impl Default for Policy {
    fn default() -> Self {
        let item = |key, units, weight_permille| QuotaItem {
            key,
            quota: Thousandths::of_units(units).expect("a small number"),
            weight_permille,
            is_capped: true,
        };
        Self {
            schema: PolicySchema,
            version: "default-1".to_owned(),
            verdict_permille: VerdictWeights::default(),
            quantity: vec![
                item(QuotaKey::Reports, 12, 400),
                item(QuotaKey::Km, 10, 200),
                item(QuotaKey::Loops, 4, 200),
                item(QuotaKey::Tasks, 8, 200),
            ],
            quality_permille: QualityWeights::default(),
            volume_profile: VolumeProfile::None,
            attendance: AttendancePolicy::default(),
            loop_ratio_permille: 800,
            grades: GradeLimits::default(),
            forged_photo_cap_hundredths: 5_999,
            verification_limit_s: 1_800,
            check_limit_s: 1_800,
            appeal_window_working_days: 3,
            cut_off_working_days: 3,
            near_duplicate_m: 50,
            near_duplicate_h: 24,
            hints: HintLimits::default(),
            caps_hundredths: BTreeMap::new(),
            seat_limits: SeatLimits::default(),
            retention: RetentionPolicy::default(),
            volume_steps: CitySteps::default(),
            scorecards: Vec::new(),
            evaluations: Vec::new(),
        }
    }
}

impl Default for VerdictWeights {
    fn default() -> Self {
        Self {
            coverage: 250,
            time: 150,
            quantity: 250,
            quality: 350,
        }
    }
}

impl Default for QualityWeights {
    fn default() -> Self {
        Self {
            valid: 400,
            missed: 200,
            verification: 200,
            check: 200,
        }
    }
}

impl Default for AttendancePolicy {
    fn default() -> Self {
        Self {
            widen_m: 30,
            max_interval_s: 60,
            dwell_radius_m: 50,
            dwell_allowed_s: 1_200,
        }
    }
}

impl Default for GradeLimits {
    fn default() -> Self {
        Self {
            a: 9_000,
            b: 7_500,
            c: 6_000,
            d: 4_000,
            e: 0,
        }
    }
}

impl GradeLimits {
    /// The grade of a published score; a limit belongs to the better grade.
    #[must_use]
    pub fn grade(&self, score: Score) -> Grade {
        // One comparison after another: a chained one is always true in some databases.
        match score.hundredths() {
            score if score >= self.a => Grade::A,
            score if score >= self.b => Grade::B,
            score if score >= self.c => Grade::C,
            score if score >= self.d => Grade::D,
            _ => Grade::E,
        }
    }

    /// Checks that every score from 0 to 100 has exactly one grade, and every grade a score.
    ///
    /// # Errors
    /// [`PolicyError::GradesOverlap`], [`PolicyError::GradesGap`] or [`PolicyError::TooLarge`].
    pub fn validate(&self) -> Result<(), PolicyError> {
        check_most("grades.A", self.a, 10_000)?;
        let limits = [
            ("A", self.a),
            ("B", self.b),
            ("C", self.c),
            ("D", self.d),
            ("E", self.e),
        ];
        for pair in limits.windows(2) {
            let ((better, better_from), (worse, worse_from)) = (pair[0], pair[1]);
            if better_from <= worse_from {
                return Err(PolicyError::GradesOverlap {
                    better,
                    worse,
                    better_from,
                    worse_from,
                });
            }
        }
        match self.e {
            0 => Ok(()),
            from => Err(PolicyError::GradesGap(from)),
        }
    }
}

fn check_weights(
    group: impl Into<String>,
    weights: impl IntoIterator<Item = u32>,
) -> Result<(), PolicyError> {
    match weights.into_iter().map(u64::from).sum() {
        1000 => Ok(()),
        found => Err(PolicyError::Weights {
            group: group.into(),
            found,
        }),
    }
}

fn check_most(field: &'static str, found: u16, max: u16) -> Result<(), PolicyError> {
    if found > max {
        return Err(PolicyError::TooLarge { field, max, found });
    }
    Ok(())
}

impl Serialize for PolicySchema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(Self::NAME)
    }
}

impl<'de> Deserialize<'de> for PolicySchema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        if name == Self::NAME {
            return Ok(Self);
        }
        let expected = Self::NAME;
        Err(de::Error::custom(format_args!(
            "schema `{name}` is not `{expected}`"
        )))
    }
}

#[cfg(test)]
mod tests;
