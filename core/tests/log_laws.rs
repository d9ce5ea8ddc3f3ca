//! The laws of the log, over random histories of a small city and by example.

mod support;

use std::collections::BTreeMap;

use bading_core::model::case::{Field, OpId};
use bading_core::model::identifiers::Zone;
use bading_core::model::person::{Authority, Role};
use bading_core::model::time::UtcMs;
use bading_core::model::workflow::{Action, Guard, Phase};
use bading_core::oplog::body::{BodyBuilder, Content, Kind, Subject};
use bading_core::oplog::certificate::{Certificate, Grant};
use bading_core::oplog::commit::{Commit, CommitError, MAX_BASIS};
use bading_core::oplog::entry::{Entry, SignedEntry, Stamp, Verdict};
use bading_core::oplog::fold::{CaseState, Event, Input, Outcome};
use bading_core::oplog::history::CaseHistory;
use bading_core::oplog::merge::FieldValue;
use bading_core::oplog::sign::{DeviceSigner, SoftwareSigner};
use proptest::prelude::*;

use support::city::{
    City, Deed, MINUTE_MS, PHONES, Phone, START, Step, YEAR_2099, authority, op, stamp, the_case,
};

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        3 => (any::<bool>(), 0_u8..3)
            .prop_map(|(is_class, overwrites)| Deed::Set { is_class, overwrites }),
        1 => Just(Deed::AddPhoto),
        1 => Just(Deed::WithdrawPhoto),
        1 => Just(Deed::Comment),
        5 => Just(Deed::MoveRightly),
        2 => (any::<u8>(), any::<u8>())
            .prop_map(|(action, basis)| Deed::MoveWildly { action, basis }),
        1 => Just(Deed::Several),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..PHONES, deed(), 0_u8..8)
            .prop_map(|(phone, deed, clock)| Step::Act { phone, deed, clock }),
        3 => (0..PHONES, 0..PHONES).prop_map(|(from, to)| Step::Meet { from, to }),
        3 => (0..PHONES, prop::bool::weighted(0.2))
            .prop_map(|(phone, holds_back)| Step::Sync { phone, holds_back }),
        1 => Just(Step::Release),
    ]
}

/// A city after a random history. The report is known to all but one phone in most of them,
/// or hardly anybody could do anything.
fn city() -> impl Strategy<Value = City> {
    (any::<bool>(), prop::collection::vec(step(), 1..28)).prop_map(|(is_known, mut steps)| {
        if is_known {
            let meetings = (1..PHONES).map(|to| Step::Meet { from: 0, to });
            steps.splice(0..0, meetings);
        }
        City::after(&steps)
    })
}

/// A city and everything that can be delivered of it, shuffled.
fn shuffled() -> impl Strategy<Value = (City, Vec<Input>)> {
    // A city cannot be cloned, since its keys cannot: the order is drawn as numbers.
    (city(), prop::collection::vec(any::<u32>(), 96)).prop_map(|(city, order)| {
        let mut inputs: Vec<_> = city
            .deliveries()
            .into_iter()
            .zip(order.iter().cycle())
            .collect();
        inputs.sort_by_key(|(_, order)| **order);
        let inputs = inputs.into_iter().map(|(input, _)| input).collect();
        (city, inputs)
    })
}

fn fold(inputs: &[Input]) -> CaseState {
    CaseState::fold(the_case(), inputs)
}

fn event_of(state: &CaseState, op: OpId) -> &Event {
    let found = state.events.iter().find(|event| event.op == op);
    found.expect("an operation that was delivered has its event")
}

fn note_of(state: &CaseState) -> (Option<&FieldValue>, Vec<&FieldValue>) {
    let register = state.register(Field::Note).expect("the opening has a note");
    let others = register.also_said().into_iter();
    (
        register.winner().map(|version| &version.value),
        others.map(|version| &version.value).collect(),
    )
}

fn said(text: &str) -> FieldValue {
    FieldValue::Text(text.to_owned())
}

