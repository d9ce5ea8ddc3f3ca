//! What a verification of a bundle answers: what was checked, what is wrong, what is not
//! there, and what the cases in it say, with times as far as they are proven.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::model::case::Field;
use crate::model::identifiers::{DeviceKey, Hash};
use crate::oplog::body::Subject;
use crate::oplog::evidence::{Exporter, Manifest};
use crate::oplog::fold::{CaseState, Event, Outcome};
use crate::oplog::hlc::CLOCK_LEAD_MS;
use crate::oplog::merge::FieldValue;
use crate::oplog::trusted_time::{ProvenBounds, TrustedTimes};
use crate::services::evidence::finding::{Finding, Words};
use crate::services::evidence::stream::StreamReport;

/// The most problems, and the most notices, that are listed; beyond, they are counted.
pub(super) const MAX_LISTED: usize = 1000;

/// What was checked and found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct EvidenceReport {
    /// True when nothing is wrong.
    pub sound: bool,
    /// BLAKE3 over the bundle, hex: what a QR code or a letter names it by. Nothing when it
    /// could not be read to its end.
    pub hash: Option<String>,
    /// True when it could not be read to its end.
    pub cut_short: bool,
    /// The first thing that is wrong.
    pub first: Option<Finding>,
    /// What is wrong, in the order in which it was found.
    pub problems: Vec<Finding>,
    /// How many problems there are, listed or not.
    pub problems_count: usize,
    /// What is not here, or known only within bounds, and no fault.
    pub notices: Vec<Finding>,
    /// How many notices there are, listed or not.
    pub notices_count: usize,
    /// The key that receipts and grants were checked with, hex.
    pub hub_key: Option<String>,
    /// True when the reader gave that key; otherwise the bundle itself did.
    pub hub_key_pinned: bool,
    /// Who made the bundle, as it says.
    pub made: Option<Made>,
    /// What was asked for, as `case:ID` and `patrol:ID`; nothing for everything.
    pub asked: Option<Vec<String>>,
    /// Commits whose bytes, hashes and signature were checked.
    pub commits: usize,
    /// Headers of commits that are not here, checked likewise.
    pub links: usize,
    /// Entries of the hub whose signature was checked.
    pub receipts: usize,
    /// Grants and revocations.
    pub grants: usize,
    /// Packs that are named.
    pub packs: usize,
    /// Photos that were hashed.
    pub photos: usize,
    /// Commits on which the hub's judgement was made again.
    pub judged: usize,
    /// Patrols that were folded.
    pub patrols: usize,
    /// People whose verdicts were judged.
    pub verdicts: usize,
    /// The chains.
    pub streams: Vec<StreamReport>,
    /// The cases.
    pub cases: Vec<CaseEvidence>,
}

/// Who made a bundle and when, by its own word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Made {
    /// The program.
    pub writer: String,
    /// `device` or `hub`.
    pub by: &'static str,
    /// The key of the device or the hub, hex.
    pub key: String,
    /// When, by its clock, RFC 3339.
    pub at: String,
}

/// A case as the bundle says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaseEvidence {
    /// The case.
    pub case_id: String,
    /// The official number.
    pub number: Option<String>,
    /// Where it stands.
    pub phase: &'static str,
    /// The small class.
    pub class: Option<String>,
    /// The cell.
    pub grid: Option<String>,
    /// The department.
    pub department: Option<String>,
    /// By which way the report came.
    pub source: Option<&'static str>,
    /// Who reported it, where known.
    pub reporter: Option<String>,
    /// The note; nothing when there is none or it was erased.
    pub note: Option<String>,
    /// Latitude and longitude on WGS 84, degrees.
    pub place: Option<[f64; 2]>,
    /// The radius of 68 % around the place, metres.
    pub accuracy_m: Option<f64>,
    /// True when the platform says that a mock provider made the place.
    pub is_mock: bool,
    /// The photos that count.
    pub photos: Vec<PhotoEvidence>,
    /// What happened, in the order of the log.
    pub timeline: Vec<Step>,
}

/// A photo of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PhotoEvidence {
    /// BLAKE3 of the original bytes.
    pub hash: String,
    /// What it shows.
    pub role: &'static str,
    /// Length in bytes.
    pub size_bytes: u64,
    /// True when its bytes are in the bundle and are those that were sealed.
    pub here: bool,
    /// The commit that sealed it.
    pub commit: String,
}

/// One operation with what is proven of its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What was done.
    pub what: &'static str,
    /// The person, where known.
    pub by: Option<String>,
    /// The device, hex.
    pub device: String,
    /// The commit.
    pub commit: String,
    /// What the device's wall clock said, RFC 3339.
    pub wall: String,
    /// It was not before this, RFC 3339; nothing without any hub contact before.
    pub not_before: Option<String>,
    /// It was not after this, RFC 3339; nothing before the hub stamped it.
    pub not_after: Option<String>,
    /// `within` what is proven, `behind` it or `ahead` of it, `contradictory`, or `unproven`.
    pub clock: &'static str,
    /// When the hub stamped it, RFC 3339.
    pub stamped: Option<String>,
    /// `effective`, `ineffective`, `refused`, `waiting` or `unread`.
    pub outcome: &'static str,
    /// Why, when it did not take effect: a stable code.
    pub reason: Option<String>,
    /// The comment or the reason that was given.
    pub text: Option<String>,
}

