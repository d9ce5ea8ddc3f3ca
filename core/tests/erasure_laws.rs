//! The laws of erasure: arrival order decides nothing, replicas end byte for byte the same, and
//! what is gone never returns.

mod support;

use std::fs;
use std::path::Path;

use bading_core::engine::SystemHost;
use bading_core::model::identifiers::{Hash, ReasonKey};
use bading_core::model::person::{Authority, Role};
use bading_core::oplog::body::{Kind, Subject};
use bading_core::oplog::commit::Commit;
use bading_core::oplog::entry::Verdict;
use bading_core::oplog::erasure::{EraseOrder, Erasure};
use bading_core::oplog::fold::{CaseState, Outcome};
use bading_core::oplog::judge::{Refusal, judge_erasures, may_erase};
use bading_core::oplog::sign::SoftwareSigner;
use bading_core::services::Context;
use bading_core::services::erasure::{finish, take_orders};
use bading_core::services::reference::Reference;
use bading_core::storage::{Store, StoreError};
use proptest::prelude::*;

use support::city::{Phone, START, authority, op, stamp, the_case};

fn order(what: Erasure) -> Kind {
    let reason = ReasonKey::parse("on_request").expect("a code");
    Kind::Erase(EraseOrder { what, reason })
}

/// Reports and remarks, and orders that name some of their values, some that are not there
/// and a photo.
fn history(picks: &[(usize, u8)]) -> Vec<Commit> {
    let mut phone = Phone::new(1, authority("r", &[Role::Inspector], None));
    let mut admin = Phone::new(2, authority("a", &[Role::Administrator], None));
    let mut commits = vec![phone.open(START, "井盖松动")];
    for text in ["一", "二", "三"] {
        let seen = vec![commits[0].hash()];
        commits.push(phone.set_note(START, seen, text, Vec::new()));
    }
    let said = commits.len();
    for (which, values) in picks {
        let values: Vec<u32> = (0..3).filter(|at| values & (1 << at) != 0).collect();
        let what = match (which % (said + 1), values.is_empty()) {
            (which, false) if which < said => Erasure::Values {
                commit: commits[which].hash(),
                values,
            },
            _ => Erasure::Photo(Hash([7; 32])),
        };
        commits.push(admin.act(START, Vec::new(), |_, _| vec![order(what)]));
    }
    commits
}

fn deliver(store: &Store, commit: &Commit) {
    let done: Result<(), StoreError> = store.write(|tx| {
        tx.insert_commit(commit, &[Subject::case(the_case())], false)?;
        take_orders(tx, commit, &Verdict::Admitted)?;
        Ok(())
    });
    done.expect("a store of the test");
}

fn copy_of(store: &Store, hash: &Hash) -> Vec<u8> {
    let stored = store.read(|tx| tx.find_commit(hash)).expect("reads");
    stored.expect("was delivered").bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn replicas_are_the_same_bytes_in_whatever_order_and_however_often_things_come(
        picks in prop::collection::vec((0_usize..5, 0_u8..8), 1..4),
        order in prop::collection::vec(any::<u32>(), 16),
    ) {
        let commits = history(&picks);
        let mut gone: Vec<(Hash, u32)> = Vec::new();
        for commit in &commits {
            for order in commit.body().expect("readable").erasures() {
                if let Erasure::Values { commit, values } = &order.what {
                    gone.extend(values.iter().map(|value| (*commit, *value)));
                }
            }
        }
        let dir = tempfile::tempdir().expect("a temporary folder");
        let stores: Vec<_> = ["first", "second"]
            .map(|name| Store::open(&dir.path().join(name), None).expect("opens"))
            .into();
        for commit in &commits {
            deliver(&stores[0], commit);
        }
        // The other gets everything shuffled, and the originals once more at the end.
        let mut shuffled: Vec<_> = commits.iter().zip(order.iter().cycle()).collect();
        shuffled.sort_by_key(|(_, order)| **order);
        for commit in shuffled.iter().map(|(commit, _)| *commit).chain(&commits) {
            deliver(&stores[1], commit);
        }
        for commit in &commits {
            let copies = [&stores[0], &stores[1]].map(|store| copy_of(store, &commit.hash()));
            prop_assert_eq!(&copies[0], &copies[1]);
            let copy = Commit::decode(&copies[0]).expect("sound without its values");
            prop_assert_eq!(copy.hash(), commit.hash());
            for (at, value) in (0_u32..).zip(copy.values()) {
                prop_assert_eq!(value.is_none(), gone.contains(&(commit.hash(), at)));
            }
        }
        let things = [&stores[0], &stores[1]].map(|store| store.read(|tx| tx.erased_things()).expect("reads"));
        prop_assert_eq!(&things[0], &things[1]);
        prop_assert!(!things[0].is_empty());
    }
}

