//! The laws of a patrol's fold: order, repetition and grouping of delivery change nothing,
//! and nobody else's word does.

mod support;

use bading_core::model::patrol::{Interruption, Mark, PatrolId, PatrolPhase, PatrolStep};
use bading_core::model::person::{Authority, Role};
use bading_core::model::track::Mode;
use bading_core::oplog::body::{BodyBuilder, Kind, Subject};
use bading_core::oplog::chunk::Chunk;
use bading_core::oplog::commit::Commit;
use bading_core::oplog::entry::Verdict;
use bading_core::oplog::fold::Input;
use bading_core::oplog::patrol::{PatrolState, Piece};
use proptest::prelude::*;
use uuid::Uuid;

use support::city::{MINUTE_MS, Phone, START, authority, stamp};
use support::station::fix;

fn the_patrol() -> PatrolId {
    PatrolId(Uuid::from_bytes([0x9a; 16]))
}

/// What a phone says of the patrol.
#[derive(Debug, Clone, Copy)]
enum Said {
    Start,
    Track {
        index: u64,
        fixes: u8,
        is_readable: bool,
    },
    Step(PatrolStep),
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        1 => Just(Said::Start),
        6 => (prop_oneof![9 => 0_u64..6, 1 => Just(u64::MAX)], 0_u8..5, prop::bool::weighted(0.9))
            .prop_map(|(index, fixes, is_readable)| Said::Track { index, fixes, is_readable }),
        2 => prop_oneof![
            Just(PatrolStep::Pause),
            Just(PatrolStep::Resume),
            Just(PatrolStep::Finish)
        ]
        .prop_map(Said::Step),
    ]
}

fn chunk(index: u64, fixes: u8) -> Chunk {
    let first = index.min(1_000) * 100;
    Chunk {
        fixes: (0..u64::from(fixes))
            .map(|n| fix(START.plus_ms((first + n) * 1_000), (first + n) as f64, 0.0).rounded())
            .collect(),
        marks: (fixes == 4)
            .then_some(Mark {
                at: START,
                why: Interruption::BatterySaver,
                after_fixes: 2,
            })
            .into_iter()
            .collect(),
    }
}

fn say(phone: &mut Phone, said: Said) -> Commit {
    let nonce = phone.nonce();
    let mut body = BodyBuilder::new();
    let kind = match said {
        Said::Start => Kind::StartPatrol {
            mode: Mode::Walk,
            route: "r1".parse().ok(),
            routes_pin: None,
        },
        Said::Track {
            index,
            fixes,
            is_readable,
        } => {
            let bytes = chunk(index, fixes).encode().expect("within the limits");
            let bytes = if is_readable {
                bytes
            } else {
                vec![0x82, 0x09, 0x40]
            };
            Kind::Track {
                index,
                fixes: fixes.into(),
                chunk: body.chunk(bytes, nonce),
            }
        }
        Said::Step(step) => Kind::StepPatrol(step),
    };
    body.push(Subject::patrol(the_patrol()), kind);
    phone.seal(&body.finish(), Vec::new(), START.plus_ms(MINUTE_MS))
}

fn inspector(seed: u8, person: &str) -> Phone {
    Phone::new(seed, authority(person, &[Role::Inspector], None))
}

/// A patrol's commits, of which the first are stamped, some of these refused or held.
#[derive(Debug, Clone)]
struct History {
    walker: Vec<Input>,
    others: Vec<Input>,
}

fn verdict(number: u8) -> Verdict {
    match number {
        0 => Verdict::Refused("role_not_allowed".to_owned()),
        1 => Verdict::Waiting("grant_expired".to_owned()),
        2 => Verdict::Quarantined("fork".to_owned()),
        _ => Verdict::Admitted,
    }
}

fn history() -> impl Strategy<Value = History> {
    (
        prop::collection::vec((said(), 0_u8..12), 0..12),
        prop::collection::vec((said(), 0_u8..12), 0..6),
        0_usize..14,
    )
        .prop_map(|(own, strange, stamped)| {
            let mut walker = inspector(1, "u1");
            let mut other = inspector(2, "u2");
            let own = std::iter::once((Said::Start, 9)).chain(own);
            let tell = |phone: &mut Phone, said: Said, at: usize, number: u8, stamps: bool| {
                let commit = say(phone, said);
                let position = u64::try_from(at).expect("few");
                let annotation =
                    stamps.then(|| stamp(position, START.plus_ms(position), verdict(number)));
                phone.input(&commit, annotation)
            };
            let walker = own
                .enumerate()
                .map(|(n, (said, number))| tell(&mut walker, said, n * 2, number, n < stamped))
                .collect();
            // The other device comes after the start that counts, in the hub's order too.
            let others = strange
                .into_iter()
                .enumerate()
                .map(|(n, (said, number))| {
                    tell(&mut other, said, n * 2 + 1, number, n + 1 < stamped)
                })
                .collect();
            History { walker, others }
        })
}

fn fold(inputs: &[Input]) -> PatrolState {
    PatrolState::fold(the_patrol(), inputs)
}

/// The state without the list of what did not count, which names what was delivered.
fn counted(inputs: &[Input]) -> PatrolState {
    let mut state = fold(inputs);
    state.set_aside.clear();
    state
}

