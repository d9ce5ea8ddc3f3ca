//! What was decided about a person folds to the same whatever the order, the repetition and
//! the grouping in which commits arrive, and what somebody may not say moves nothing.

mod support;

use bading_core::model::case::OpId;
use bading_core::model::identifiers::{GradeKey, Hash, PersonId};
use bading_core::model::person::Role;
use bading_core::model::time::UtcMs;
use bading_core::model::verdict::Score;
use bading_core::oplog::body::{BodyBuilder, Kind, Subject};
use bading_core::oplog::commit::Commit;
use bading_core::oplog::entry::Verdict;
use bading_core::oplog::fold::{Input, Outcome};
use bading_core::oplog::judge::judge_verdicts;
use bading_core::oplog::verdict::Dossier;
use bading_core::oplog::verdict_act::{Exemption, Publication, VerdictAct};
use proptest::prelude::*;
use proptest::sample::Index;

use support::city::{MINUTE_MS, Phone, START, authority, op, stamp};

/// Who acts: a supervisor, another, the person concerned, a colleague.
const PHONES: usize = 4;

fn phones() -> Vec<Phone> {
    vec![
        Phone::new(1, authority("boss", &[Role::Supervisor], None)),
        Phone::new(2, authority("boss2", &[Role::Supervisor], None)),
        Phone::new(3, authority("u1", &[Role::Inspector], None)),
        Phone::new(4, authority("u2", &[Role::Inspector], None)),
    ]
}

fn u1() -> PersonId {
    "u1".parse().expect("a person of the test")
}

/// One deed: who, what, and which earlier operation it names.
#[derive(Debug, Clone)]
struct Deed {
    phone: usize,
    what: u8,
    on: Index,
    is_stamped: bool,
}

fn deed() -> impl Strategy<Value = Deed> {
    (0..PHONES, 0_u8..8, any::<Index>(), any::<bool>()).prop_map(|(phone, what, on, is_stamped)| {
        Deed {
            phone,
            what,
            on,
            is_stamped,
        }
    })
}

fn published(count: u8, version: u32, basis: Option<OpId>) -> VerdictAct {
    VerdictAct::Publish(Box::new(Publication {
        person: u1(),
        from: START,
        to: START.plus_ms(86_400_000),
        as_of: START,
        inputs: Hash([count; 32]),
        policy: None,
        score: Score::from_hundredths(8_884),
        grade: GradeKey::parse("B").ok(),
        verdict: Hash([count; 32]),
        version,
        basis,
    }))
}

fn act(body: &mut BodyBuilder, deed: &Deed, earlier: &[OpId], count: u8) -> Vec<VerdictAct> {
    let on = if earlier.is_empty() {
        OpId {
            commit: Hash([0xaa; 32]),
            index: 0,
        }
    } else {
        earlier[deed.on.index(earlier.len())]
    };
    let reason = || "forged_photo".parse().expect("a key");
    let exempt = VerdictAct::Exempt {
        person: Some(u1()),
        reason: reason(),
        what: Exemption::Act(on),
        note: None,
    };
    let text = body.text("理由", [count; 16]);
    vec![match deed.what {
        0 => VerdictAct::Find {
            person: u1(),
            reason: reason(),
            at: START,
            case: None,
            photo: Some(Hash([count; 32])),
            note: Some(text),
        },
        1 => published(count, 1, None),
        2 => published(count, u32::from(count % 3) + 2, Some(on)),
        3 => VerdictAct::Appeal {
            publication: on,
            reason: text,
        },
        4 => VerdictAct::Decide {
            appeal: on,
            is_upheld: false,
            exemptions: Vec::new(),
            reason: text,
        },
        5 => {
            let decide = VerdictAct::Decide {
                appeal: on,
                is_upheld: true,
                exemptions: vec![1],
                reason: text,
            };
            return vec![decide, exempt];
        }
        6 => exempt,
        _ => VerdictAct::Withdraw {
            act: on,
            reason: None,
        },
    }]
}