/// The workflow told again as simply as it goes, for commits that are all stamped: where the
/// case stands after the hub's sequence.
fn phase_by_the_book(inputs: &[Input]) -> Phase {
    let mut sequence: Vec<_> = inputs.iter().collect();
    sequence.sort_by_key(|input| input.annotation.as_ref().map(|stamp| stamp.position));
    let mut moves = Vec::new();
    for input in sequence {
        let stamp = input.annotation.as_ref().expect("all are stamped");
        let body = input.commit.body().expect("all are readable");
        for (index, operation) in (0..).zip(body.operations) {
            if stamp.verdict == Verdict::Admitted {
                moves.push((op(&input.commit, index), operation.kind, &input.authority));
            }
        }
    }
    let (mut phase, mut head, mut department) = (Phase::Reported, None, None);
    // A move that waits for its basis is looked at again whenever something moved.
    let mut at = 0;
    while at < moves.len() {
        let (id, kind, signer) = &moves[at];
        let counts = match kind {
            Kind::Open { .. } => head.is_none(),
            Kind::Transition { action, basis, .. } => {
                let rule = action.rule();
                let is_own = rule.guard != Guard::OwnDepartment
                    || signer.department.is_none()
                    || department.is_none()
                    || signer.department == department;
                head == Some(*basis) && rule.from.contains(&phase) && is_own
            }
            _ => false,
        };
        if !counts {
            at += 1;
            continue;
        }
        if let Kind::Transition {
            action,
            department: to,
            ..
        } = kind
        {
            phase = action.rule().to;
            match action {
                Action::Dispatch => department.clone_from(to),
                Action::Return => department = None,
                _ => {}
            }
        }
        head = Some(*id);
        moves.remove(at);
        at = 0;
    }
    phase
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fold_of_any_order_repetition_and_grouping_is_the_same((city, inputs) in shuffled(), cut in any::<prop::sample::Index>()) {
        let settled = fold(&city.settled());
        prop_assert_eq!(&fold(&inputs), &settled);
        let twice: Vec<_> = inputs.iter().chain(inputs.iter().rev()).cloned().collect();
        prop_assert_eq!(&fold(&twice), &settled);
        let (first, second) = inputs.split_at(cut.index(inputs.len() + 1));
        for groups in [[first, second], [second, first]] {
            let mut history = CaseHistory::new(the_case());
            for group in groups {
                history.deliver_all(group.iter().cloned());
            }
            prop_assert_eq!(history.state(), &settled);
        }
    }

    #[test]
    fn history_kept_up_to_date_equals_the_fold_of_all_at_every_step((city, inputs) in shuffled()) {
        let in_sequence = {
            let mut stamped = city.settled();
            stamped.sort_by_key(|input| input.annotation.as_ref().map(|stamp| stamp.position));
            let open = stamped.iter().filter(|input| input.annotation.is_none()).count();
            stamped.rotate_left(open);
            stamped
        };
        for order in [in_sequence, inputs] {
            let mut history = CaseHistory::new(the_case());
            for (count, input) in order.iter().enumerate() {
                history.deliver(input.clone());
                prop_assert_eq!(history.state(), &fold(&order[..=count]));
            }
        }
    }

    #[test]
    fn no_operation_is_lost_and_none_is_told_twice((city, inputs) in shuffled()) {
        let state = fold(&inputs);
        let mut told: BTreeMap<OpId, usize> = BTreeMap::new();
        for event in &state.events {
            *told.entry(event.op).or_default() += 1;
        }
        let mut delivered = 0;
        for (_, commit) in &city.commits {
            for (index, _) in (0..).zip(commit.body().expect("readable").operations) {
                prop_assert_eq!(told.get(&op(commit, index)), Some(&1));
                delivered += 1;
            }
        }
        prop_assert_eq!(told.len(), delivered);
    }

    #[test]
    fn superseded_value_never_wins_and_every_concurrent_one_is_shown((_city, inputs) in shuffled()) {
        let state = fold(&inputs);
        let mut sets: BTreeMap<OpId, Vec<OpId>> = BTreeMap::new();
        for input in &inputs {
            let body = input.commit.body().expect("readable");
            for (index, operation) in (0..).zip(body.operations) {
                let over = match operation.kind {
                    Kind::Open { .. } => Vec::new(),
                    Kind::Set { field: Field::Note, over, .. } => over,
                    _ => continue,
                };
                let id = op(&input.commit, index);
                if event_of(&state, id).outcome == Outcome::Effective {
                    sets.insert(id, over);
                }
            }
        }
        let superseded: Vec<_> = sets.values().flatten().collect();
        let mut expected: Vec<_> = sets.keys().filter(|id| !superseded.contains(id)).copied().collect();
        let mut shown: Vec<_> = state
            .register(Field::Note)
            .map_or_else(Vec::new, |register| {
                register.winner().into_iter().chain(register.also_said()).map(|v| v.op).collect()
            });
        if let Some(winner) = shown.first() {
            let time = |id: &OpId| (event_of(&state, *id).at, *id);
            prop_assert_eq!(Some(winner), shown.iter().max_by_key(|id| time(id)));
        }
        shown.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(shown, expected);
    }

    #[test]
    fn move_by_a_signer_without_the_role_never_counts((city, inputs) in shuffled(), count in any::<prop::sample::Index>()) {
        let part = &inputs[..count.index(inputs.len() + 1)];
        let state = fold(part);
        for event in &state.events {
            let Some(action) = (1..=10).filter_map(Action::from_code).find(|a| a.as_str() == event.what) else {
                continue;
            };
            let signer = city.phones.iter().find(|phone| phone.key() == event.device).expect("a phone");
            let may = if action == Action::Withdraw {
                signer.key() == city.phones[0].key()
            } else {
                signer.authority.has_any(action.rule().roles)
            };
            prop_assert!(may || matches!(event.outcome, Outcome::Refused(_) | Outcome::Waiting(_)), "{:?}", event);
        }
        // Without what they sent the case stands where it stands with it.
        let may_move = |input: &Input| !input.authority.roles.is_empty() && input.authority.roles != [Role::Citizen];
        let of_reporter = |input: &Input| input.commit.header().device == city.phones[0].key();
        let others: Vec<_> = part.iter().filter(|i| may_move(i) || of_reporter(i)).cloned().collect();
        let without = fold(&others);
        prop_assert_eq!((state.phase, state.head), (without.phase, without.head));
    }

    #[test]
    fn case_stands_where_the_hubs_sequence_puts_it_and_late_moves_change_nothing(mut city in city()) {
        city.stamp_all();
        let settled = city.settled();
        let state = fold(&settled);
        prop_assert!(!state.is_provisional);
        prop_assert_eq!(state.phase, phase_by_the_book(&settled));
        // A phone that saw only the report now sends each move there is.
        let head = state.head;
        let opening = op(&city.commits[0].1, 0);
        let mut late = Phone::new(99, authority("all", &[Role::Inspector, Role::Handler, Role::Supervisor], None));
        let mut inputs = settled;
        for (position, action) in (10_000..).zip((1..=10).filter_map(Action::from_code)) {
            if head == Some(opening) { break; }
            let commit = late.transit(YEAR_2099, vec![opening.commit], action, opening);
            inputs.push(late.input(&commit, Some(stamp(position, START, Verdict::Admitted))));
            let now = fold(&inputs);
            prop_assert_eq!((now.phase, now.head), (state.phase, head));
            prop_assert_eq!(&event_of(&now, op(&commit, 0)).outcome, &Outcome::Ineffective("superseded"));
        }
    }

    #[test]
    fn erased_values_fold_as_erased_and_every_hash_and_signature_holds(city in city()) {
        let inputs = city.settled();
        let before = fold(&inputs);
        let mut erased = inputs.clone();
        for input in &mut erased {
            let commit = &mut input.commit;
            for index in 0..commit.values().len() {
                commit.erase_value(index);
            }
            commit.erase_value(usize::MAX);
            let again = Commit::decode(&commit.encode()).expect("still sound");
            prop_assert_eq!(&again, &*commit);
            prop_assert_eq!(again.encode(), commit.encode());
        }
        let hashes = |inputs: &[Input]| inputs.iter().map(|input| input.commit.hash()).collect::<Vec<_>>();
        prop_assert_eq!(hashes(&inputs), hashes(&erased));
        let after = fold(&erased);
        prop_assert_eq!((before.phase, before.head, &before.number), (after.phase, after.head, &after.number));
        let told = |events: &[Event]| events.iter().map(|e| (e.op, e.outcome.clone())).collect::<Vec<_>>();
        prop_assert_eq!(told(&before.events), told(&after.events));
        prop_assert!(after.events.iter().all(|event| event.text.is_none()));
        if let Some(register) = after.register(Field::Note) {
            let shown = register.winner().into_iter().chain(register.also_said());
            prop_assert!(shown.into_iter().all(|version| version.value == FieldValue::Erased));
        }
    }

    #[test]
    fn commit_and_body_read_back_what_was_written(city in city()) {
        for (_, commit) in &city.commits {
            let again = Commit::decode(&commit.encode());
            prop_assert_eq!(again.as_ref(), Ok(commit));
            prop_assert_eq!(again.map(|c| c.encode()), Ok(commit.encode()));
        }
    }

    #[test]
    fn one_flipped_bit_gives_no_other_commit_of_the_same_name(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut phone = Phone::new(1, Authority::unknown());
        let commit = phone.open(START, "井盖松动");
        let mut bytes = commit.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(Commit::decode(&bytes).is_err());
    }

    #[test]
    fn arbitrary_bytes_never_stop_a_reader(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in any::<prop::sample::Index>(), patch in prop::collection::vec(any::<u8>(), 0..8)) {
        let hub = SoftwareSigner::from_seed(&[9; 32]);
        let mut phone = Phone::new(1, Authority::unknown());
        let entry = SignedEntry::issue(&an_entry(Verdict::Admitted, None), &hub).expect("issues").encode();
        let commit = phone.open(START, "井盖松动").encode();
        let with_patch = |valid: &[u8]| {
            let (head, tail) = valid.split_at(cut.index(valid.len()));
            [head, &patch, tail.get(patch.len()..).unwrap_or_default()].concat()
        };
        for bytes in [bytes, with_patch(&commit), with_patch(&entry)] {
            if let Ok(commit) = Commit::decode(&bytes) {
                prop_assert_eq!(commit.encode(), bytes.clone());
            }
            if let Ok(entry) = SignedEntry::decode(&bytes, &hub.key()) {
                prop_assert_eq!(entry.encode(), bytes.clone());
            }
            prop_assert!(Certificate::decode(&bytes, &hub.key()).is_err());
        }
    }

    #[test]
    fn certificate_and_entry_read_back_what_was_written(
        role in prop::sample::subsequence(Role::ALL.to_vec(), 0..=7),
        person in prop::option::of("[a-z0-9]{1,64}"),
        (epoch, from, span) in (any::<u64>(), 0_u64..4_000_000_000_000, 0_u64..1_300_000_000),
        (verdict, reason, number) in (0_u8..5, "[a-z_]{0,64}", prop::option::of("[0-9A-Z-]{1,64}")),
        position in 1..u64::MAX,
    ) {
        let hub = SoftwareSigner::from_seed(&[9; 32]);
        let mut grant = a_grant();
        grant.authority.person = person.and_then(|p| p.parse().ok());
        grant.authority.roles = role;
        (grant.epoch, grant.valid_from, grant.valid_to) = (epoch, UtcMs(from), UtcMs((from + span).min(from + 1_209_600_000)));
        let certificate = Certificate::issue(&grant, &hub).expect("a grant within the limits");
        let again = Certificate::decode(&certificate.encode(), &hub.key());
        prop_assert_eq!(again.as_ref(), Ok(&certificate));
        prop_assert_eq!(certificate.grant(), &grant);

        let verdict = match verdict {
            0 => Verdict::Admitted,
            1 => Verdict::Refused(reason),
            2 => Verdict::Waiting(reason),
            3 => Verdict::Quarantined(reason),
            _ => Verdict::Unfolded,
        };
        let mut entry = an_entry(verdict, number);
        (entry.epoch, entry.position) = (epoch, position);
        let signed = SignedEntry::issue(&entry, &hub).expect("an entry within the limits");
let again = SignedEntry::decode(&signed.encode(), &hub.key());
        prop_assert_eq!(again.as_ref(), Ok(&signed));
        prop_assert_eq!(signed.entry(), &entry);
    }
}