/// Every file below a folder, one after the other.
fn all_bytes(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(folder).expect("lists") {
        let path = entry.expect("lists").path();
        bytes.extend(if path.is_dir() {
            all_bytes(&path)
        } else {
            fs::read(&path).expect("reads")
        });
    }
    bytes
}

/// A sealed store tells a search nothing either way, so this one is in the clear.
#[test]
fn what_was_ordered_to_be_erased_is_in_no_file_of_a_store_in_the_clear() {
    const SECRET: &str = "张大爷家门口的井盖";
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(dir.path(), None).expect("opens");
    let mut phone = Phone::new(1, authority("r", &[Role::Inspector], None));
    let mut admin = Phone::new(2, authority("a", &[Role::Administrator], None));
    let opening = phone.open(START, SECRET);
    deliver(&store, &opening);
    // Enough around it that pages split and rows move.
    for number in 0..200 {
        let text = format!("另一句话 {number} ").repeat(20);
        let seen = vec![opening.hash()];
        deliver(&store, &phone.set_note(START, seen, &text, Vec::new()));
    }
    let photo = Hash(*blake3::hash(SECRET.as_bytes()).as_bytes());
    let bytes = SECRET.repeat(40);
    store.blobs().put(&photo, bytes.as_bytes()).expect("puts");
    let held: Result<(), StoreError> = store.write(|tx| tx.put_blob(&photo, 40, true));
    held.expect("writes");
    let is_there = || {
        let files = all_bytes(dir.path());
        let mut needles: Vec<Vec<u8>> = vec![SECRET.as_bytes().to_vec()];
        needles.extend(opening.values().iter().flatten().map(|v| v.nonce.to_vec()));
        let found = needles.iter().map(|needle| {
            files
                .windows(needle.len())
                .any(|window| window == needle.as_slice())
        });
        found.collect::<Vec<_>>()
    };
    assert!(
        is_there().iter().all(|found| *found),
        "the search finds what is there"
    );
    for what in [
        Erasure::Values {
            commit: opening.hash(),
            values: (0..opening.values().len() as u32).collect(),
        },
        Erasure::Photo(photo),
    ] {
        deliver(
            &store,
            &admin.act(START, Vec::new(), |_, _| vec![order(what)]),
        );
    }
    let reference = Reference::default();
    let context = Context {
        store: &store,
        host: &SystemHost::new(),
        signer: &SoftwareSigner::from_seed(&[3; 32]),
        reference: &reference,
    };
    finish(&context).expect("cleans");
    assert!(!is_there().contains(&true), "while the store is open");
    assert_eq!(store.blobs().get(&photo).expect("reads"), None);
    drop(store);
    assert!(!is_there().contains(&true), "and when it is closed");
}

#[test]
fn order_waits_for_the_hub_and_then_takes_effect() {
    let mut admin = Phone::new(2, authority("a", &[Role::Administrator], None));
    let ordering = admin.act(START, Vec::new(), |_, _| {
        vec![order(Erasure::Photo(Hash([7; 32])))]
    });
    let outcome = |annotation| {
        let state = CaseState::fold(the_case(), &[admin.input(&ordering, annotation)]);
        assert!(state.is_only_erased());
        let event = state
            .events
            .iter()
            .find(|event| event.op == op(&ordering, 0));
        event.expect("an event").outcome.clone()
    };
    assert_eq!(outcome(None), Outcome::Waiting("not_sequenced".to_owned()));
    assert_eq!(
        outcome(Some(stamp(1, START, Verdict::Admitted))),
        Outcome::Effective
    );
}

#[test]
fn administrators_of_every_cell_order_erasures_and_nobody_else() {
    let mut phone = Phone::new(2, Authority::unknown());
    let ordering = phone.act(START, Vec::new(), |_, _| {
        vec![order(Erasure::Photo(Hash([7; 32])))]
    });
    let body = ordering.body().expect("readable");
    for role in [
        Role::Citizen,
        Role::Inspector,
        Role::Handler,
        Role::Dispatcher,
        Role::Supervisor,
        Role::Auditor,
    ] {
        let signer = authority("x", &[role], None);
        assert_eq!(judge_erasures(&body, &signer), Err(Refusal::Role));
    }
    assert_eq!(may_erase(&Authority::unknown()), Err(Refusal::Role));
    let everywhere = authority("x", &[Role::Administrator], None);
    assert_eq!(judge_erasures(&body, &everywhere), Ok(()));
}
