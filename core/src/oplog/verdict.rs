//! What was decided about one person, folded from the commits about it: each act with what
//! became of it, and which of them hold at a time.
//!
//! Publications of one period form a chain by their basis, as the moves of a case do: of two
//! that build on one version the first in the hub's sequence counts, the other stays,
//! *ineffective*. An act that builds on one that has not arrived waits for it. Windows and
//! cut-offs are policy, so they are not asked here ([`crate::rules::verdict_state`]).

use std::collections::BTreeMap;

use crate::model::case::{CaseId, OpId};
use crate::model::identifiers::{Hash, PersonId, RouteCode};
use crate::model::time::UtcMs;
use crate::oplog::body::{Body, Kind, Lookup, Subject};
use crate::oplog::entry::Verdict;
use crate::oplog::fold::{Input, Outcome};
use crate::oplog::history::in_order;
use crate::oplog::hlc::Hlc;
use crate::oplog::judge::judge_verdicts;
use crate::oplog::verdict_act::{Exemption, Publication, VerdictAct};

/// The stable code of an act that waits for what it builds on.
const NOT_ARRIVED: &str = "basis_not_arrived";

/// An act with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// The operation.
    pub op: OpId,
    /// What was done.
    pub act: VerdictAct,
    /// Who did it, where known.
    pub by: Option<PersonId>,
    /// The time that counts.
    pub at: Hlc,
    /// When the hub stamped it, once it has.
    pub hub_time: Option<UtcMs>,
    /// The note or the reason, where there is one and it is not erased.
    pub text: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// When it was taken back.
    pub withdrawn: Option<UtcMs>,
    /// The decision on an appeal that an exemption follows from.
    pub under: Option<OpId>,
}

impl Act {
    /// True until the hub has stamped it.
    #[must_use]
    pub fn is_provisional(&self) -> bool {
        self.hub_time.is_none()
    }

    /// True when it took effect, withdrawn later or not.
    #[must_use]
    pub fn is_effective(&self) -> bool {
        self.outcome == Outcome::Effective
    }

    /// The publication, when it is one.
    #[must_use]
    pub fn publication(&self) -> Option<&Publication> {
        match &self.act {
            VerdictAct::Publish(publication) => Some(publication),
            _ => None,
        }
    }

    /// True when it had taken effect by a time and had not been taken back.
    fn stands_at(&self, as_of: UtcMs) -> bool {
        self.is_effective()
            && self.at.ms <= as_of
            && self.withdrawn.is_none_or(|withdrawn| withdrawn > as_of)
    }
}

/// Everything that was decided about one person, or for everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dossier {
    /// Whom it is about.
    pub subject: Subject,
    acts: Vec<Act>,
    /// Commits that cannot be read.
    pub unreadable: Vec<Hash>,
}

impl Dossier {
    /// Folds commits in whatever order they come, repeated or not.
    #[must_use]
    pub fn fold(subject: Subject, inputs: &[Input]) -> Self {
        let mut folding = Folding {
            dossier: Self {
                subject,
                acts: Vec::new(),
                unreadable: Vec::new(),
            },
            places: BTreeMap::new(),
            heads: BTreeMap::new(),
            decided: BTreeMap::new(),
            open: Vec::new(),
        };
        for input in in_order(inputs.iter()) {
            folding.take(input);
        }
        folding.dossier
    }

    /// Every act in the order of the fold.
    #[must_use]
    pub fn acts(&self) -> &[Act] {
        &self.acts
    }

    /// An act by its operation.
    #[must_use]
    pub fn act(&self, op: &OpId) -> Option<&Act> {
        self.acts.iter().find(|act| act.op == *op)
    }

    /// The person, where an act names one; nobody for what is decided for everybody.
    #[must_use]
    pub fn person(&self) -> Option<&PersonId> {
        self.acts.iter().find_map(|act| match &act.act {
            VerdictAct::Publish(publication) => Some(&publication.person),
            VerdictAct::Find { person, .. } | VerdictAct::Deduct { person, .. } => Some(person),
            VerdictAct::Exempt { person, .. } => person.as_ref(),
            _ => None,
        })
    }

    /// The periods of which a verdict was published, in order.
    #[must_use]
    pub fn periods(&self) -> Vec<(UtcMs, UtcMs)> {
        let published = self.acts.iter().filter_map(Act::publication);
        let mut periods: Vec<_> = published.map(|p| (p.from, p.to)).collect();
        periods.sort_unstable();
        periods.dedup();
        periods
    }