fn pieces(state: &PatrolState) -> Vec<Piece> {
    let mut told = Vec::new();
    state.replay(|piece| told.push(piece));
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn patrol_of_any_order_and_repetition_is_the_same(history in history(), order in prop::collection::vec(any::<u32>(), 24), cut in any::<prop::sample::Index>()) {
        let all: Vec<_> = history.walker.iter().chain(&history.others).cloned().collect();
        let expected = fold(&all);
        let mut shuffled: Vec<_> = all.iter().cloned().zip(order.iter().cycle()).collect();
        shuffled.sort_by_key(|(_, order)| **order);
        let shuffled: Vec<_> = shuffled.into_iter().map(|(input, _)| input).collect();
        prop_assert_eq!(&fold(&shuffled), &expected);
        let twice: Vec<_> = shuffled.iter().chain(shuffled.iter().rev()).cloned().collect();
        prop_assert_eq!(&fold(&twice), &expected);
        // A commit that arrives first without its stamp and then with it.
        let part = cut.index(all.len() + 1);
        let bare = all[..part].iter().map(|input| Input { annotation: None, ..input.clone() });
        let late: Vec<_> = bare.chain(shuffled.iter().cloned()).collect();
        prop_assert_eq!(&fold(&late), &expected);
    }

    #[test]
    fn word_of_another_device_never_changes_a_patrol(history in history()) {
        let is_stamped = history.walker.first().is_some_and(|input| input.annotation.is_some());
        // Without the hub nobody says which of two starts came first.
        let others: Vec<_> = history.others.iter().filter(|input| {
            is_stamped || !matches!(input.commit.body().expect("readable").operations[0].kind, Kind::StartPatrol { .. })
        }).cloned().collect();
        let all: Vec<_> = history.walker.iter().chain(&others).cloned().collect();
        let (with, without) = (counted(&all), counted(&history.walker));
        if without.started.is_some() {
            prop_assert_eq!(&with, &without);
        }
        let strange = fold(&all).set_aside;
        prop_assert!(others.iter().all(|input| strange.contains(&input.commit.hash())));
    }

    #[test]
    fn every_commit_counts_or_is_set_aside_once(history in history()) {
        let all: Vec<_> = history.walker.iter().chain(&history.others).cloned().collect();
        let state = fold(&all);
        let mut told: Vec<_> = state.commits.iter().chain(&state.set_aside).copied().collect();
        told.sort_unstable();
        let mut expected: Vec<_> = all.iter().map(|input| input.commit.hash()).collect();
        expected.sort_unstable();
        prop_assert_eq!(told, expected);
    }

    #[test]
    fn part_that_is_missing_is_one_gap_where_it_should_be(count in 1_u64..6, missing in any::<prop::sample::Index>(), way in 0_u8..3) {
        let mut walker = inspector(1, "u1");
        let start = say(&mut walker, Said::Start);
        let mut inputs = vec![walker.input(&start, None)];
        let missing = missing.index(usize::try_from(count).expect("few")) as u64;
        for index in 0..count {
            let is_readable = index != missing || way != 0;
            let mut commit = say(&mut walker, Said::Track { index, fixes: 2, is_readable });
            if index == missing && way == 1 {
                commit.erase_value(0);
            }
            if index != missing || way != 2 {
                inputs.push(walker.input(&commit, None));
            }
        }
        let told = pieces(&fold(&inputs));
        // What was never sent at the very end nobody can miss.
        let is_known = way != 2 || missing + 1 < count;
        let gaps = told.iter().filter(|piece| **piece == Piece::Missing).count();
        prop_assert_eq!(gaps, usize::from(is_known));
        if is_known {
            let at = told.iter().position(|piece| *piece == Piece::Missing);
            prop_assert_eq!(at, Some(usize::try_from(missing * 2).expect("few")));
        }
        prop_assert_eq!(told.len() - gaps, usize::try_from((count - 1) * 2).expect("few"));
    }
}

#[test]
fn nothing_counts_after_the_finish_and_of_two_parts_the_first_counts() {
    let mut walker = inspector(1, "u1");
    let part = |index, fixes| Said::Track {
        index,
        fixes,
        is_readable: true,
    };
    let told: Vec<_> = [
        Said::Start,
        part(0, 2),
        part(0, 3),
        Said::Step(PatrolStep::Finish),
        part(1, 3),
        Said::Step(PatrolStep::Resume),
    ]
    .map(|said| say(&mut walker, said))
    .iter()
    .map(|commit| walker.input(commit, None))
    .collect();
    let state = fold(&told);
    assert_eq!(
        (state.phase, state.fixes().len()),
        (PatrolPhase::Finished, 2)
    );
    assert_eq!(state.commits.len(), 3);
    assert_eq!(state.set_aside.len(), 3);
}

#[test]
fn citizen_walks_no_patrol_and_who_has_no_role_yet_walks_one_until_the_hub_has_judged() {
    let fold_of = |authority: Authority, verdict: Option<Verdict>| {
        let mut walker = Phone::new(1, authority);
        let start = say(&mut walker, Said::Start);
        let annotation = verdict.map(|verdict| stamp(1, START, verdict));
        fold(&[walker.input(&start, annotation)])
    };
    let citizen = fold_of(authority("c1", &[Role::Citizen], None), None);
    assert_eq!((citizen.started, citizen.set_aside.len()), (None, 1));
    let nobody = fold_of(Authority::unknown(), None);
    assert!(nobody.started.is_some() && nobody.is_provisional);
    let refused = Verdict::Refused("role_not_allowed".to_owned());
    let judged = fold_of(Authority::unknown(), Some(refused));
    assert_eq!((judged.started, judged.set_aside.len()), (None, 1));
}