fn a_grant() -> Grant {
    Grant {
        device: Phone::new(1, Authority::unknown()).key(),
        authority: authority("p-1", &[Role::Inspector], Some("roads")),
        intake_zone: Zone::parse("310101").expect("a zone"),
        epoch: 1,
        valid_from: START,
        valid_to: START,
    }
}

fn an_entry(verdict: Verdict, number: Option<String>) -> Entry {
    Entry {
        zone: Zone::parse("310101").expect("a zone"),
        epoch: 1,
        position: 1,
        hub_time: START,
        stamp: Stamp::Commit {
            commit: bading_core::oplog::sign::hash_of(b"commit"),
            verdict,
            number,
        },
    }
}

fn minute(count: u64) -> UtcMs {
    START.plus_ms(count * MINUTE_MS)
}

#[test]
fn two_phones_edit_the_same_note_at_once_and_both_are_shown() {
    let mut first = Phone::new(1, authority("p-1", &[Role::Inspector], None));
    let mut second = Phone::new(2, authority("p-2", &[Role::Inspector], None));
    let opening = first.open(minute(0), "井盖松动");
    let over = vec![op(&opening, 0)];
    let seen = vec![opening.hash()];
    let one = first.set_note(minute(2), seen.clone(), "井盖移位", over.clone());
    let other = second.set_note(minute(1), seen, "井盖破损", over);
    let mut inputs = vec![
        first.input(&opening, None),
        first.input(&one, None),
        second.input(&other, None),
    ];
    let state = fold(&inputs);
    assert_eq!(
        note_of(&state),
        (Some(&said("井盖移位")), vec![&said("井盖破损")])
    );
    let seen = state.register(Field::Note).expect("set").to_overwrite();
    let last = second.set_note(
        minute(0),
        vec![one.hash(), other.hash()],
        "井盖移位且破损",
        seen,
    );
    inputs.push(second.input(&last, None));
    assert_eq!(
        note_of(&fold(&inputs)),
        (Some(&said("井盖移位且破损")), vec![])
    );
}