    /// The publications of a period in the order of the fold, effective or not.
    pub fn versions(&self, from: UtcMs, to: UtcMs) -> impl Iterator<Item = &Act> {
        self.acts.iter().filter(move |act| {
            let publication = act.publication();
            publication.is_some_and(|p| (p.from, p.to) == (from, to))
        })
    }

    /// The versions of a period that took effect by a time: one chain, by their number. What
    /// builds on a version may have arrived before it.
    #[must_use]
    pub fn chain(&self, from: UtcMs, to: UtcMs, as_of: UtcMs) -> Vec<&Act> {
        let versions = self.versions(from, to);
        let by_then = |act: &&Act| act.is_effective() && act.at.ms <= as_of;
        let mut chain: Vec<_> = versions.filter(by_then).collect();
        chain.sort_by_key(|act| act.publication().map(|publication| publication.version));
        chain
    }

    /// The appeals against a publication, in the order of the fold.
    pub fn appeals(&self, version: OpId) -> impl Iterator<Item = &Act> {
        self.acts.iter().filter(move |act| {
            matches!(act.act, VerdictAct::Appeal { publication, .. } if publication == version)
        })
    }

    /// The decisions on an appeal, in the order of the fold.
    pub fn decisions(&self, on: OpId) -> impl Iterator<Item = &Act> {
        self.acts.iter().filter(
            move |act| matches!(&act.act, VerdictAct::Decide { appeal, .. } if *appeal == on),
        )
    }

    /// The acts that hold at a time: they took effect, were not taken back, and no exemption
    /// takes their effect away.
    pub fn holding(&self, as_of: UtcMs) -> impl Iterator<Item = &Act> {
        let exempted: Vec<OpId> = self
            .acts
            .iter()
            .filter(|act| act.stands_at(as_of))
            .filter_map(|act| match act.act {
                VerdictAct::Exempt {
                    what: Exemption::Act(op),
                    ..
                } => Some(op),
                _ => None,
            })
            .collect();
        self.acts
            .iter()
            .filter(move |act| act.stands_at(as_of) && !exempted.contains(&act.op))
    }
}

/// A dossier while it is folded.
struct Folding {
    dossier: Dossier,
    /// Where each act stands.
    places: BTreeMap<OpId, usize>,
    /// The last version of each period that took effect, with its number.
    heads: BTreeMap<(UtcMs, UtcMs), (OpId, u32)>,
    /// The decision of each appeal.
    decided: BTreeMap<OpId, OpId>,
    /// Acts that wait for what they build on, in order.
    open: Vec<usize>,
}

/// What an act builds on.
enum Basis {
    Effective(usize),
    Without,
    NotArrived,
}

impl Folding {
    fn take(&mut self, input: &Input) {
        let (commit, header) = (&input.commit, input.commit.header());
        let Ok(body) = commit.body() else {
            return self.dossier.unreadable.push(commit.hash());
        };
        let annotation = input.annotation.as_ref();
        let set_aside = match annotation.map(|stamp| &stamp.verdict) {
            Some(Verdict::Admitted) => None,
            Some(Verdict::Refused(why)) => Some(Outcome::Refused(why.clone())),
            Some(Verdict::Waiting(why) | Verdict::Quarantined(why)) => {
                Some(Outcome::Waiting(why.clone()))
            }
            Some(Verdict::Unfolded) => Some(Outcome::Unread),
            None => judge_verdicts(&body, &input.authority)
                .err()
                .map(|refusal| Outcome::Refused(refusal.to_string())),
        };
        let at = match annotation {
            Some(stamp) => header.hlc.effective(header.last_hub_time, stamp.hub_time),
            None => header.hlc,
        };
        for (index, operation) in (0..).zip(&body.operations) {
            let Kind::Verdict(act) = &operation.kind else {
                continue;
            };
            if operation.subject != self.dossier.subject {
                continue;
            }
            let op = OpId {
                commit: commit.hash(),
                index,
            };
            let text = act
                .text()
                .and_then(|at| match Body::text(commit.values(), at) {
                    Lookup::Present(text) => Some(text),
                    Lookup::Erased => None,
                });
            let place = self.dossier.acts.len();
            self.places.insert(op, place);
            if set_aside.is_none() {
                self.open.push(place);
            }
            self.dossier.acts.push(Act {
                op,
                act: act.clone(),
                by: input.authority.person.clone(),
                at,
                hub_time: annotation.map(|stamp| stamp.hub_time),
                text,
                outcome: set_aside
                    .clone()
                    .unwrap_or_else(|| Outcome::Waiting(NOT_ARRIVED.to_owned())),
                withdrawn: None,
                under: decision_over(&body, operation.subject, index).map(|index| OpId {
                    commit: commit.hash(),
                    index,
                }),
            });
        }
        self.settle();
    }

