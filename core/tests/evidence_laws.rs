//! The laws of an evidence bundle: what was changed, dropped, exchanged or dated back shows,
//! whatever was done to the file; what is missing and said so is no fault; nothing panics.

mod support;

use std::io::BufReader;

use bading_core::engine::Engine;
use bading_core::model::case::{CaseId, OpId};
use bading_core::model::identifiers::{DeviceKey, Hash, Zone};
use bading_core::model::person::Role;
use bading_core::model::time::{ClockReading, UtcMs};
use bading_core::model::workflow::Action;
use bading_core::oplog::body::{BodyBuilder, Kind, Subject};
use bading_core::oplog::commit::{Commit, Draft};
use bading_core::oplog::entry::{Entry, SignedEntry, Verdict};
use bading_core::oplog::evidence::{
    BundleReader, BundleWriter, CommitPart, LinkPart, Manifest, Part, ReadError,
};
use bading_core::oplog::hlc::Hlc;
use bading_core::oplog::sign::{DeviceSigner, SoftwareSigner};
use bading_core::photo::render;
use bading_core::rules::explain::Language;
use bading_core::services::capture::{PhotoInput, Report};
use bading_core::services::evidence::export::Wanted;
use bading_core::services::evidence::{EvidenceReport, verify_bundle};
use proptest::prelude::*;

use support::city::{MINUTE_MS, START, authority};
use support::station::{Stamper, TestHost, ZONE, at, commits, in_store, open};

/// A store with two cases of one inspector, the first accepted by a supervisor.
struct Scene {
    _dir: tempfile::TempDir,
    engine: Engine,
    host: std::sync::Arc<TestHost>,
    hub: Stamper,
    cases: Vec<CaseId>,
}

const SUPERVISOR: [u8; 32] = [0x55; 32];

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let host = TestHost::new(7);
        let engine = open(dir.path(), 1, &host);
        let mut hub = Stamper::new();
        hub.enrol(&engine, "A-0042", Role::Inspector);
        let supervisor = SoftwareSigner::from_seed(&SUPERVISOR).key();
        let rights = authority("S-1", &[Role::Supervisor], None);
        hub.grant(&engine, supervisor, rights);
        in_store(&engine, |tx| {
            Ok(bading_core::services::log::take_hub_time(tx, START)?)
        });
        Self {
            _dir: dir,
            engine,
            host,
            hub,
            cases: Vec::new(),
        }
    }

    /// Reports a case with a photo; another seed is another picture.
    fn report(&mut self, seed: u8) -> CaseId {
        self.host.forward(MINUTE_MS);
        let report = Report {
            photos: vec![PhotoInput {
                bytes: picture(seed),
                role: None,
            }],
            at: Some(at(0.0, 0.0)),
            accuracy_m: Some(5.0),
            class: None,
            note: Some("井盖破损".to_owned()),
            taken_at: None,
            is_mock: false,
            ..Report::default()
        };
        let reported = self.engine.report(&report).expect("a report");
        let case_id = reported.case_id.parse().expect("a case");
        self.cases.push(case_id);
        case_id
    }

    fn stamp(&mut self, minutes: u64) {
        let at = START.plus_ms(minutes * MINUTE_MS);
        self.hub.stamp_rest(&self.engine, at, &Verdict::Admitted);
    }

    /// A supervisor's phone accepts a case; the commit arrives here with its stamp.
    fn accept(&mut self, case_id: CaseId, minutes: u64) -> Commit {
        let signer = SoftwareSigner::from_seed(&SUPERVISOR);
        let opening = commits(&self.engine)
            .into_iter()
            .find(|commit| {
                let body = commit.body().expect("readable");
                body.subjects().contains(&Subject::case(case_id))
            })
            .expect("it was reported");
        let mut body = BodyBuilder::new();
        let basis = OpId {
            commit: opening.hash(),
            index: 0,
        };
        let kind = Kind::Transition {
            action: Action::Accept,
            basis,
            department: None,
            reason: None,
        };
        body.push(Subject::case(case_id), kind);
        let wall = START.plus_ms(minutes * MINUTE_MS);
        let draft = draft(0, None, wall, vec![opening.hash()]);
        let commit = Commit::seal(draft, &body.finish(), &signer).expect("sound");
        let subjects = [Subject::case(case_id)];
        in_store(&self.engine, |tx| {
            Ok(tx.insert_commit(&commit, &subjects, false)?)
        });
        self.hub
            .stamp(&self.engine, &commit.hash(), wall, Verdict::Admitted, None);
        commit
    }

    fn export(&self, cases: &[CaseId]) -> Vec<u8> {
        let subjects = cases.iter().map(|case_id| Subject::case(*case_id));
        self.export_as(&Wanted {
            subjects: (!cases.is_empty()).then(|| subjects.collect()),
            photos: true,
            pack_contents: Vec::new(),
        })
    }

    fn export_as(&self, wanted: &Wanted) -> Vec<u8> {
        let mut out = Vec::new();
        let exported = self.engine.export_evidence(wanted, "test", &mut out);
        exported.expect("a bundle");
        out
    }
}