#[test]
fn close_forged_by_a_citizen_is_refused_in_sight_before_and_after_the_stamp() {
    let mut inspector = Phone::new(1, authority("p-1", &[Role::Inspector], None));
    let mut citizen = Phone::new(2, authority("c-1", &[Role::Citizen], None));
    let opening = inspector.open(minute(0), "井盖松动");
    let close = citizen.transit(
        minute(1),
        vec![opening.hash()],
        Action::Close,
        op(&opening, 0),
    );
    let refused = Outcome::Refused("role_not_allowed".to_owned());
    for verdict in [None, Some(Verdict::Refused("role_not_allowed".to_owned()))] {
        let is_provisional = verdict.is_none();
        let annotation = verdict.map(|verdict| stamp(2, minute(3), verdict));
        let state = fold(&[
            inspector.input(&opening, Some(stamp(1, minute(3), Verdict::Admitted))),
            citizen.input(&close, annotation),
        ]);
        let event = event_of(&state, op(&close, 0));
        assert_eq!((&event.outcome, event.what), (&refused, "close"));
        assert_eq!(event.is_provisional, is_provisional);
        assert_eq!(state.phase, Phase::Reported);
        assert!(!state.is_provisional);
    }
}

#[test]
fn move_whose_basis_arrives_late_waits_and_then_counts() {
    let mut inspector = Phone::new(1, authority("p-1", &[Role::Inspector], None));
    let mut supervisor = Phone::new(2, authority("s-1", &[Role::Supervisor], None));
    let opening = inspector.open(minute(0), "井盖松动");
    let accept = supervisor.transit(
        minute(1),
        vec![opening.hash()],
        Action::Accept,
        op(&opening, 0),
    );
    let file = supervisor.transit(minute(2), vec![accept.hash()], Action::File, op(&accept, 0));
    let mut history = CaseHistory::new(the_case());
    history.deliver(inspector.input(&opening, None));
    history.deliver(supervisor.input(&file, None));
    assert_eq!(
        event_of(history.state(), op(&file, 0)).outcome,
        Outcome::Waiting("basis_not_arrived".to_owned())
    );
    assert_eq!(history.state().phase, Phase::Reported);
    history.deliver(supervisor.input(&accept, None));
    assert_eq!(history.state().phase, Phase::Filed);
    assert_eq!(
        event_of(history.state(), op(&file, 0)).outcome,
        Outcome::Effective
    );
}

