//! The cards of a period, counted from the log: departments, cells and the seats of the
//! centre, by the standard card of each and by the city's own.
//!
//! A case falls into the period in which its handling was due, so that periods that follow
//! each other count every case once; what was filed, accepted or dispatched falls where that
//! was done. Acts of which it is not known on which side of their limit they were, and cases
//! that an appeal exempts, are neither part nor whole.
//!
//! Source: DOMAIN "Quality (定质)".

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::cases::CaseReview;
use super::inputs::ReviewInputs;
use super::{ReviewScope, explain};
use crate::model::case::Source;
use crate::model::quality::{IndicatorKey as K, SubjectKind};
use crate::model::time::UtcMs;
use crate::model::verdict::Grade;
use crate::model::workflow::Action;
use crate::oplog::fold::{CaseState, Event, Outcome};
use crate::rules::explain::Explanation;
use crate::rules::handling::Judgement;
use crate::rules::policy::{PeriodUnit, Policy, Scorecard};
use crate::rules::quality::Quality;
use crate::rules::quality::formulas::{GridClass, SubjectFacts, measure, standard};
use crate::rules::task_limit::seat_due;

/// The card of one subject in the period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubjectCard {
    /// Who or what is measured.
    pub kind: SubjectKind,
    /// Its identifier: person, department, cell.
    pub id: String,
    /// The card's code; that of the kind for the standard one.
    pub card: String,
    /// Its name in the city's words.
    pub name: String,
    /// The period that the card is meant for, where it names one.
    pub period: Option<PeriodUnit>,
    /// The score with its indicators, each with the cases behind it.
    pub quality: Quality,
    /// The grade of the published score.
    pub grade: Option<Grade>,
    /// Why, as a tree.
    pub explanation: Explanation,
}

/// The cards of every subject that the cases of the period name.
pub(super) fn cards(
    scope: &ReviewScope,
    inputs: &ReviewInputs<'_>,
    reviewed: &[CaseReview],
) -> Vec<SubjectCard> {
    let policy = &inputs.packs.policy;
    let by_id: BTreeMap<String, &CaseState> = inputs
        .cases
        .iter()
        .map(|case| (case.case_id.to_string(), case))
        .collect();
    // In the order of the review, which is the same wherever it is made.
    let looked: Vec<Looked<'_>> = reviewed
        .iter()
        .filter_map(|told| {
            let case = by_id.get(&told.case_id).copied()?;
            Some(Looked { case, told })
        })
        .collect();
    let mut cards: Vec<SubjectCard> = Vec::new();
    for kind in SubjectKind::ALL {
        // An inspector's card is made from the shifts.
        if kind == SubjectKind::Inspector {
            continue;
        }
        let first = standard(kind, GridClass::One, policy);
        let mut standards = cards_of(scope, &first, &looked, policy);
        // The volume of a cell of class 2 has steps of its own; a layer that names no class
        // has cells of class 1.
        if kind == SubjectKind::Grid {
            let second = standard(kind, GridClass::Two, policy);
            let of_class_2 = class_2(scope, inputs);
            standards.retain(|card| !of_class_2.contains(card.id.as_str()));
            let mut others = cards_of(scope, &second, &looked, policy);
            others.retain(|card| of_class_2.contains(card.id.as_str()));
            standards.append(&mut others);
            standards.sort_by(|a, b| a.id.cmp(&b.id));
        }
        cards.append(&mut standards);
        for card in policy.scorecards.iter().filter(|card| card.subject == kind) {
            cards.extend(cards_of(scope, card, &looked, policy));
        }
    }
    // A review of one person tells of that person alone.
    if let Some(person) = &scope.person {
        cards.retain(|card| card.kind.is_person() && card.id == person.as_str());
    }
    cards
}

/// The cells of class 2 at the end of the period.
fn class_2<'p>(scope: &ReviewScope, inputs: &'p ReviewInputs<'_>) -> BTreeSet<&'p str> {
    let at = UtcMs(scope.to.min(scope.as_of).0.saturating_sub(1));
    let grids = inputs.packs.grids.iter();
    grids
        .flat_map(|grids| grids.cells_at(at))
        .filter(|cell| cell.terms.class == Some(GridClass::Two))
        .map(|cell| cell.code.as_str())
        .collect()
}