/// A small photo of ours; another seed is another street.
fn picture(seed: u8) -> Vec<u8> {
    render::render(&render::Scene {
        seed: seed.into(),
        width_px: 32,
        height_px: 24,
        orientation: 1,
        position: None,
        taken_at: None,
        offset: None,
        make: "Bading".to_owned(),
        model: "Test".to_owned(),
    })
}

fn draft(seq: u64, prev: Option<Hash>, wall: UtcMs, basis: Vec<Hash>) -> Draft {
    Draft {
        zone: Zone::parse(ZONE).expect("a zone of the test"),
        seq,
        prev,
        hlc: Hlc {
            ms: wall,
            counter: 0,
        },
        last_hub_time: Some(START),
        clock: ClockReading {
            wall,
            mono_ms: wall.0 - START.0 + 1_000,
            boot: [8; 16],
        },
        certificate: None,
        basis,
        heads: Vec::new(),
    }
}

fn check(bundle: &[u8]) -> EvidenceReport {
    verify_bundle(bundle, None).expect("a bundle").report
}

/// The code of the first thing that is wrong.
#[track_caller]
fn first(bundle: &[u8]) -> &'static str {
    let report = check(bundle);
    assert!(!report.sound);
    let first = report.first.expect("something is wrong");
    // Every finding has its words in both languages, all of it.
    for finding in report.problems.iter().chain(&report.notices) {
        for language in Language::ALL {
            let told = finding.tell(language);
            assert!(!told.contains(finding.code), "{told}");
        }
    }
    first.code
}

fn codes(bundle: &[u8]) -> (Vec<&'static str>, Vec<&'static str>) {
    let report = check(bundle);
    let of = |findings: &[bading_core::services::evidence::Finding]| {
        findings.iter().map(|finding| finding.code).collect()
    };
    (of(&report.problems), of(&report.notices))
}

/// A bundle taken apart, so that it can be put together otherwise by somebody who knows the
/// format and makes the tally and the hash anew.
struct Apart {
    manifest: Manifest,
    parts: Vec<(Part, Vec<u8>)>,
}

impl Apart {
    fn take(bundle: &[u8]) -> Self {
        let (mut reader, manifest) = BundleReader::begin(bundle).expect("a bundle");
        let mut parts = Vec::new();
        loop {
            let part = reader.next().expect("sound");
            let mut content = Vec::new();
            match part {
                Part::Photo(..) | Part::PackContent(..) => {
                    reader
                        .content(|piece| content.extend_from_slice(piece))
                        .expect("whole");
                }
                Part::End(_) => return Self { manifest, parts },
                Part::Tally(_) => continue,
                _ => {}
            }
            parts.push((part, content));
        }
    }

