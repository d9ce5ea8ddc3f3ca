//! The chains of a bundle: each device's commits in a zone, one after the other, links
//! between them included.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use crate::model::identifiers::{DeviceKey, Hash, Zone};
use crate::model::time::UtcMs;
use crate::oplog::commit::{Header, StreamHead};
use crate::oplog::evidence::AbsentPart;
use crate::oplog::hlc::{CLOCK_LEAD_MS, Hlc};
use crate::services::evidence::finding::Finding;

/// A commit or a link as a piece of its chain.
pub(super) struct Strung {
    pub(super) hash: Hash,
    pub(super) prev: Option<Hash>,
    pub(super) hlc: Hlc,
    pub(super) wall: UtcMs,
    pub(super) last_hub_time: Option<UtcMs>,
    /// Where it was first stamped.
    pub(super) place: Option<(Zone, (u64, u64))>,
    pub(super) is_quarantined: bool,
    pub(super) heads: Vec<StreamHead>,
}

type Stream = BTreeMap<u64, Vec<Strung>>;

/// Every stream of which the bundle has something.
#[derive(Default)]
pub(super) struct Streams(BTreeMap<(DeviceKey, Zone), Stream>);

/// A stream as the report tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StreamReport {
    /// The device, hex.
    pub device: String,
    /// The zone, empty before enrolment.
    pub zone: String,
    /// The first and the last number of which the bundle has something.
    pub first: u64,
    /// See `first`.
    pub last: u64,
    /// How many commits are here whole.
    pub commits: usize,
    /// The numbers of which only the header is here, as ranges with both ends included.
    pub only_headers: Vec<(u64, u64)>,
    /// The numbers of which nothing is here, between the first and the last.
    pub missing: Vec<(u64, u64)>,
}

impl Streams {
    pub(super) fn add(&mut self, header: &Header, strung: Strung) {
        self.0
            .entry((header.device, header.zone.clone()))
            .or_default()
            .entry(header.seq)
            .or_default()
            .push(strung);
    }

    /// What is wrong (true) and what is missing and said to be (false), stream by stream.
    pub(super) fn check(&self, absent: &[AbsentPart]) -> Vec<(Finding, bool)> {
        let mut found = Vec::new();
        for ((device, zone), stream) in &self.0 {
            let name = |code| Finding::new(code).on("device", device).on("zone", zone);
            let is_said = |seq: u64| {
                absent.iter().any(|part| {
                    matches!(part, AbsentPart::Commits { device: of, zone: at, from, to }
                        if of == device && at == zone && (*from..=*to).contains(&seq))
                })
            };
            for (from, to) in gaps(stream.keys().copied(), 0) {
                let is_all_said = is_said(from) && is_said(to);
                let code = if is_all_said {
                    "chain_not_here"
                } else {
                    "chain_gap"
                };
                found.push((name(code).on("from", from).on("to", to), !is_all_said));
            }
            for (seq, pieces) in stream {
                if pieces.len() > 1 {
                    let free = pieces.iter().filter(|piece| !piece.is_quarantined).count();
                    let code = if free > 1 {
                        "chain_forked"
                    } else {
                        "fork_quarantined"
                    };
                    found.push((name(code).on("seq", seq), free > 1));
                }
                let before = seq.checked_sub(1).and_then(|seq| stream.get(&seq));
                for piece in pieces {
                    self.check_heads(device, piece, &mut found);
                    let Some(before) = before else { continue };
                    match before.iter().find(|other| Some(other.hash) == piece.prev) {
                        None => found.push((
                            name("chain_broken").on("seq", seq).on("commit", piece.hash),
                            true,
                        )),
                        Some(other) => check_pair(other, piece, &mut found),
                    }
                }
            }
        }
        found
    }