#[test]
fn phone_set_to_2099_wins_nothing_once_it_is_stamped() {
    let mut honest = Phone::new(1, authority("p-1", &[Role::Inspector], None));
    let mut ahead = Phone::new(2, authority("p-2", &[Role::Inspector], None));
    let opening = honest.open(minute(0), "井盖松动");
    let over = vec![op(&opening, 0)];
    let one = honest.set_note(minute(1), vec![opening.hash()], "真的", over.clone());
    let other = ahead.set_note(YEAR_2099, vec![opening.hash()], "未来的", over);
    let all = |annotated: bool| {
        let at = |position| annotated.then(|| stamp(position, minute(5), Verdict::Admitted));
        fold(&[
            honest.input(&opening, at(1)),
            honest.input(&one, at(2)),
            ahead.input(&other, at(3)),
        ])
    };
    assert_eq!(note_of(&all(false)).0, Some(&said("未来的")));
    assert_eq!(
        note_of(&all(true)),
        (Some(&said("真的")), vec![&said("未来的")])
    );
    assert!(all(true).updated.ms <= minute(5));
}

#[test]
fn move_released_from_quarantine_counts_and_with_it_the_move_that_built_on_it() {
    let mut inspector = Phone::new(1, authority("p-1", &[Role::Inspector], None));
    let mut supervisor = Phone::new(2, authority("s-1", &[Role::Supervisor], None));
    let mut colleague = Phone::new(3, authority("s-2", &[Role::Supervisor], None));
    let opening = inspector.open(minute(0), "井盖松动");
    let accept = supervisor.transit(
        minute(1),
        vec![opening.hash()],
        Action::Accept,
        op(&opening, 0),
    );
    let file = colleague.transit(minute(2), vec![accept.hash()], Action::File, op(&accept, 0));
    let held = Verdict::Quarantined("forked_stream".to_owned());
    let mut inputs = vec![
        inspector.input(&opening, Some(stamp(1, minute(3), Verdict::Admitted))),
        supervisor.input(&accept, Some(stamp(2, minute(3), held))),
        colleague.input(&file, Some(stamp(3, minute(3), Verdict::Admitted))),
    ];
    let state = fold(&inputs);
    assert_eq!(state.phase, Phase::Reported);
    assert_eq!(
        event_of(&state, op(&file, 0)).outcome,
        Outcome::Waiting("basis_not_arrived".to_owned())
    );
    inputs.push(supervisor.input(&accept, Some(stamp(4, minute(4), Verdict::Admitted))));
    assert_eq!(fold(&inputs).phase, Phase::Filed);
    inputs.reverse();
    let mut history = CaseHistory::new(the_case());
    for input in inputs {
        history.deliver(input);
    }
    assert_eq!(history.state().phase, Phase::Filed);
}