    fn put(&self) -> Vec<u8> {
        let mut writer = BundleWriter::begin(Vec::new(), &self.manifest).expect("begins");
        for (part, content) in &self.parts {
            let mut bytes = content.as_slice();
            let written = match part {
                Part::Grant(part) => writer.grant(part),
                Part::Pack(part) => writer.pack(part),
                Part::Commit(part) => writer.commit(part),
                Part::Link(part) => writer.link(part),
                Part::Photo(name, _) => writer.photo(name, content.len() as u64, &mut bytes),
                Part::PackContent(name, _) => {
                    writer.pack_content(name, content.len() as u64, &mut bytes)
                }
                Part::Absent(part) => writer.absent(part),
                Part::Manifest(_) | Part::Tally(_) | Part::End(_) => Ok(()),
            };
            written.expect("in order");
        }
        let (_, _, out) = writer.finish().expect("ends");
        out
    }

    fn commits(&mut self) -> Vec<&mut CommitPart> {
        self.parts
            .iter_mut()
            .filter_map(|(part, _)| match part {
                Part::Commit(part) => Some(part),
                _ => None,
            })
            .collect()
    }

    fn drop_where(&mut self, is_it: impl Fn(&Part) -> bool) {
        let before = self.parts.len();
        let at = self.parts.iter().position(|(part, _)| is_it(part));
        self.parts.remove(at.expect("there is one"));
        assert_eq!(self.parts.len() + 1, before);
    }
}

fn is_commit(hash: Hash) -> impl Fn(&Part) -> bool {
    move |part| match part {
        Part::Commit(part) => Commit::decode(&part.commit).expect("sound").hash() == hash,
        _ => false,
    }
}

fn two_cases() -> Scene {
    let mut scene = Scene::new();
    let one = scene.report(1);
    scene.report(2);
    scene.engine.comment(one, "已设围挡").expect("a comment");
    scene.stamp(10);
    scene.accept(one, 11);
    scene
}

#[test]
fn bundle_of_everything_is_sound_and_counts_what_it_holds() {
    let scene = two_cases();
    let report = check(&scene.export(&[]));
    assert_eq!(report.problems, []);
    assert!(report.sound && !report.cut_short && report.asked.is_none());
    let counts = (report.commits, report.links, report.photos, report.grants);
    assert_eq!(counts, (4, 0, 2, 2));
    assert_eq!((report.cases.len(), report.judged), (2, 4));
    let accepted = report.cases.iter().find(|case| case.phase == "accepted");
    assert_eq!(accepted.map(|case| case.timeline.len()), Some(5));
}

#[test]
fn bundle_of_one_case_proves_the_chain_by_headers_and_tells_nothing_of_the_other() {
    let scene = two_cases();
    let bundle = scene.export(&scene.cases[..1]);
    let report = check(&bundle);
    assert_eq!(report.problems, []);
    assert_eq!((report.commits, report.links, report.photos), (3, 1, 1));
    let inspectors = report.streams.iter().find(|stream| stream.last == 2);
    let stream = inspectors.expect("the inspector's chain");
    assert_eq!((stream.first, stream.commits), (0, 2));
    assert_eq!(
        (&*stream.only_headers, &*stream.missing),
        (&[(1, 1)][..], &[][..])
    );
    let other = scene.cases[1].0.as_bytes();
    assert!(!bundle.windows(16).any(|window| window == other));
}

#[test]
fn same_store_exports_the_same_bytes_and_the_hash_names_them() {
    let scene = two_cases();
    let (one, two) = (scene.export(&[]), scene.export(&[]));
    assert!(one == two);
    let without = scene.export_as(&Wanted {
        subjects: None,
        photos: false,
        pack_contents: Vec::new(),
    });
    assert_ne!(check(&one).hash, check(&without).hash);
    assert_eq!(codes(&without), (vec![], vec!["photos_left_out"]));
}

#[test]
fn small_pieces_of_a_slow_file_read_like_the_whole() {
    let bundle = two_cases().export(&[]);
    let slow = BufReader::with_capacity(7, bundle.as_slice());
    let report = verify_bundle(slow, None).expect("a bundle").report;
    assert!(report.sound);
    assert_eq!(report.hash, check(&bundle).hash);
}