    /// Looks at the acts that wait, in order, until none of them can be decided.
    fn settle(&mut self) {
        loop {
            let found = (0..self.open.len()).find_map(|at| {
                let outcome = self.outcome_of(self.open[at])?;
                Some((at, outcome))
            });
            let Some((at, outcome)) = found else { return };
            let place = self.open.remove(at);
            if outcome == Outcome::Effective {
                self.took_effect(place);
            }
            self.dossier.acts[place].outcome = outcome;
        }
    }

    fn basis(&self, op: &OpId) -> Basis {
        let Some(place) = self.places.get(op) else {
            return Basis::NotArrived;
        };
        match self.dossier.acts[*place].outcome {
            Outcome::Effective => Basis::Effective(*place),
            Outcome::Waiting(_) => Basis::NotArrived,
            Outcome::Ineffective(_) | Outcome::Refused(_) | Outcome::Unread => Basis::Without,
        }
    }

    /// What becomes of an act by what is known; nothing while it has to wait.
    fn outcome_of(&self, place: usize) -> Option<Outcome> {
        let act = &self.dossier.acts[place];
        if let Some(decision) = &act.under {
            match self.basis(decision) {
                Basis::Effective(_) => {}
                Basis::Without => return Some(Outcome::Ineffective("decision_ineffective")),
                Basis::NotArrived => return None,
            }
        }
        let on = match &act.act {
            VerdictAct::Find { .. } | VerdictAct::Deduct { .. } => None,
            VerdictAct::Exempt { what, .. } => match what {
                Exemption::Act(on) => Some(on),
                _ => None,
            },
            VerdictAct::Publish(publication) => publication.basis.as_ref(),
            VerdictAct::Appeal { publication, .. } => Some(publication),
            VerdictAct::Decide { appeal, .. } => Some(appeal),
            VerdictAct::Withdraw { act, .. } => Some(act),
        };
        let basis = match on.map(|on| self.basis(on)) {
            None => None,
            Some(Basis::Effective(place)) => Some(&self.dossier.acts[place]),
            Some(Basis::Without) => return Some(Outcome::Ineffective("basis_ineffective")),
            Some(Basis::NotArrived) => return None,
        };
        Some(self.outcome_on(act, basis))
    }

    fn outcome_on(&self, act: &Act, basis: Option<&Act>) -> Outcome {
        let why_not = match (&act.act, basis.map(|basis| (basis, &basis.act))) {
            (VerdictAct::Publish(publication), None) => self
                .heads
                .contains_key(&(publication.from, publication.to))
                .then_some("superseded"),
            (VerdictAct::Publish(publication), Some((basis, _))) => {
                let head = self.heads.get(&(publication.from, publication.to));
                match head {
                    None => Some("other_period"),
                    Some((op, _)) if *op != basis.op => Some("superseded"),
                    Some((_, version)) if version + 1 != publication.version => {
                        Some("wrong_version")
                    }
                    Some(_) => None,
                }
            }
            (VerdictAct::Appeal { .. }, Some((basis, VerdictAct::Publish(publication)))) => {
                let head = self.heads.get(&(publication.from, publication.to));
                (head.map(|(op, _)| *op) != Some(basis.op)).then_some("superseded")
            }
            (VerdictAct::Decide { .. }, Some((appeal, VerdictAct::Appeal { .. }))) => self
                .decided
                .contains_key(&appeal.op)
                .then_some("already_decided"),
            (
                VerdictAct::Exempt { .. },
                Some((_, VerdictAct::Find { .. } | VerdictAct::Deduct { .. })),
            ) => None,
            (
                VerdictAct::Withdraw { .. },
                Some((
                    on,
                    VerdictAct::Find { .. } | VerdictAct::Deduct { .. } | VerdictAct::Exempt { .. },
                )),
            ) => on.withdrawn.map(|_| "already_withdrawn"),
            (_, Some(_)) => Some("wrong_basis"),
            (_, None) => None,
        };
        why_not.map_or(Outcome::Effective, Outcome::Ineffective)
    }

