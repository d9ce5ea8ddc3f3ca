//! Checking a bundle from its bytes alone: hashes, signatures, receipts, chains, clocks, the
//! hub's judgements and photos, as somebody does who trusts neither the phone nor the hub nor
//! whoever handed the file over.
//!
//! It reads the bundle once and in order. What is wrong is a *problem*, the first one first;
//! what is missing and said to be missing is a *notice*. It refuses to call sound what it
//! could not read to the end.

mod whole;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::BufRead;

use crate::model::case::CaseId;
use crate::model::identifiers::{DeviceKey, Hash, Zone};
use crate::model::patrol::PatrolId;
use crate::model::person::Authority;
use crate::model::time::UtcMs;
use crate::oplog::attest::Witness;
use crate::oplog::body::{Body, BodyError, Kind, Subject};
use crate::oplog::certificate::Certificate;
use crate::oplog::commit::{Commit, Header, SignedHeader};
use crate::oplog::entry::{Entry, SignedEntry, Stamp, Verdict};
use crate::oplog::evidence::{
    AbsentPart, BundleReader, CommitPart, GrantPart, LinkPart, Manifest, PackPart, Part, ReadError,
};
use crate::oplog::fold::{CaseState, Input};
use crate::oplog::history::in_order;
use crate::oplog::hlc::CLOCK_LEAD_MS;
use crate::oplog::judge::{Refusal, judge, judge_patrols, judge_verdicts};
use crate::oplog::patrol::PatrolState;
use crate::oplog::sign::Verifier;
use crate::oplog::trusted_time::{Act, Signing, TrustedTimes};
use crate::oplog::verdict_act::VerdictAct;
use crate::services::evidence::finding::Finding;
use crate::services::evidence::report::{EvidenceReport, MAX_LISTED};
use crate::services::evidence::stream::{Streams, Strung};
use crate::services::log::annotation_of;
use crate::services::verify::disagrees;

/// A bundle that was checked, with what it says.
#[derive(Debug)]
pub struct Verified {
    /// What was checked and found.
    pub report: EvidenceReport,
    /// The cases, folded.
    pub cases: Vec<CaseState>,
    /// The patrols, folded.
    pub patrols: Vec<PatrolState>,
    /// What is proven of the times of all commits.
    pub times: TrustedTimes,
    /// The photos whose bytes are in the bundle and are those that were sealed.
    pub photos: BTreeSet<Hash>,
}

/// Checks a bundle.
///
/// - `hub`: the hub's key as the reader knows it from elsewhere; without it the key that the
///   bundle names is used, and the report says so.
///
/// # Errors
/// [`ReadError::NotABundle`], [`ReadError::UnknownVersion`], [`ReadError::Io`]. Whatever else
/// is wrong is in the report.
pub fn verify_bundle(input: impl BufRead, hub: Option<&DeviceKey>) -> Result<Verified, ReadError> {
    let mut check = Check::default();
    match BundleReader::begin(input) {
        Ok((reader, manifest)) => {
            check.take_manifest(&manifest, hub);
            check.read_on(reader)?;
        }
        Err(error) => check.stop(error)?,
    }
    Ok(check.finish())
}

/// A photo as a commit names it.
struct Named {
    commit: Hash,
    case: Option<CaseId>,
    size_bytes: Option<u64>,
}

/// The grants of one device in one zone by place; nothing where it was revoked.
type Grants = BTreeMap<(u64, u64), Option<Authority>>;

#[derive(Default)]
struct Check {
    report: EvidenceReport,
    verifier: Verifier,
    hub: Option<DeviceKey>,
    zones: BTreeMap<Zone, (u64, u64)>,
    has_photos: bool,
    grants: HashMap<DeviceKey, HashMap<Zone, Grants>>,
    /// Every entry that was read: place, time, what it stamps.
    entries: Vec<(Zone, u64, u64, UtcMs, Hash)>,
    commits: HashSet<Hash>,
    /// Commits that one about the same single subject names as seen.
    seen: BTreeMap<Hash, Hash>,
    streams: Streams,
    acts: Vec<Act>,
    cases: BTreeMap<CaseId, CaseState>,
    patrols: BTreeMap<PatrolId, PatrolState>,
    verdicts: BTreeSet<Subject>,
    unstamped: Vec<Input>,
    named: BTreeMap<Hash, Named>,
    photos: BTreeSet<Hash>,
    packs: BTreeSet<Hash>,
    absent: Vec<AbsentPart>,
    last_key: Option<(u8, Vec<u8>)>,
}