#[test]
fn every_flipped_bit_is_found_or_makes_the_bundle_unreadable() {
    let mut scene = Scene::new();
    scene.report(1);
    scene.stamp(5);
    let bundle = scene.export(&[]);
    assert!(check(&bundle).sound);
    // A name that is not signed may change: the file's own hash says so all the same.
    let is_found = |bytes: &[u8]| match verify_bundle(bytes, None) {
        Ok(verified) => !verified.report.sound && verified.report.first.is_some(),
        Err(ReadError::NotABundle | ReadError::UnknownVersion(_)) => true,
        Err(other) => panic!("{other}"),
    };
    let bits = bundle.len() * 8;
    let unfound = std::thread::scope(|scope| {
        let halves = [0..bits / 2, bits / 2..bits].map(|range| {
            let mut bytes = bundle.clone();
            scope.spawn(move || {
                range
                    .filter(|bit| {
                        let (at, mask) = (bit / 8, 1 << (bit % 8));
                        bytes[at] ^= mask;
                        let found = is_found(&bytes);
                        bytes[at] ^= mask;
                        !found
                    })
                    .collect::<Vec<_>>()
            })
        });
        halves
            .map(|half| half.join().expect("no flipped bit panics"))
            .concat()
    });
    assert_eq!(unfound, [] as [usize; 0], "of {bits} bits");
    eprintln!("{bits} bits flipped one by one, each found");
}

#[test]
fn bundle_that_ends_anywhere_before_its_end_is_never_sound() {
    let mut scene = Scene::new();
    scene.report(1);
    scene.stamp(5);
    let bundle = scene.export(&[]);
    for length in 0..bundle.len() {
        match verify_bundle(&bundle[..length], None) {
            Ok(verified) => {
                assert!(verified.report.cut_short, "at {length}");
                assert_eq!(first(&bundle[..length]), "cut_off", "at {length}");
            }
            Err(ReadError::NotABundle) => assert!(length < 16, "at {length}"),
            Err(other) => panic!("{other} at {length}"),
        }
    }
    assert_eq!(first(&[&bundle[..], &[0]].concat()), "bytes_behind_the_end");
    eprintln!("{} lengths, each cut off", bundle.len());
}

#[test]
fn swapped_photos_are_named_one_by_one() {
    let mut apart = Apart::take(&two_cases().export(&[]));
    let at: Vec<_> = (0..apart.parts.len())
        .filter(|index| matches!(apart.parts[*index].0, Part::Photo(..)))
        .collect();
    let [one, two] = at[..] else {
        panic!("two photos")
    };
    let content = apart.parts[one].1.clone();
    apart.parts[one].1 = std::mem::replace(&mut apart.parts[two].1, content);
    assert_eq!(codes(&apart.put()).0, ["photo_changed", "photo_changed"]);
}

#[test]
fn photo_that_is_taken_out_or_put_in_shows() {
    let bundle = two_cases().export(&[]);
    let mut apart = Apart::take(&bundle);
    apart.drop_where(|part| matches!(part, Part::Photo(..)));
    assert_eq!(codes(&apart.put()).0, ["photo_missing"]);
    let mut apart = Apart::take(&bundle);
    let stranger = picture(9);
    let name = bading_core::oplog::sign::hash_of(&stranger);
    let at = apart.parts.iter().position(|(part, _)| {
        matches!(part, Part::Photo(other, _) if *other > name)
            || matches!(part, Part::PackContent(..) | Part::Absent(_))
    });
    let size_bytes = stranger.len() as u64;
    let at = at.unwrap_or(apart.parts.len());
    apart
        .parts
        .insert(at, (Part::Photo(name, size_bytes), stranger));
    assert_eq!(codes(&apart.put()).0, ["photo_unnamed"]);
}

