//! The commits of a case as they arrive, and the order in which they are folded.
//!
//! Arrival decides nothing: whatever the order, repetition or grouping, the same commits with
//! the same stamps give the same state.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::case::CaseId;
use crate::model::identifiers::{DeviceKey, Hash, Zone};
use crate::oplog::commit::MAX_BASIS;
use crate::oplog::fold::{CaseState, Input};

/// The order of the fold, each commit once: by position, then by cause and hash.
pub(crate) fn in_order<'a>(inputs: impl Iterator<Item = &'a Input>) -> Vec<&'a Input> {
    let mut by_hash: BTreeMap<Hash, &Input> = BTreeMap::new();
    for input in inputs {
        let known = by_hash.entry(input.commit.hash()).or_insert(input);
        if input.is_news_to(known) {
            *known = input;
        }
    }
    let (mut stamped, open): (Vec<_>, Vec<_>) = by_hash
        .into_values()
        .partition(|input| input.annotation.is_some());
    stamped.sort_by_key(|input| input.position());
    stamped.extend(in_causal_order(&open));
    stamped
}

/// Causal order of commits that arrive sorted by hash: after what they name as seen and
/// after what their own stream has before them; among those that are ready, by hash.
fn in_causal_order<'a>(open: &[&'a Input]) -> Vec<&'a Input> {
    let by_hash: BTreeMap<Hash, &Input> = open
        .iter()
        .map(|input| (input.commit.hash(), *input))
        .collect();
    let mut left: BTreeMap<Hash, usize> = by_hash.keys().map(|hash| (*hash, 0)).collect();
    let mut followers: BTreeMap<Hash, Vec<Hash>> = BTreeMap::new();
    for (before, after) in causes(&by_hash) {
        followers.entry(before).or_default().push(after);
        left.entry(after).and_modify(|count| *count += 1);
    }
    let mut ready: BTreeSet<Hash> = left
        .iter()
        .filter(|(_, count)| **count == 0)
        .map(|(hash, _)| *hash)
        .collect();
    let mut ordered = Vec::with_capacity(left.len());
    // Hashes cannot form a circle, so a ready one is found while any is left; the least of
    // the rest is taken all the same, so that a forged `seq` never stops the fold.
    while let Some(hash) = ready.pop_first().or_else(|| left.keys().next().copied()) {
        left.remove(&hash);
        ordered.extend(by_hash.get(&hash));
        for follower in followers.remove(&hash).unwrap_or_default() {
            if let Some(count) = left.get_mut(&follower) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(follower);
                }
            }
        }
    }
    ordered
}

/// Pairs of commits of which the first comes before the second: named as seen by it, or
/// next before it in its stream. Both branches of a fork come before what follows it.
fn causes(by_hash: &BTreeMap<Hash, &Input>) -> Vec<(Hash, Hash)> {
    let mut pairs = Vec::new();
    let mut streams: BTreeMap<(DeviceKey, &Zone), BTreeMap<u64, Vec<Hash>>> = BTreeMap::new();
    for (hash, input) in by_hash {
        let header = input.commit.header();
        let seen = header
            .basis
            .iter()
            .filter(|seen| by_hash.contains_key(seen));
        pairs.extend(seen.map(|seen| (*seen, *hash)));
        let stream = streams.entry((header.device, &header.zone)).or_default();
        stream.entry(header.seq).or_default().push(*hash);
    }
    for stream in streams.values() {
        for (earlier, later) in stream.values().zip(stream.values().skip(1)) {
            let each = |before: &Hash| {
                later
                    .iter()
                    .map(|after| (*before, *after))
                    .collect::<Vec<_>>()
            };
            pairs.extend(earlier.iter().flat_map(each));
        }
    }
    pairs
}

/// The commits of a case as they arrive, with the state kept up to date: what sorts after
/// everything known is applied, anything else folds the case again.
#[derive(Debug, Clone)]
pub struct CaseHistory {
    inputs: BTreeMap<Hash, Input>,
    state: CaseState,
    last_position: Option<(u64, u64)>,
    has_open: bool,
}

impl CaseHistory {
    /// Nothing has arrived.
    #[must_use]
    pub fn new(case_id: CaseId) -> Self {
        Self {
            inputs: BTreeMap::new(),
            state: CaseState::empty(case_id),
            last_position: None,
            has_open: false,
        }
    }

    /// Takes a commit, or a later stamp of one that is known already; repetition changes
    /// nothing.
    pub fn deliver(&mut self, input: Input) {
        let hash = input.commit.hash();
        let position = input.position();
        if let Some(known) = self.inputs.get(&hash)
            && !input.is_news_to(known)
        {
            return;
        }
        let is_new = !self.inputs.contains_key(&hash);
        let sorts_last = is_new && !self.has_open && position > self.last_position;
        if sorts_last {
            self.state.apply(&input);
        }
        self.inputs.insert(hash, input);
        self.last_position = self.last_position.max(position);
        if !sorts_last {
            self.refold();
        }
    }

    /// Takes many at once and folds once.
    pub fn deliver_all(&mut self, inputs: impl IntoIterator<Item = Input>) {
        for input in inputs {
            match self.inputs.get_mut(&input.commit.hash()) {
                Some(known) if input.is_news_to(known) => *known = input,
                Some(_) => {}
                None => {
                    self.inputs.insert(input.commit.hash(), input);
                }
            }
        }
        self.last_position = self.inputs.values().filter_map(Input::position).max();
        self.refold();
    }

    fn refold(&mut self) {
        self.has_open = self.inputs.values().any(|input| input.annotation.is_none());
        self.state = CaseState::empty(self.state.case_id);
        for input in in_order(self.inputs.values()) {
            self.state.apply(input);
        }
    }

    /// The case as it stands.
    #[must_use]
    pub fn state(&self) -> &CaseState {
        &self.state
    }

    /// The commits that nothing else here names as seen: the basis of the next commit. Of
    /// more than a commit may name, the least by hash; the one after it names the rest.
    #[must_use]
    pub fn heads(&self) -> Vec<Hash> {
        let seen: BTreeSet<Hash> = self
            .inputs
            .values()
            .flat_map(|input| input.commit.header().basis.iter().copied())
            .collect();
        self.inputs
            .keys()
            .filter(|hash| !seen.contains(hash))
            .take(MAX_BASIS)
            .copied()
            .collect()
    }
}