impl Check {
    fn take_manifest(&mut self, manifest: &Manifest, pinned: Option<&DeviceKey>) {
        self.report.tell_manifest(manifest, pinned);
        self.hub = pinned.copied().or(manifest.hub);
        self.zones = manifest
            .zones
            .iter()
            .map(|(zone, epoch, position)| (zone.clone(), (*epoch, *position)))
            .collect();
        self.has_photos = manifest.has_photos;
        if let (Some(pinned), Some(named)) = (pinned, manifest.hub)
            && *pinned != named
        {
            self.problem(
                Finding::new("other_hub")
                    .on("hub", named)
                    .on("expected", pinned),
            );
        }
    }

    fn read_on<R: BufRead>(&mut self, mut reader: BundleReader<R>) -> Result<(), ReadError> {
        loop {
            match self.next(&mut reader) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) => return self.stop(error),
            }
        }
    }

    /// Reads and checks one part; false at the end.
    fn next<R: BufRead>(&mut self, reader: &mut BundleReader<R>) -> Result<bool, ReadError> {
        let counted = *reader.tally();
        match reader.next()? {
            Part::Manifest(_) => return Err(ReadError::Order),
            Part::Grant(part) => self.grant(&part),
            Part::Pack(part) => self.pack(&part),
            Part::Commit(part) => self.commit(&part),
            Part::Link(part) => self.link(&part),
            Part::Photo(name, size_bytes) => {
                let found = reader.content(|_| {})?;
                self.photo(name, size_bytes, found);
            }
            Part::PackContent(name, _) => {
                let found = reader.content(|_| {})?;
                self.in_turn(7, &name.0);
                if found != name {
                    self.problem(Finding::new("pack_changed").on("pack", name));
                } else if !self.packs.contains(&name) {
                    self.problem(Finding::new("pack_unnamed").on("pack", name));
                }
            }
            Part::Absent(part) => {
                self.in_turn(8, &part.encode());
                self.absent.push(part);
            }
            Part::Tally(said) => {
                if said != counted {
                    self.problem(Finding::new("tally_differs"));
                }
            }
            Part::End(said) => {
                let found = reader.hash().unwrap_or(said);
                self.report.hash = Some(found.to_string());
                if found != said {
                    self.problem(
                        Finding::new("bundle_changed")
                            .on("hash", found)
                            .on("expected", said),
                    );
                }
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The bundle cannot be read on.
    fn stop(&mut self, error: ReadError) -> Result<(), ReadError> {
        let code = match error {
            ReadError::NotABundle | ReadError::UnknownVersion(_) | ReadError::Io(_) => {
                return Err(error);
            }
            ReadError::CutOff => "cut_off",
            ReadError::Trailing => "bytes_behind_the_end",
            ReadError::Form(_) | ReadError::Order => "unreadable",
        };
        self.problem(Finding::new(code).on("why", &error));
        self.report.cut_short = true;
        Ok(())
    }

    /// Parts of a kind ascend, so that none stands there twice.
    fn in_turn(&mut self, kind: u8, key: &[u8]) {
        let is_in_turn = self
            .last_key
            .as_ref()
            .is_none_or(|(last, before)| *last != kind || before.as_slice() < key);
        self.last_key = Some((kind, key.to_vec()));
        if !is_in_turn {
            let once = self
                .report
                .problems
                .iter()
                .any(|it| it.code == "out_of_order");
            if !once {
                self.problem(Finding::new("out_of_order"));
            }
        }
    }

    fn entry(&mut self, bytes: &[u8], of: &Hash) -> Option<Entry> {
        self.report.receipts += 1;
        let Some(hub) = self.hub else {
            self.problem(Finding::new("receipt_without_hub").on("commit", of));
            return None;
        };
        match SignedEntry::decode_by(bytes, &hub, &mut self.verifier) {
            Ok(signed) => {
                let entry = signed.into_entry();
                self.entries.push((
                    entry.zone.clone(),
                    entry.epoch,
                    entry.position,
                    entry.hub_time,
                    *entry.stamp.subject(),
                ));
                Some(entry)
            }
            Err(error) => {
                self.problem(
                    Finding::new("receipt_unsound")
                        .on("commit", of)
                        .on("why", error),
                );
                None
            }
        }
    }

    fn grant(&mut self, part: &GrantPart) {
        self.report.grants += 1;
        let Some(hub) = self.hub else {
            return self.problem(Finding::new("grant_without_hub"));
        };
        let certificate = match Certificate::decode(&part.certificate, &hub) {
            Ok(certificate) => certificate,
            Err(error) => {
                return self.problem(Finding::new("grant_unsound").on("why", error));
            }
        };
        let device = certificate.grant().device;
        let Some(entry) = self.entry(&part.entry, &certificate.hash()) else {
            return;
        };
        let authority = match &entry.stamp {
            Stamp::Grant(hash) if *hash == certificate.hash() => {
                Some(certificate.grant().authority.clone())
            }
            Stamp::Revocation(hash) if *hash == certificate.hash() => None,
            _ => {
                return self.problem(Finding::new("grant_of_another").on("device", device));
            }
        };
        self.in_turn(2, &place_key(&entry));
        self.grants
            .entry(device)
            .or_default()
            .entry(entry.zone.clone())
            .or_default()
            .insert((entry.epoch, entry.position), authority);
    }

    fn pack(&mut self, part: &PackPart) {
        self.report.packs += 1;
        self.in_turn(3, &[part.kind.as_bytes(), &[0], &part.hash.0].concat());
        self.packs.insert(part.hash);
        let Some(bytes) = &part.entry else { return };
        if let Some(entry) = self.entry(bytes, &part.hash)
            && entry.stamp != Stamp::Pack(part.hash)
        {
            self.problem(Finding::new("pack_of_another").on("pack", part.hash));
        }
    }

    fn commit(&mut self, part: &CommitPart) {
        self.report.commits += 1;
        let commit = match Commit::decode_by(&part.commit, &mut self.verifier) {
            Ok(commit) => commit,
            Err(error) => {
                let number = self.report.commits;
                return self.problem(
                    Finding::new("commit_unsound")
                        .on("number", number)
                        .on("why", error),
                );
            }
        };
        let (hash, device) = (commit.hash(), commit.header().device);
        let mut last: Option<Entry> = None;
        let mut first_place = None;
        for bytes in &part.entries {
            let Some(entry) = self.stamp_of(bytes, &hash) else {
                continue;
            };
            first_place = first_place.or(Some((entry.epoch, entry.position)));
            let is_later = |before: &Entry| place_key(before) < place_key(&entry);
            if last.as_ref().is_none_or(is_later) {
                last = Some(entry);
            } else {
                self.problem(Finding::new("receipts_reordered").on("commit", hash));
            }
        }
        self.in_turn(4, &commit_key(commit.header(), &hash, last.as_ref()));
        if !self.commits.insert(hash) {
            return self.problem(Finding::new("commit_twice").on("commit", hash));
        }
        self.string(commit.header(), hash, last.as_ref(), first_place);
        if commit.values().iter().any(Option::is_none) {
            self.notice(Finding::new("value_erased").on("commit", hash));
        }
        let annotation = last.as_ref().and_then(annotation_of);
        let authority = self.authority(&device, last.as_ref());
        let input = Input {
            commit,
            annotation,
            authority,
        };
        let body = input.commit.body();
        if let Ok(body) = &body {
            self.note_named(body, &input.commit);
        }
        match last {
            Some(entry) => {
                self.judge(&input, &body, &entry);
                self.apply(&input, &body);
            }
            None => {
                self.notice(
                    Finding::new("not_stamped")
                        .on("commit", hash)
                        .on("device", device),
                );
                self.unstamped.push(input);
            }
        }
    }

    /// The entry of a commit or a link, if it is a sound one for it.
    fn stamp_of(&mut self, bytes: &[u8], hash: &Hash) -> Option<Entry> {
        let entry = self.entry(bytes, hash)?;
        match &entry.stamp {
            Stamp::Commit { commit, .. } if commit == hash => Some(entry),
            _ => {
                self.problem(
                    Finding::new("receipt_of_another")
                        .on("commit", hash)
                        .on("zone", &entry.zone)
                        .on("position", entry.position),
                );
                None
            }
        }
    }

    fn link(&mut self, part: &LinkPart) {
        self.report.links += 1;
        let link = match SignedHeader::decode(&part.header, &part.signature, &mut self.verifier) {
            Ok(link) => link,
            Err(error) => {
                let number = self.report.links;
                return self.problem(
                    Finding::new("link_unsound")
                        .on("number", number)
                        .on("why", error),
                );
            }
        };
        let (header, hash) = (link.header(), link.hash());
        self.in_turn(5, &stream_key(header, &hash));
        if self.commits.contains(&hash) {
            return self.problem(Finding::new("commit_twice").on("commit", hash));
        }
        let entry = part
            .entry
            .as_ref()
            .and_then(|bytes| self.stamp_of(bytes, &hash));
        let place = entry.as_ref().map(|entry| (entry.epoch, entry.position));
        self.string(header, hash, entry.as_ref(), place);
    }

    /// Puts a commit into its stream, and its clocks beside those of the others.
    fn string(
        &mut self,
        header: &Header,
        hash: Hash,
        entry: Option<&Entry>,
        first_place: Option<(u64, u64)>,
    ) {
        if let (Some(seen), Some(entry)) = (header.last_hub_time, entry)
            && seen > entry.hub_time.plus_ms(CLOCK_LEAD_MS)
        {
            self.problem(
                Finding::new("receipt_before_seen")
                    .on("commit", hash)
                    .on("seen", seen.to_rfc3339())
                    .on("stamped", entry.hub_time.to_rfc3339()),
            );
        }
        self.acts.push(Act {
            commit: hash,
            device: header.device,
            signing: Signing::of(header),
            last_hub_time: header.last_hub_time,
            stamped: entry.map(|entry| entry.hub_time),
            // A header alone says no more of its time.
            witness: Witness::default(),
        });
        let is_quarantined = entry.is_some_and(|entry| {
            matches!(
                &entry.stamp,
                Stamp::Commit {
                    verdict: Verdict::Quarantined(_),
                    ..
                }
            )
        });
        self.streams.add(
            header,
            Strung {
                hash,
                prev: header.prev,
                hlc: header.hlc,
                wall: header.clock.wall,
                last_hub_time: header.last_hub_time,
                place: first_place
                    .zip(entry)
                    .map(|(place, entry)| (entry.zone.clone(), place)),
                is_quarantined,
                heads: header.heads.clone(),
            },
        );
    }

    /// What a body names that must be in the bundle too.
    fn note_named(&mut self, body: &Body, commit: &Commit) {
        let hash = commit.hash();
        if body.subjects().len() == 1 {
            let basis = &commit.header().basis;
            self.seen.extend(basis.iter().map(|seen| (*seen, hash)));
        }
        for operation in &body.operations {
            let (photo, size_bytes) = match &operation.kind {
                Kind::AddPhoto(photo) => (photo.hash, Some(photo.size_bytes)),
                Kind::Verdict(VerdictAct::Find {
                    photo: Some(photo), ..
                }) => (*photo, None),
                _ => continue,
            };
            self.named.entry(photo).or_insert(Named {
                commit: hash,
                case: operation.subject.as_case(),
                size_bytes,
            });
        }
    }

    fn authority(&self, device: &DeviceKey, at: Option<&Entry>) -> Authority {
        let Some(zones) = self.grants.get(device) else {
            return Authority::unknown();
        };
        let last = match at {
            Some(entry) => zones.get(&entry.zone).and_then(|grants| {
                let before = grants.range(..(entry.epoch, entry.position));
                before.last().map(|(_, authority)| authority)
            }),
            None => zones
                .values()
                .filter_map(|grants| grants.last_key_value())
                .max_by_key(|(place, _)| **place)
                .map(|(_, authority)| authority),
        };
        last.cloned().flatten().unwrap_or_else(Authority::unknown)
    }

    /// Judges as the hub should have judged. Only *admitted* and *refused* can be judged from
    /// the log alone, and only what is about one subject: a commit about several is refused
    /// as a whole for any one of them. What is damaged before it is named already.
    fn judge(&mut self, input: &Input, body: &Result<Body, BodyError>, entry: &Entry) {
        let device = input.commit.header().device;
        let expected = match body {
            Ok(body) => match body.subjects().as_slice() {
                [subject] => match (subject.as_case(), subject.kind) {
                    (Some(case_id), _) => {
                        let empty = CaseState::empty(case_id);
                        let state = self.cases.get(&case_id).unwrap_or(&empty);
                        judge(body, &device, &input.authority, state)
                    }
                    (None, Subject::PATROL) => judge_patrols(body, &input.authority),
                    (None, Subject::VERDICT) => judge_verdicts(body, &input.authority),
                    _ => return,
                },
                _ => return,
            },
            Err(BodyError::UnknownSchema(_)) => {
                let unread = Finding::new("unread").on("commit", input.commit.hash());
                return self.notice(unread);
            }
            Err(_) => Err(Refusal::Malformed),
        };
        // Grants are known up to where the exporter had read.
        let place = (entry.epoch, entry.position);
        if self.zones.get(&entry.zone).is_none_or(|to| place > *to) {
            return self.notice(
                Finding::new("not_judged")
                    .on("commit", input.commit.hash())
                    .on("position", entry.position),
            );
        }
        self.report.judged += 1;
        if let Stamp::Commit { verdict, .. } = &entry.stamp
            && disagrees(verdict, &expected, &input.commit)
            && self.report.problems_count == 0
        {
            self.problem(
                Finding::new("verdict_disagrees")
                    .on("commit", input.commit.hash())
                    .on("position", entry.position)
                    .on("verdict", verdict.as_str())
                    .on(
                        "reason",
                        expected.err().map_or("none".to_owned(), |r| r.to_string()),
                    ),
            );
        }
    }

    /// Folds a commit into what it is about.
    fn apply(&mut self, input: &Input, body: &Result<Body, BodyError>) {
        let Ok(body) = body else { return };
        for subject in body.subjects() {
            if let Some(case_id) = subject.as_case() {
                let state = self.cases.entry(case_id);
                state
                    .or_insert_with(|| CaseState::empty(case_id))
                    .apply(input);
            } else if let Some(patrol_id) = subject.as_patrol() {
                let state = self.patrols.entry(patrol_id);
                state
                    .or_insert_with(|| PatrolState::empty(patrol_id))
                    .apply(input);
            } else if subject.kind == Subject::VERDICT {
                self.verdicts.insert(subject);
            }
        }
    }

    fn photo(&mut self, name: Hash, size_bytes: u64, found: Hash) {
        self.report.photos += 1;
        self.in_turn(6, &name.0);
        let about = |code: &'static str, named: Option<&Named>| {
            let mut finding = Finding::new(code).on("photo", name);
            let case = named.and_then(|named| named.case);
            finding = finding.on("case", case.map_or("—".to_owned(), |case| case.to_string()));
            finding
        };
        let Some(named) = self.named.get(&name) else {
            return self.problem(about("photo_unnamed", None));
        };
        let problem = if found != name {
            Some("photo_changed")
        } else if named.size_bytes.is_some_and(|size| size != size_bytes) {
            Some("photo_size_differs")
        } else {
            None
        };
        match problem.map(|code| about(code, Some(named))) {
            Some(finding) => self.problem(finding),
            None => {
                self.photos.insert(name);
            }
        }
    }

    fn finish(mut self) -> Verified {
        // What a cut off bundle lacks says nothing.
        if !self.report.cut_short {
            self.check_whole();
        }
        let unstamped = std::mem::take(&mut self.unstamped);
        for input in in_order(unstamped.iter()) {
            self.apply(input, &input.commit.body());
        }
        let times = TrustedTimes::of(std::mem::take(&mut self.acts));
        let cases: Vec<_> = std::mem::take(&mut self.cases).into_values().collect();
        let patrols: Vec<_> = std::mem::take(&mut self.patrols).into_values().collect();
        self.report.verdicts = self.verdicts.len();
        self.report.tell_cases(&cases, &times, &self.photos);
        self.report.patrols = patrols.len();
        self.report.sound = self.report.problems_count == 0;
        Verified {
            report: self.report,
            cases,
            patrols,
            times,
            photos: self.photos,
        }
    }

    fn problem(&mut self, finding: Finding) {
        self.report.problems_count += 1;
        if self.report.first.is_none() {
            self.report.first = Some(finding.clone());
        }
        if self.report.problems.len() < MAX_LISTED {
            self.report.problems.push(finding);
        }
    }

    fn notice(&mut self, finding: Finding) {
        self.report.notices_count += 1;
        if self.report.notices.len() < MAX_LISTED {
            self.report.notices.push(finding);
        }
    }
}

/// Sorts as (zone, epoch, position) does.
fn place_key(entry: &Entry) -> Vec<u8> {
    let mut key = entry.zone.as_str().as_bytes().to_vec();
    key.push(0);
    key.extend_from_slice(&entry.epoch.to_be_bytes());
    key.extend_from_slice(&entry.position.to_be_bytes());
    key
}

/// Sorts as (device, zone, seq, hash) does.
pub(super) fn stream_key(header: &Header, hash: &Hash) -> Vec<u8> {
    let mut key = header.device.bytes.to_vec();
    key.extend_from_slice(header.zone.as_str().as_bytes());
    key.push(0);
    key.extend_from_slice(&header.seq.to_be_bytes());
    key.extend_from_slice(&hash.0);
    key
}

/// Stamped commits by the place of the last stamp, the others behind them by stream.
pub(super) fn commit_key(header: &Header, hash: &Hash, last: Option<&Entry>) -> Vec<u8> {
    match last {
        Some(entry) => [&[0], place_key(entry).as_slice()].concat(),
        None => [&[1], stream_key(header, hash).as_slice()].concat(),
    }
}