#[test]
fn dropped_commit_shows_by_the_chain_or_by_those_who_saw_it() {
    let mut scene = two_cases();
    let one = scene.cases[0];
    let later = commits(&scene.engine)
        .last()
        .expect("the acceptance")
        .hash();
    scene.host.forward(MINUTE_MS);
    scene.engine.comment(one, "收到").expect("a comment");
    scene.stamp(20);
    let bundle = scene.export(&scene.cases[..1]);
    assert!(check(&bundle).sound);
    // The supervisor's only commit leaves no gap in any chain, but the next comment saw it.
    let mut apart = Apart::take(&bundle);
    apart.drop_where(is_commit(later));
    assert_eq!(first(&apart.put()), "commit_missing");
    // One of the inspector's own leaves a gap in the chain.
    let own = commits(&scene.engine);
    let comment = own.iter().find(|commit| commit.header().seq == 2);
    let mut apart = Apart::take(&bundle);
    apart.drop_where(is_commit(comment.expect("the first comment").hash()));
    assert_eq!(first(&apart.put()), "chain_gap");
    // So does a link.
    let mut apart = Apart::take(&bundle);
    apart.drop_where(|part| matches!(part, Part::Link(_)));
    assert_eq!(codes(&apart.put()).0, ["chain_gap"]);
}

#[test]
fn exchanged_receipts_belong_to_other_commits() {
    let mut apart = Apart::take(&two_cases().export(&[]));
    let mut commits = apart.commits();
    let [one, two, ..] = &mut commits[..] else {
        panic!("two commits")
    };
    std::mem::swap(&mut one.entries, &mut two.entries);
    assert_eq!(first(&apart.put()), "receipt_of_another");
}

#[test]
fn commits_out_of_the_hubs_order_show() {
    let mut apart = Apart::take(&two_cases().export(&[]));
    let mut commits = apart.commits();
    let [one, two, ..] = &mut commits[..] else {
        panic!("two commits")
    };
    std::mem::swap(*one, *two);
    assert_eq!(first(&apart.put()), "out_of_order");
}

#[test]
fn receipt_without_the_hubs_signature_is_not_believed() {
    let bundle = two_cases().export(&[]);
    let other = SoftwareSigner::from_seed(&[0x11; 32]).key();
    let verified = verify_bundle(bundle.as_slice(), Some(&other)).expect("a bundle");
    assert_eq!(
        verified.report.first.map(|found| found.code),
        Some("other_hub")
    );
    assert!(verified.report.hub_key_pinned);
    let hub = Stamper::new().signer.key();
    let verified = verify_bundle(bundle.as_slice(), Some(&hub)).expect("a bundle");
    assert!(verified.report.sound && verified.report.hub_key_pinned);
    assert!(!check(&bundle).hub_key_pinned);
    // Somebody else's hub that names itself is another hub, and all its receipts are wrong.
    let mut apart = Apart::take(&bundle);
    apart.manifest.hub = Some(other);
    assert_eq!(first(&apart.put()), "grant_unsound");
    apart.manifest.hub = None;
    assert_eq!(first(&apart.put()), "grant_without_hub");
}

/// A commit of the inspector behind the last one, by clocks of the test's choice.
fn forge(scene: &Scene, hlc_ms: u64, wall: UtcMs, seen: Option<UtcMs>, seq: Option<u64>) -> Commit {
    let signer = SoftwareSigner::from_seed(&[1; 32]);
    let own = commits(&scene.engine)
        .into_iter()
        .filter(|commit| commit.header().device == signer.key());
    let own: Vec<_> = own.collect();
    let seq = seq.unwrap_or(own.len() as u64);
    let before = own.get(seq as usize - 1).expect("it follows one");
    let mut body = BodyBuilder::new();
    let text = body.text("补记", [3; 16]);
    body.push(Subject::case(scene.cases[0]), Kind::Comment(text));
    let draft = Draft {
        hlc: Hlc {
            ms: UtcMs(hlc_ms),
            counter: 0,
        },
        last_hub_time: seen,
        ..draft(seq, Some(before.hash()), wall, vec![])
    };
    Commit::seal(draft, &body.finish(), &signer).expect("sound")
}