/// Carries the deeds out; each commit with its phone, and with its stamp where it has one.
fn carried_out(deeds: &[Deed]) -> Vec<(usize, Commit, Input)> {
    let mut phones = phones();
    let mut earlier = Vec::new();
    let mut done = Vec::new();
    for (count, deed) in (1_u8..).zip(deeds) {
        let mut body = BodyBuilder::new();
        let acts = act(&mut body, deed, &earlier, count);
        let acts_count = u32::try_from(acts.len()).expect("a few");
        for act in acts {
            body.push(Subject::verdicts_of(&u1()), Kind::Verdict(act));
        }
        let body = body.finish();
        let at = START.plus_ms(u64::from(count) * MINUTE_MS);
        let phone = &mut phones[deed.phone];
        let commit = phone.seal(&body, Vec::new(), at);
        earlier.extend((0..acts_count).map(|index| op(&commit, index)));
        let verdict = match judge_verdicts(&body, &phone.authority) {
            Ok(()) => Verdict::Admitted,
            Err(refusal) => Verdict::Refused(refusal.to_string()),
        };
        let stamped = deed
            .is_stamped
            .then(|| stamp(u64::from(count), at, verdict));
        let input = phone.input(&commit, stamped);
        done.push((deed.phone, commit, input));
    }
    done
}

fn fold(inputs: &[Input]) -> Dossier {
    Dossier::fold(Subject::verdicts_of(&u1()), inputs)
}

/// What the dossier says, whoever else said something without effect.
fn effects(dossier: &Dossier) -> Vec<(OpId, Option<UtcMs>)> {
    let effective = dossier.acts().iter().filter(|act| act.is_effective());
    effective.map(|act| (act.op, act.withdrawn)).collect()
}

proptest! {
    #[test]
    fn order_and_repetition_of_delivery_change_nothing(
        deeds in prop::collection::vec(deed(), 1..24),
        order in Just(()).prop_perturb(|(), mut rng| rng.next_u64()),
    ) {
        let done = carried_out(&deeds);
        let inputs: Vec<_> = done.iter().map(|(_, _, input)| input.clone()).collect();
        let expected = fold(&inputs);
        // Each also as it was before its stamp, and everything in another order.
        let mut shuffled: Vec<_> = inputs
            .iter()
            .flat_map(|input| [Input { annotation: None, ..input.clone() }, input.clone()])
            .collect();
        let mut seed = order;
        for at in (1..shuffled.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(at, (seed >> 33) as usize % (at + 1));
        }
        prop_assert_eq!(fold(&shuffled), expected);
    }

    #[test]
    fn what_somebody_may_not_say_moves_nothing(
        mut deeds in prop::collection::vec(deed(), 1..24),
    ) {
        // Before the hub has stamped them, concurrent acts are ordered by their streams, which
        // a commit without effect is part of.
        deeds.iter_mut().for_each(|deed| deed.is_stamped = true);
        let done = carried_out(&deeds);
        let inputs: Vec<_> = done.iter().map(|(_, _, input)| input.clone()).collect();
        let all = fold(&inputs);
        for act in all.acts().iter().filter(|act| act.is_effective()) {
            let is_appeal = matches!(act.act, VerdictAct::Appeal { .. });
            let by = act.by.as_ref().map(PersonId::as_str);
            let may = if is_appeal { by == Some("u1") } else { !matches!(by, Some("u1" | "u2")) };
            prop_assert!(may, "{:?}", act);
        }
        // Without everything that was refused, what took effect is the same.
        let allowed: Vec<_> = done
            .iter()
            .filter(|(_, commit, input)| {
                let body = commit.body().expect("readable");
                judge_verdicts(&body, &input.authority).is_ok()
            })
            .map(|(_, _, input)| input.clone())
            .collect();
        prop_assert_eq!(effects(&fold(&allowed)), effects(&all));
    }

    #[test]
    fn versions_of_a_period_form_one_chain(
        deeds in prop::collection::vec(deed(), 1..24),
    ) {
        let done = carried_out(&deeds);
        let inputs: Vec<_> = done.into_iter().map(|(_, _, input)| input).collect();
        let dossier = fold(&inputs);
        let mut before = None;
        let chain = dossier.chain(START, START.plus_ms(86_400_000), UtcMs::MAX);
        for (number, act) in (1_u32..).zip(chain) {
            let publication = act.publication().expect("a version");
            prop_assert_eq!(publication.version, number);
            prop_assert_eq!(publication.basis, before);
            before = Some(act.op);
        }
    }
}

/// Seals one act about u1.
fn sealed(phone: &mut Phone, act: VerdictAct, minute: u64) -> Commit {
    let mut body = BodyBuilder::new();
    body.push(Subject::verdicts_of(&u1()), Kind::Verdict(act));
    let at = START.plus_ms(minute * MINUTE_MS);
    phone.seal(&body.finish(), Vec::new(), at)
}