    /// A commit names the heads of its device's other streams: those that are here must be
    /// the ones that it names.
    fn check_heads(&self, device: &DeviceKey, piece: &Strung, found: &mut Vec<(Finding, bool)>) {
        for head in &piece.heads {
            let stream = self.0.get(&(*device, head.zone.clone()));
            let at = stream.and_then(|stream| stream.get(&head.seq));
            if at.is_some_and(|at| at.iter().all(|other| other.hash != head.hash)) {
                found.push((
                    Finding::new("head_differs")
                        .on("commit", piece.hash)
                        .on("zone", &head.zone)
                        .on("seq", head.seq),
                    true,
                ));
            }
        }
    }

    pub(super) fn tell(&self, whole: &HashSet<Hash>) -> Vec<StreamReport> {
        let stream = |((device, zone), stream): (&(DeviceKey, Zone), &Stream)| {
            let is_whole = |pieces: &Vec<Strung>| pieces.iter().any(|p| whole.contains(&p.hash));
            let links = stream.iter().filter(|(_, pieces)| !is_whole(pieces));
            let first = stream.first_key_value().map_or(0, |(seq, _)| *seq);
            StreamReport {
                device: device.to_string(),
                zone: zone.to_string(),
                first,
                last: stream.last_key_value().map_or(0, |(seq, _)| *seq),
                commits: stream.values().filter(|pieces| is_whole(pieces)).count(),
                only_headers: ranges(links.map(|(seq, _)| *seq)),
                missing: gaps(stream.keys().copied(), first),
            }
        };
        self.0.iter().map(stream).collect()
    }
}

/// Two commits of which the second names the first.
fn check_pair(before: &Strung, after: &Strung, found: &mut Vec<(Finding, bool)>) {
    let name = |code| {
        Finding::new(code)
            .on("commit", after.hash)
            .on("before", before.hash)
    };
    let times = |finding: Finding, after: UtcMs, before: UtcMs| {
        finding
            .on("time", after.to_rfc3339())
            .on("time-before", before.to_rfc3339())
    };
    if let (Some((zone, first)), Some((other, second))) = (&before.place, &after.place)
        && zone == other
        && first.0 == second.0
        && first >= second
    {
        found.push((name("stamped_out_of_order"), true));
    }
    // Only a session with the hub may set a device's hybrid clock back.
    if after.hlc <= before.hlc && after.last_hub_time == before.last_hub_time {
        found.push((times(name("clock_back"), after.hlc.ms, before.hlc.ms), true));
    }
    if after
        .last_hub_time
        .unwrap_or_default()
        .plus_ms(CLOCK_LEAD_MS)
        < before.last_hub_time.unwrap_or_default()
    {
        found.push((name("seen_time_back"), true));
    }
    if after.wall.plus_ms(CLOCK_LEAD_MS) < before.wall {
        found.push((
            times(name("wall_clock_back"), after.wall, before.wall),
            false,
        ));
    }
}

/// Ascending numbers as ranges with both ends included.
pub(super) fn ranges(numbers: impl Iterator<Item = u64>) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    ranges
}

/// What is left out between `from` and the last of ascending numbers, as ranges with both
/// ends included.
pub(super) fn gaps(numbers: impl Iterator<Item = u64>, from: u64) -> Vec<(u64, u64)> {
    let mut gaps = Vec::new();
    let mut expected = from;
    for number in numbers {
        if number > expected {
            gaps.push((expected, number - 1));
        }
        expected = number.saturating_add(1);
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_gaps_have_both_ends_and_stop_at_the_largest_number() {
        let numbers = [2, 3, 4, 8, u64::MAX];
        assert_eq!(
            ranges(numbers.into_iter()),
            [(2, 4), (8, 8), (u64::MAX, u64::MAX)]
        );
        assert_eq!(
            gaps(numbers.into_iter(), 0),
            [(0, 1), (5, 7), (9, u64::MAX - 1)]
        );
        assert_eq!(gaps(numbers.into_iter(), 2).len(), 2);
        assert_eq!(gaps(std::iter::empty(), 0), []);
    }
}