fn keep(scene: &mut Scene, commit: &Commit, stamped: UtcMs, verdict: Verdict) {
    let subjects = [Subject::case(scene.cases[0])];
    in_store(&scene.engine, |tx| {
        Ok(tx.insert_commit(commit, &subjects, true)?)
    });
    let hash = commit.hash();
    scene
        .hub
        .stamp(&scene.engine, &hash, stamped, verdict, None);
}

fn minutes(minutes: u64) -> UtcMs {
    START.plus_ms(minutes * MINUTE_MS)
}

#[test]
fn commit_that_is_dated_back_before_its_predecessor_shows() {
    let mut scene = two_cases();
    let commit = forge(&scene, START.0 + 1, minutes(12), Some(START), None);
    keep(&mut scene, &commit, minutes(20), Verdict::Admitted);
    assert_eq!(codes(&scene.export(&[])).0, ["clock_back"]);
}

#[test]
fn commit_that_knows_a_later_hub_time_than_its_receipt_shows() {
    let mut scene = two_cases();
    let commit = forge(&scene, minutes(40).0, minutes(40), Some(minutes(40)), None);
    keep(&mut scene, &commit, minutes(20), Verdict::Admitted);
    assert_eq!(first(&scene.export(&[])), "receipt_before_seen");
}

#[test]
fn clock_that_was_set_back_is_told_with_what_is_proven() {
    let mut scene = two_cases();
    // The hybrid clock goes on as it must; the wall clock shows last year.
    let wall = UtcMs(START.0 + 1_000);
    let commit = forge(&scene, minutes(12).0, wall, Some(minutes(11)), None);
    // The phone had seen minute 11 and claims the moment after the start.
    keep(&mut scene, &commit, minutes(20), Verdict::Admitted);
    let report = check(&scene.export(&[]));
    assert_eq!(report.problems, []);
    let step = report.cases.iter().flat_map(|case| &case.timeline);
    let step = step.filter(|step| step.commit == commit.hash().to_string());
    let steps: Vec<_> = step.collect();
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0].clock, "behind");
    assert_eq!(steps[0].not_before, Some(minutes(11).to_rfc3339()));
    assert_eq!(steps[0].not_after, Some(minutes(20).to_rfc3339()));
}

#[test]
fn fork_is_a_fault_unless_the_hub_holds_one_branch_back() {
    let mut scene = two_cases();
    let commit = forge(&scene, minutes(12).0, minutes(12), Some(START), Some(2));
    keep(
        &mut scene,
        &commit,
        minutes(20),
        Verdict::Quarantined("fork".to_owned()),
    );
    let (problems, notices) = codes(&scene.export(&[]));
    assert_eq!((problems, notices), (vec![], vec!["fork_quarantined"]));
    let mut scene = two_cases();
    let commit = forge(&scene, minutes(12).0, minutes(12), Some(START), Some(2));
    keep(&mut scene, &commit, minutes(20), Verdict::Admitted);
    assert_eq!(first(&scene.export(&[])), "chain_forked");
}

#[test]
fn judgement_that_the_signer_had_no_right_to_shows() {
    let mut scene = two_cases();
    // An inspector files a case, and the hub lets it pass.
    let own = commits(&scene.engine);
    let opening = own.first().expect("the first report");
    let signer = SoftwareSigner::from_seed(&[1; 32]);
    let mut body = BodyBuilder::new();
    let kind = Kind::Transition {
        action: Action::File,
        basis: OpId {
            commit: opening.hash(),
            index: 0,
        },
        department: None,
        reason: None,
    };
    body.push(Subject::case(scene.cases[0]), kind);
    let mut of_signer = own
        .iter()
        .filter(|commit| commit.header().device == signer.key());
    let last = of_signer.next_back().expect("its last");
    let draft = draft(
        last.header().seq + 1,
        Some(last.hash()),
        minutes(12),
        vec![],
    );
    let commit = Commit::seal(draft, &body.finish(), &signer).expect("sound");
    keep(&mut scene, &commit, minutes(20), Verdict::Admitted);
    assert_eq!(codes(&scene.export(&[])).0, ["verdict_disagrees"]);
}