#[test]
fn handler_of_another_department_gains_nothing_by_being_there_before_the_dispatch() {
    let mut supervisor = Phone::new(1, authority("s-1", &[Role::Supervisor], None));
    let mut parks = Phone::new(2, authority("h-2", &[Role::Handler], Some("parks")));
    let opening = supervisor.open(minute(0), "井盖松动");
    let file = supervisor.transit(minute(1), vec![], Action::File, op(&opening, 0));
    let dispatch = supervisor.transit(minute(2), vec![], Action::Dispatch, op(&file, 0));
    let handle = parks.transit(minute(3), vec![], Action::Handle, op(&dispatch, 0));
    let at = |position| Some(stamp(position, minute(9), Verdict::Admitted));
    let state = fold(&[
        supervisor.input(&opening, at(1)),
        supervisor.input(&file, at(2)),
        parks.input(&handle, at(3)),
        supervisor.input(&dispatch, at(4)),
    ]);
    assert_eq!(state.phase, Phase::Dispatched);
    assert_eq!(
        event_of(&state, op(&handle, 0)).outcome,
        Outcome::Ineffective("not_own_department")
    );
}

#[test]
fn move_on_a_second_opening_is_told_that_its_basis_does_not_count() {
    let mut first = Phone::new(1, authority("p-1", &[Role::Inspector], None));
    let mut clone = Phone::new(2, authority("s-1", &[Role::Supervisor], None));
    let opening = first.open(minute(0), "井盖松动");
    let second = clone.open(minute(1), "井盖松动");
    let accept = clone.transit(
        minute(2),
        vec![second.hash()],
        Action::Accept,
        op(&second, 0),
    );
    let already = Verdict::Refused("already_open".to_owned());
    for verdict in [already, Verdict::Admitted] {
        let state = fold(&[
            first.input(&opening, Some(stamp(1, minute(3), Verdict::Admitted))),
            clone.input(&second, Some(stamp(2, minute(3), verdict))),
            clone.input(&accept, Some(stamp(3, minute(3), Verdict::Admitted))),
        ]);
        assert_eq!(
            event_of(&state, op(&second, 0)).outcome,
            Outcome::Refused("already_open".to_owned())
        );
        assert_eq!(
            event_of(&state, op(&accept, 0)).outcome,
            Outcome::Ineffective("basis_ineffective")
        );
    }
}