    fn took_effect(&mut self, place: usize) {
        let (op, at) = (self.dossier.acts[place].op, self.dossier.acts[place].at.ms);
        match &self.dossier.acts[place].act {
            VerdictAct::Publish(publication) => {
                let period = (publication.from, publication.to);
                self.heads.insert(period, (op, publication.version));
            }
            VerdictAct::Decide { appeal, .. } => {
                self.decided.insert(*appeal, op);
            }
            VerdictAct::Withdraw { act, .. } => {
                if let Some(place) = self.places.get(act) {
                    self.dossier.acts[*place].withdrawn = Some(at);
                }
            }
            _ => {}
        }
    }
}

/// The decision of a body that names its operation as an exemption.
fn decision_over(body: &Body, subject: Subject, exemption: u32) -> Option<u32> {
    (0..)
        .zip(&body.operations)
        .find(|(_, other)| {
            other.subject == subject
                && matches!(
                    &other.kind,
                    Kind::Verdict(VerdictAct::Decide { exemptions, .. })
                        if exemptions.contains(&exemption)
                )
        })
        .map(|(index, _)| index)
}

/// Everything that was decided about anybody, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decisions {
    dossiers: Vec<Dossier>,
}

/// A stretch of a route that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExemptedStretch {
    /// Its beginning, in millimetres along the route.
    pub from_mm: u64,
    /// Its end.
    pub to_mm: u64,
    /// Why.
    pub reason: String,
    /// The operation.
    pub op: OpId,
}

impl Decisions {
    /// What was decided, by person.
    #[must_use]
    pub fn new(mut dossiers: Vec<Dossier>) -> Self {
        dossiers.sort_by_key(|dossier| dossier.subject);
        Self { dossiers }
    }

    /// What was decided about each person.
    #[must_use]
    pub fn dossiers(&self) -> &[Dossier] {
        &self.dossiers
    }

    /// What was decided about one person.
    #[must_use]
    pub fn of(&self, person: &PersonId) -> Option<&Dossier> {
        let subject = Subject::verdicts_of(person);
        self.dossiers
            .iter()
            .find(|dossier| dossier.subject == subject)
    }

    /// The acts that hold at a time for a person, those for everybody among them, in the
    /// order of their operations.
    #[must_use]
    pub fn holding(&self, person: &PersonId, as_of: UtcMs) -> Vec<&Act> {
        let subjects = [
            Subject::verdicts_of(person),
            Subject::verdicts_of_everybody(),
        ];
        let concerned = |dossier: &&Dossier| subjects.contains(&dossier.subject);
        let mut acts: Vec<_> = self
            .dossiers
            .iter()
            .filter(concerned)
            .flat_map(|dossier| dossier.holding(as_of))
            .collect();
        acts.sort_by_key(|act| act.op);
        acts
    }

    /// The exemption of a case's overtime that holds at a time.
    #[must_use]
    pub fn overtime_exemption(&self, case_id: CaseId, as_of: UtcMs) -> Option<&Act> {
        let dossiers = self.dossiers.iter();
        let holding = dossiers.flat_map(|dossier| dossier.holding(as_of));
        holding
            .filter(|act| {
                matches!(&act.act, VerdictAct::Exempt { what: Exemption::Overtime(case), .. }
                    if *case == case_id)
            })
            .min_by_key(|act| act.op)
    }
}

/// The stretches of a route that acts exempt from shifts in a time.
#[must_use]
pub fn exempted_stretches(
    acts: &[&Act],
    of: &RouteCode,
    (begins, ends): (UtcMs, UtcMs),
) -> Vec<ExemptedStretch> {
    let mut stretches: Vec<_> = acts
        .iter()
        .filter_map(|act| match &act.act {
            VerdictAct::Exempt {
                reason,
                what:
                    Exemption::Stretch {
                        route,
                        from_mm,
                        to_mm,
                        from,
                        to,
                    },
                ..
            } if route == of && *from < ends && begins < *to => Some(ExemptedStretch {
                from_mm: *from_mm,
                to_mm: *to_mm,
                reason: reason.to_string(),
                op: act.op,
            }),
            _ => None,
        })
        .collect();
    stretches.sort_by_key(|stretch| (stretch.from_mm, stretch.to_mm, stretch.op));
    stretches
}