#[test]
fn hub_that_gives_one_position_twice_or_turns_its_clock_back_shows() {
    let bundle = two_cases().export(&[]);
    let hub = Stamper::new().signer;
    let restamp = |position: Option<u64>, hub_time: UtcMs| {
        let mut apart = Apart::take(&bundle);
        let mut commits = apart.commits();
        let last = commits.last_mut().expect("the acceptance");
        let signed = SignedEntry::decode(&last.entries[0], &hub.key()).expect("the hub's");
        let entry = Entry {
            position: position.unwrap_or(signed.entry().position),
            hub_time,
            ..signed.entry().clone()
        };
        last.entries = vec![SignedEntry::issue(&entry, &hub).expect("an entry").encode()];
        apart.put()
    };
    // The commit before has that position.
    let grant = restamp(Some(5), minutes(11));
    assert!(
        codes(&grant).0.contains(&"position_twice"),
        "{:?}",
        codes(&grant)
    );
    assert!(codes(&restamp(None, START)).0.contains(&"hub_time_back"));
    let a_little = UtcMs(minutes(10).0 - 1_000);
    assert_eq!(
        codes(&restamp(None, a_little)),
        (vec![], vec!["hub_time_back"])
    );
}

#[test]
fn erased_value_missing_photo_and_unconfirmed_commit_are_said_and_no_faults() {
    let scene = two_cases();
    let photo = in_store(&scene.engine, |tx| Ok(tx.held_blobs()?));
    let blobs = scene._dir.path().join("blobs");
    std::fs::remove_dir_all(blobs).expect("the test takes the photos away");
    assert_eq!(photo.len(), 2);
    scene.host.forward(MINUTE_MS);
    scene
        .engine
        .comment(scene.cases[0], "还没发送")
        .expect("a comment");
    let mut apart = Apart::take(&scene.export(&[]));
    let mut commits = apart.commits();
    let first = commits.first_mut().expect("the first report");
    let mut commit = Commit::decode(&first.commit).expect("sound");
    commit.erase_value(0);
    first.commit = commit.encode();
    let (problems, mut notices) = codes(&apart.put());
    notices.sort_unstable();
    assert_eq!(problems, [] as [&str; 0]);
    let expected = [
        "not_stamped",
        "photo_not_here",
        "photo_not_here",
        "value_erased",
    ];
    assert_eq!(notices, expected);
}

#[test]
fn link_with_another_signature_does_not_hold() {
    let scene = two_cases();
    let mut apart = Apart::take(&scene.export(&scene.cases[..1]));
    for (part, _) in &mut apart.parts {
        if let Part::Link(LinkPart { signature, .. }) = part {
            signature[3] ^= 1;
        }
    }
    assert_eq!(first(&apart.put()), "link_unsound");
}

#[test]
fn unknown_case_is_refused_before_anything_is_written() {
    let scene = two_cases();
    let nobody = CaseId(uuid::Uuid::from_bytes([9; 16]));
    let wanted = Wanted {
        subjects: Some(vec![Subject::case(nobody)]),
        photos: true,
        pack_contents: Vec::new(),
    };
    let mut out = Vec::new();
    let refused = scene.engine.export_evidence(&wanted, "test", &mut out);
    assert!(refused.is_err_and(|error| error.to_string().contains(&nobody.to_string())));
    assert!(out.is_empty());
}

#[test]
fn key_of_no_point_signs_nothing() {
    let mut apart = Apart::take(&two_cases().export(&[]));
    apart.manifest.hub = Some(DeviceKey::ed25519([0; 32]));
    assert!(!check(&apart.put()).sound);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        has_magic in any::<bool>(),
    ) {
        let mut file = if has_magic { b"bading evidence\n".to_vec() } else { Vec::new() };
        file.extend(bytes);
        if let Ok(verified) = verify_bundle(file.as_slice(), None) {
            prop_assert!(!verified.report.sound);
        }
    }
}