#[test]
fn seal_refuses_a_body_that_every_reader_would_refuse() {
    let mut phone = Phone::new(1, Authority::unknown());
    let opening = phone.open(START, "井盖松动");
    let draft = |phone: &Phone| bading_core::oplog::commit::Draft {
        zone: Zone::unassigned(),
        seq: phone.seq,
        prev: phone.prev,
        hlc: phone.hlc,
        last_hub_time: None,
        clock: opening.header().clock,
        certificate: None,
        basis: vec![],
        heads: vec![],
    };
    let seal = |build: &dyn Fn(&mut BodyBuilder) -> Kind| {
        let mut body = BodyBuilder::new();
        let kind = build(&mut body);
        body.push(Subject::case(the_case()), kind);
        Commit::seal(draft(&phone), &body.finish(), &phone.signer)
    };
    let comment =
        |len: usize| seal(&move |body| Kind::Comment(body.text(&"a".repeat(len), [0; 16])));
    assert!(comment(8 * 1024).is_ok());
    assert!(matches!(comment(8 * 1024 + 1), Err(CommitError::Body(_))));
    let twice = seal(&|_| Kind::Set {
        field: Field::Class,
        content: Content::Nothing,
        over: vec![op(&opening, 0); 2],
    });
    assert!(matches!(twice, Err(CommitError::Body(_))));
    let nowhere = seal(&|_| Kind::Comment(bading_core::oplog::body::ValueRef(0)));
    assert!(matches!(nowhere, Err(CommitError::Body(_))));
}

#[test]
fn seventy_phones_at_once_leave_no_more_heads_than_one_commit_may_name() {
    let mut first = Phone::new(1, authority("p-1", &[Role::Inspector], None));
    let opening = first.open(minute(0), "井盖松动");
    let mut history = CaseHistory::new(the_case());
    history.deliver(first.input(&opening, None));
    for seed in 100..170 {
        let mut phone = Phone::new(seed, authority("p-1", &[Role::Inspector], None));
        let text = format!("第{seed}句");
        let set = phone.set_note(minute(1), vec![opening.hash()], &text, vec![]);
        history.deliver(phone.input(&set, None));
    }
    for remaining in [71, 8, 1] {
        let seen = history.heads();
        let register = history.state().register(Field::Note).expect("set").clone();
        assert_eq!(register.heads().len(), remaining);
        assert!(seen.len() <= MAX_BASIS);
        let over = register.to_overwrite();
        assert!(over.contains(&register.winner().expect("set").op));
        let set = first.set_note(minute(2), seen, "都看过了", over);
        history.deliver(first.input(&set, None));
    }
}