impl EvidenceReport {
    /// What was counted, whose key vouches for it, and who made it: a sentence each. `time`
    /// writes the instant of the making.
    #[must_use]
    pub fn origin(&self, words: Words, time: impl Fn(&str) -> String) -> Vec<String> {
        let number = |count: usize| count.to_string();
        let counted = [
            ("commits", number(self.commits)),
            ("links", number(self.links)),
            ("receipts", number(self.receipts)),
            ("photos", number(self.photos)),
            ("cases", number(self.cases.len())),
            ("judged", number(self.judged)),
        ];
        let mut lines = vec![words.tell("counts", counted)];
        lines.push(match (&self.hub_key, self.hub_key_pinned) {
            (Some(key), true) => words.tell("pinned", [("key", key.clone())]),
            (Some(key), false) => words.tell("not-pinned", [("key", key.clone())]),
            (None, _) => words.get("no-hub"),
        });
        if let Some(made) = &self.made {
            let mentions = [
                ("writer", made.writer.clone()),
                ("by", words.word("maker", made.by)),
                ("key", made.key.clone()),
                ("at", time(&made.at)),
            ];
            lines.push(words.tell("made-line", mentions));
        }
        lines
    }

    pub(super) fn tell_manifest(&mut self, manifest: &Manifest, pinned: Option<&DeviceKey>) {
        let (by, key) = match manifest.exporter {
            Exporter::Device(key) => ("device", key),
            Exporter::Hub(key) => ("hub", key),
        };
        self.made = Some(Made {
            writer: manifest.writer.clone(),
            by,
            key: key.to_string(),
            at: manifest.exported.to_rfc3339(),
        });
        self.hub_key = pinned.or(manifest.hub.as_ref()).map(ToString::to_string);
        self.hub_key_pinned = pinned.is_some();
        let asked = manifest.asked.as_ref();
        self.asked = asked.map(|asked| asked.iter().map(subject_name).collect());
    }

    pub(super) fn tell_cases(
        &mut self,
        cases: &[CaseState],
        times: &TrustedTimes,
        photos: &BTreeSet<Hash>,
    ) {
        self.cases = cases
            .iter()
            .map(|case| case_evidence(case, times, photos))
            .collect();
    }
}

fn subject_name(subject: &Subject) -> String {
    match (subject.as_case(), subject.as_patrol()) {
        (Some(case_id), _) => format!("case:{case_id}"),
        (None, Some(patrol_id)) => format!("patrol:{patrol_id}"),
        (None, None) => format!("{}:{}", subject.kind, hex::encode(subject.id)),
    }
}

fn case_evidence(case: &CaseState, times: &TrustedTimes, photos: &BTreeSet<Hash>) -> CaseEvidence {
    let place = match case
        .register(Field::Place)
        .and_then(|register| register.winner())
        .map(|version| &version.value)
    {
        Some(FieldValue::Place(place)) => Some(*place),
        _ => None,
    };
    let opened = case.opened.as_ref();
    CaseEvidence {
        case_id: case.case_id.to_string(),
        number: case.number.clone(),
        phase: case.phase.as_str(),
        class: case.class().map(|class| class.to_string()),
        grid: case.grid().map(|grid| grid.to_string()),
        department: case.department.as_ref().map(ToString::to_string),
        source: opened.map(|opened| opened.source.as_str()),
        reporter: opened
            .and_then(|opened| opened.person.as_ref())
            .map(ToString::to_string),
        note: case.text(Field::Note).map(str::to_owned),
        place: place
            .and_then(|place| place.position())
            .map(|at| [at.lat_deg(), at.lon_deg()]),
        accuracy_m: place
            .and_then(|place| place.accuracy_cm)
            .map(|cm| cm as f64 / 100.0),
        is_mock: place.is_some_and(|place| place.is_mock),
        photos: case
            .photos()
            .map(|of| PhotoEvidence {
                hash: of.photo.hash.to_string(),
                role: of.photo.role.as_str(),
                size_bytes: of.photo.size_bytes,
                here: photos.contains(&of.photo.hash),
                commit: of.op.commit.to_string(),
            })
            .collect(),
        timeline: case.events.iter().map(|event| step(event, times)).collect(),
    }
}

fn step(event: &Event, times: &TrustedTimes) -> Step {
    let (outcome, reason) = match &event.outcome {
        Outcome::Effective => ("effective", None),
        Outcome::Ineffective(why) => ("ineffective", Some((*why).to_owned())),
        Outcome::Refused(why) => ("refused", Some(why.clone())),
        Outcome::Waiting(why) => ("waiting", Some(why.clone())),
        Outcome::Unread => ("unread", None),
    };
    let proven = times.proven(&event.op.commit).unwrap_or_default();
    Step {
        what: event.what,
        by: event.person.as_ref().map(ToString::to_string),
        device: event.device.to_string(),
        commit: event.op.commit.to_string(),
        wall: event.signing.clock.wall.to_rfc3339(),
        not_before: proven.not_before.map(|at| at.to_rfc3339()),
        not_after: proven.not_after.map(|at| at.to_rfc3339()),
        clock: clock_of(event, proven),
        stamped: event.hub_time.map(|at| at.to_rfc3339()),
        outcome,
        reason,
        text: event.text.clone(),
    }
}

/// The device's wall clock against what is proven, with the five minutes that a clock may be
/// off and be believed.
fn clock_of(event: &Event, proven: ProvenBounds) -> &'static str {
    let wall = event.signing.clock.wall;
    let is_behind = |low| wall.plus_ms(CLOCK_LEAD_MS) < low;
    match (proven.not_before, proven.not_after) {
        _ if !proven.is_consistent => "contradictory",
        (None, None) => "unproven",
        (Some(low), _) if is_behind(low) => "behind",
        (_, Some(high)) if wall > high.plus_ms(CLOCK_LEAD_MS) => "ahead",
        _ => "within",
    }
}
