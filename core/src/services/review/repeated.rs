//! Patrols that repeat an earlier one: each is compared with the patrols before it that the
//! review has at hand, the same person's and others'. What lies before the review's time is
//! not looked at; a longer review sees more.

use std::collections::{BTreeMap, HashMap};

use super::inputs::ReviewInputs;
use crate::geo::plausibility::{Fingerprint, PlausibilityLimits, Repeated, Tracer};
use crate::model::patrol::PatrolId;
use crate::oplog::patrol::{PatrolStart, PatrolState, Piece};

/// Replays are looked for so many milliseconds back: 90 days.
const REACH_MS: u64 = 90 * 24 * 60 * 60 * 1000;
/// Of the patrols that share a word, so many are remembered: the latest.
const MOST_SHARING: usize = 16;
/// Patrols that share fewer words are not alike.
const LEAST_SHARED: u32 = 8;

/// What each patrol repeats, where it repeats one: the one that it is most like.
pub(super) type Repeats = BTreeMap<PatrolId, Repeated>;

/// Compares the patrols of a review. The work grows with the fixes, not with the pairs.
pub(super) fn repeats(inputs: &ReviewInputs<'_>, limits: &PlausibilityLimits) -> Repeats {
    let mut patrols: Vec<(&PatrolStart, &PatrolState)> = inputs
        .patrols
        .iter()
        .filter_map(|patrol| Some((patrol.started.as_ref()?, patrol)))
        .collect();
    patrols.sort_by_key(|(started, patrol)| (started.at, patrol.patrol_id));
    let mut prints: Vec<Fingerprint> = Vec::with_capacity(patrols.len());
    let mut sharing: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut found = Repeats::new();
    for (index, (started, patrol)) in patrols.iter().enumerate() {
        let print = fingerprint(patrol);
        if print.is_too_short() {
            prints.push(print);
            continue;
        }
        let mut shared: BTreeMap<usize, u32> = BTreeMap::new();
        for word in print.words() {
            for earlier in sharing.get(word).into_iter().flatten() {
                *shared.entry(*earlier).or_default() += 1;
            }
        }
        let alike = shared
            .into_iter()
            .filter(|(_, words)| *words >= LEAST_SHARED)
            .filter(|(earlier, _)| started.at.ms.0 - patrols[*earlier].0.at.ms.0 <= REACH_MS)
            .map(|(earlier, _)| (print.similarity(&prints[earlier]), earlier))
            .filter(|(similarity, _)| *similarity >= limits.repeated)
            // Of equally similar ones the first.
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        if let Some((similarity, earlier)) = alike {
            let (began, other) = patrols[earlier];
            let repeated = Repeated {
                of: other.patrol_id.to_string(),
                person: began.person.as_ref().map(ToString::to_string),
                started: Some(inputs.packs.local(began.at.ms)),
                similarity,
            };
            found.insert(patrol.patrol_id, repeated);
        }
        for word in print.words() {
            let known = sharing.entry(*word).or_default();
            if known.len() == MOST_SHARING {
                known.remove(0);
            }
            known.push(index);
        }
        prints.push(print);
    }
    found
}

fn fingerprint(patrol: &PatrolState) -> Fingerprint {
    let mut tracer = Tracer::default();
    patrol.replay(|piece| match piece {
        Piece::Fix(fix) => tracer.feed(fix.at, fix.place),
        Piece::Mark(_) | Piece::Missing => tracer.interrupt(),
    });
    tracer.fingerprint()
}