#[test]
fn of_two_versions_on_one_basis_the_first_in_the_hubs_sequence_counts() {
    let mut phones = phones();
    let first = sealed(&mut phones[0], published(1, 1, None), 1);
    let mine = sealed(&mut phones[0], published(2, 2, Some(op(&first, 0))), 2);
    let theirs = sealed(&mut phones[1], published(3, 2, Some(op(&first, 0))), 3);
    let third = sealed(&mut phones[0], published(4, 3, Some(op(&mine, 0))), 4);
    let stamped = |phone: &Phone, commit: &Commit, position| {
        let at = START.plus_ms(position * MINUTE_MS);
        phone.input(commit, Some(stamp(position, at, Verdict::Admitted)))
    };
    // The other supervisor's reached the hub first; mine and what builds on it come after.
    let inputs = [
        stamped(&phones[0], &third, 13),
        stamped(&phones[0], &mine, 12),
        stamped(&phones[1], &theirs, 11),
        stamped(&phones[0], &first, 10),
    ];
    let outcomes = |inputs: &[Input]| -> Vec<Outcome> {
        let dossier = fold(inputs);
        let versions = dossier.versions(START, START.plus_ms(86_400_000));
        versions.map(|act| act.outcome.clone()).collect()
    };
    assert_eq!(
        outcomes(&inputs),
        [
            Outcome::Effective,
            Outcome::Effective,
            Outcome::Ineffective("superseded"),
            Outcome::Ineffective("basis_ineffective"),
        ]
    );
    // What builds on a version that has not arrived waits for it.
    assert_eq!(
        outcomes(&inputs[..1]),
        [Outcome::Waiting("basis_not_arrived".to_owned())]
    );
}

#[test]
fn exemption_of_a_decision_that_came_second_does_not_hold() {
    let mut phones = phones();
    let finding = VerdictAct::Find {
        person: u1(),
        reason: "forged_photo".parse().expect("a key"),
        at: START,
        case: None,
        photo: Some(Hash([1; 32])),
        note: None,
    };
    let finding = sealed(&mut phones[0], finding, 1);
    let version = sealed(&mut phones[0], published(1, 1, None), 2);
    let text = |body: &mut BodyBuilder| body.text("理由", [1; 16]);
    let decide = |phone: &mut Phone, appeal: OpId, is_upheld: bool, minute: u64| {
        let mut body = BodyBuilder::new();
        let subject = Subject::verdicts_of(&u1());
        if is_upheld {
            let exempt = VerdictAct::Exempt {
                person: Some(u1()),
                reason: "appeal_upheld".parse().expect("a key"),
                what: Exemption::Act(op(&finding, 0)),
                note: None,
            };
            body.push(subject, Kind::Verdict(exempt));
        }
        let reason = text(&mut body);
        let decision = VerdictAct::Decide {
            appeal,
            is_upheld,
            exemptions: if is_upheld { vec![0] } else { Vec::new() },
            reason,
        };
        body.push(subject, Kind::Verdict(decision));
        phone.seal(
            &body.finish(),
            Vec::new(),
            START.plus_ms(minute * MINUTE_MS),
        )
    };
    let mut body = BodyBuilder::new();
    let reason = text(&mut body);
    let publication = op(&version, 0);
    let appeal = VerdictAct::Appeal {
        publication,
        reason,
    };
    body.push(Subject::verdicts_of(&u1()), Kind::Verdict(appeal));
    let at = START.plus_ms(3 * MINUTE_MS);
    let appeal = phones[2].seal(&body.finish(), Vec::new(), at);
    let rejected = decide(&mut phones[0], op(&appeal, 0), false, 4);
    let upheld = decide(&mut phones[1], op(&appeal, 0), true, 5);
    let holds = |first: &Commit, second: &Commit| {
        let by = |commit: &Commit| {
            let signer = commit.header().device;
            phones.iter().find(|phone| phone.key() == signer)
        };
        let inputs: Vec<_> = (1..)
            .zip([&finding, &version, &appeal, first, second])
            .map(|(position, commit)| {
                let phone = by(commit).expect("a phone of the test");
                let at = START.plus_ms(position * MINUTE_MS);
                phone.input(commit, Some(stamp(position, at, Verdict::Admitted)))
            })
            .collect();
        let dossier = fold(&inputs);
        dossier
            .holding(UtcMs::MAX)
            .any(|act| act.op == op(&finding, 0))
    };
    assert!(holds(&rejected, &upheld), "the rejection was first");
    assert!(!holds(&upheld, &rejected), "it was upheld first");
}