fn cards_of(
    scope: &ReviewScope,
    card: &Scorecard,
    looked: &[Looked<'_>],
    policy: &Policy,
) -> Vec<SubjectCard> {
    let mut facts: BTreeMap<String, SubjectFacts> = BTreeMap::new();
    for one in looked {
        if card.wants(one.told.class.as_deref(), one.told.grid.as_deref()) {
            one.count(card.subject, scope, policy, &mut facts);
        }
    }
    let scored = |(id, facts): (String, SubjectFacts)| {
        let quality = measure(card, &facts).expect("every part is counted out of its whole");
        let named = if card.name.is_empty() {
            &card.code
        } else {
            &card.name
        };
        SubjectCard {
            kind: card.subject,
            id,
            card: card.code.clone(),
            name: card.name.clone(),
            period: card.period,
            grade: quality.score.map(|score| policy.grades.grade(score)),
            explanation: explain::card(named, &quality),
            quality,
        }
    };
    facts.into_iter().map(scored).collect()
}

/// A case as its state and as the review tells it.
struct Looked<'c> {
    case: &'c CaseState,
    told: &'c CaseReview,
}

impl Looked<'_> {
    /// Adds what this case counts for, to each subject that it names.
    fn count(
        &self,
        kind: SubjectKind,
        scope: &ReviewScope,
        policy: &Policy,
        facts: &mut BTreeMap<String, SubjectFacts>,
    ) {
        match kind {
            SubjectKind::Inspector => {}
            SubjectKind::Department => self.count_department(scope, facts),
            SubjectKind::Grid => self.count_grid(scope, facts),
            SubjectKind::AcceptingClerk => {
                for event in self.moves(scope, Action::Accept) {
                    if let Some(clerk) = &event.person {
                        add_volume(facts, clerk.as_str(), K::AcceptedVolume);
                    }
                }
            }
            SubjectKind::ShiftHead => self.count_shift_head(scope, policy, facts),
            SubjectKind::Dispatcher => self.count_dispatcher(scope, policy, facts),
        }
    }

    fn count_department(&self, scope: &ReviewScope, facts: &mut BTreeMap<String, SubjectFacts>) {
        let Some(department) = &self.told.department else {
            return;
        };
        if self.moves(scope, Action::Dispatch).next().is_some() {
            add_volume(facts, department, K::FiledVolume);
        }
        self.count_due(scope, department, facts);
    }

    fn count_grid(&self, scope: &ReviewScope, facts: &mut BTreeMap<String, SubjectFacts>) {
        let Some(grid) = &self.told.grid else { return };
        if self.moves(scope, Action::File).next().is_some() {
            add_volume(facts, grid, K::FiledVolume);
            let is_public = self
                .case
                .opened
                .as_ref()
                .is_some_and(|opened| opened.source == Source::Citizen);
            self.add(facts, grid, K::Complaint, is_public);
        }
        self.count_due(scope, grid, facts);
    }

    /// What is counted of cases whose handling was due in the period.
    fn count_due(&self, scope: &ReviewScope, id: &str, facts: &mut BTreeMap<String, SubjectFacts>) {
        let Some(handling) = &self.told.handling else {
            return;
        };
        let is_due = |due: UtcMs| scope.from <= due && due < scope.to && due < scope.as_of;
        if !handling.due_at.is_some_and(is_due) {
            return;
        }
        let is_closed = self.moved(Action::Close, scope.as_of);
        self.add(facts, id, K::Closing, is_closed);
        self.add(
            facts,
            id,
            K::Rework,
            self.moved(Action::Rework, scope.as_of),
        );
        let is_on_time = match handling.judged {
            Some(Judgement::OnTime) => true,
            Some(Judgement::Late) => false,
            // Undecided and exempted hand-backs are neither part nor whole.
            Some(Judgement::Undecided | Judgement::Exempt | Judgement::NotDueYet) | None => return,
        };
        self.add(facts, id, K::OnTimeHandling, is_on_time);
        self.add(facts, id, K::OnTimeClosing, is_on_time && is_closed);
    }

    fn count_shift_head(
        &self,
        scope: &ReviewScope,
        policy: &Policy,
        facts: &mut BTreeMap<String, SubjectFacts>,
    ) {
        let before = |action: Action, at: UtcMs| self.latest_before(action, at);
        for event in self.moves(scope, Action::File) {
            let Some(head) = &event.person else { continue };
            let arrived = self.case.opened.as_ref().and_then(|opened| {
                let commit = opened.op.commit;
                let opening = self.case.events.iter().find(|e| e.op.commit == commit);
                opening.and_then(|e| e.hub_time)
            });
            let at = stamped(event);
            if let Some(begun) = before(Action::Accept, at).or(arrived) {
                let is_in_time = at <= seat_due(begun, policy.seat_limits.file_s, None, 0);
                self.add(facts, head.as_str(), K::FiledOnTime, is_in_time);
            }
        }
        for event in self.moves(scope, Action::Close) {
            let Some(head) = &event.person else { continue };
            let at = stamped(event);
            if let Some(checked) = before(Action::Check, at) {
                let is_in_time = at <= seat_due(checked, policy.seat_limits.close_s, None, 0);
                self.add(facts, head.as_str(), K::ClosedOnTime, is_in_time);
            }
        }
    }

    fn count_dispatcher(
        &self,
        scope: &ReviewScope,
        policy: &Policy,
        facts: &mut BTreeMap<String, SubjectFacts>,
    ) {
        let effective: Vec<_> = self.effective().collect();
        for (number, event) in effective.iter().enumerate() {
            if event.what != Action::Dispatch.as_str() || !is_within(scope, stamped(event)) {
                continue;
            }
            let Some(dispatcher) = &event.person else {
                continue;
            };
            add_volume(facts, dispatcher.as_str(), K::DispatchedVolume);
            // A case that came back waits again, and is dispatched anew.
            let begun = effective[..number]
                .iter()
                .rev()
                .find(|e| [Action::File.as_str(), Action::Return.as_str()].contains(&e.what));
            if let Some(begun) = begun {
                // Seats are manned around the clock.
                let due = seat_due(stamped(begun), policy.seat_limits.dispatch_s, None, 0);
                let is_in_time = stamped(event) <= due;
                self.add(facts, dispatcher.as_str(), K::DispatchedOnTime, is_in_time);
            }
            let next = effective[number + 1..]
                .iter()
                .find(|e| [Action::Return.as_str(), Action::Handle.as_str()].contains(&e.what));
            let is_right = next.is_none_or(|e| e.what != Action::Return.as_str());
            self.add(facts, dispatcher.as_str(), K::DispatchedCorrectly, is_right);
        }
    }

    fn effective(&self) -> impl Iterator<Item = &Event> {
        let events = self.case.events.iter();
        events.filter(|event| event.outcome == Outcome::Effective)
    }

    /// The effective moves of an action in the period.
    fn moves(&self, scope: &ReviewScope, action: Action) -> impl Iterator<Item = &Event> {
        let is_wanted =
            move |event: &&Event| event.what == action.as_str() && is_within(scope, stamped(event));
        self.effective().filter(is_wanted)
    }

    fn moved(&self, action: Action, before: UtcMs) -> bool {
        self.effective()
            .any(|event| event.what == action.as_str() && stamped(event) < before)
    }

    fn latest_before(&self, action: Action, before: UtcMs) -> Option<UtcMs> {
        self.effective()
            .filter(|event| event.what == action.as_str())
            .map(stamped)
            .filter(|at| *at <= before)
            .max()
    }

    /// Counts the case in the whole, and in the part where it belongs there.
    fn add(&self, facts: &mut BTreeMap<String, SubjectFacts>, id: &str, key: K, is_part: bool) {
        let counted = facts
            .entry(id.to_owned())
            .or_default()
            .counted
            .entry(key)
            .or_default();
        counted.denominator += 1;
        if is_part {
            counted.numerator += 1;
            counted.cases.push(self.told.case_id.clone());
        }
    }
}

fn add_volume(facts: &mut BTreeMap<String, SubjectFacts>, id: &str, key: K) {
    let facts = facts.entry(id.to_owned()).or_default();
    *facts.volumes.entry(key).or_default() += 1;
}

/// The centre's moves count from the hub's stamp.
fn stamped(event: &Event) -> UtcMs {
    event.hub_time.unwrap_or(event.at.ms)
}

fn is_within(scope: &ReviewScope, at: UtcMs) -> bool {
    scope.from <= at && at < scope.to && at < scope.as_of
}
