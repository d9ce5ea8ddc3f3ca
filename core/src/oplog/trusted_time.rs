//! Which time counts of an act, as far as its signed bytes and the hub's stamps prove it.
//!
//! A header names the last hub time that the device had seen and a monotonic reading of one
//! boot; the stamp says when the hub had the commit. So an act lies between the two, and
//! since the monotonic clock counts truly within a boot, what is known of one act holds for
//! every other act of that boot, moved by the difference of their readings. All of it is one
//! question: when did the boot begin? Each commit of the boot gives that instant a bound from
//! below (hub time seen − reading) and one from above (stamp − reading); the tightest two
//! place every act of the boot. An act also lies between its neighbours in its stream.
//!
//! Within those bounds the device's own clock is believed, and the act is an instant, as long
//! as nothing speaks against that clock. Against it speak: no hub contact before the act; a
//! boot since the last contact; a clock that was set, so that it and the monotonic clock
//! differ by more between two acts; a time outside the bounds. Then the act keeps its bounds,
//! and a deadline between them leaves it undecided.
//!
//! A report says more of its time: it contains the hub's challenge of an hour, which nobody
//! knew before that hour began, and the satellites' time of its position. Both bound it from
//! below and never from above: an old challenge and an old position can be kept, a future one
//! cannot be had. A clock that lags behind them is not believed, as behind the last hub time.
//!
//! It refuses to guess: nothing here moves an act to whichever side is convenient. What it
//! cannot see is written in docs/decisions/0022.
//!
//! Source: DOMAIN "Which time counts".

use std::collections::{BTreeMap, HashMap};

use crate::model::identifiers::{DeviceKey, Hash, Zone};
use crate::model::time::{ClockReading, TimeSpan, UtcMs};
use crate::oplog::attest::Witness;
use crate::oplog::commit::Header;
use crate::oplog::fold::{CaseState, Event, Input};
use crate::oplog::hlc::CLOCK_LEAD_MS;
use crate::oplog::patrol::PatrolState;

/// What a device's clocks said when it signed, and where in its stream that was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// The zone of the stream.
    pub zone: Zone,
    /// The place in the stream.
    pub seq: u64,
    /// The wall clock and the monotonic one.
    pub clock: ClockReading,
    /// The time that the device claimed.
    pub claimed: UtcMs,
}

impl Signing {
    /// What a header says of it.
    #[must_use]
    pub fn of(header: &Header) -> Self {
        Self {
            zone: header.zone.clone(),
            seq: header.seq,
            clock: header.clock,
            claimed: header.hlc.ms,
        }
    }
}

/// A commit as its time is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// The commit.
    pub commit: Hash,
    /// Who signed.
    pub device: DeviceKey,
    /// What its clocks said.
    pub signing: Signing,
    /// The last hub time that the device had seen.
    pub last_hub_time: Option<UtcMs>,
    /// When the hub stamped it; nothing before it has.
    pub stamped: Option<UtcMs>,
    /// What it says itself of its time beside its clocks.
    pub witness: Witness,
}

impl Act {
    /// What a commit and its stamp say of its time.
    #[must_use]
    pub fn of(input: &Input) -> Self {
        let header = input.commit.header();
        Self {
            commit: input.commit.hash(),
            device: header.device,
            signing: Signing::of(header),
            last_hub_time: header.last_hub_time,
            stamped: input.annotation.as_ref().map(|stamp| stamp.hub_time),
            witness: Witness::default(),
        }
    }

    /// The latest instant before which it cannot have been: the last hub time that it saw, the
    /// hour of the hub's challenge in it, the satellites' time of its position. What lies after
    /// the stamp is a contradiction and bounds nothing.
    #[must_use]
    pub fn not_before(&self) -> Option<UtcMs> {
        let stamped = self.stamped.unwrap_or(UtcMs::MAX);
        let Witness {
            challenge,
            gnss_time,
        } = self.witness;
        let witnessed = [challenge, gnss_time].into_iter().flatten();
        witnessed
            .filter(|at| *at <= stamped)
            .chain(self.last_hub_time)
            .max()
    }
}

/// The trusted times of many acts; more acts of a device can only narrow them.
#[derive(Debug, Clone, Default)]
pub struct TrustedTimes {
    spans: HashMap<Hash, TimeSpan>,
    proven: HashMap<Hash, ProvenBounds>,
}

/// What signed bytes and stamps prove of the time of an act, whatever its own clock says.
/// Either bound may be missing: without any hub contact before, or without a stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProvenBounds {
    /// It was not before this.
    pub not_before: Option<UtcMs>,
    /// It was not after this.
    pub not_after: Option<UtcMs>,
    /// False when the readings contradict each other: a boot or a clock that was forged.
    pub is_consistent: bool,
}

/// Bounds of one quantity, in milliseconds; each may be missing.
#[derive(Debug, Clone, Copy, Default)]
struct Bounds {
    low: Option<i128>,
    high: Option<i128>,
}

impl Bounds {
    fn at_least(&mut self, low: Option<i128>) {
        // Nothing is less than any bound.
        self.low = self.low.max(low);
    }

    fn at_most(&mut self, high: Option<i128>) {
        self.high = match (self.high, high) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
}

/// What is known of one boot of one device.
#[derive(Debug, Default)]
struct Boot {
    /// When it began.
    began: Bounds,
    /// How far the wall clock stood above the monotonic one, by the hub contact before.
    wall_leads: HashMap<Option<UtcMs>, (i128, i128)>,
}

type BootKey = (DeviceKey, [u8; 16]);
/// The acts of a stream in its order; of a fork both.
type Stream<'a> = BTreeMap<(u64, Hash), &'a Act>;

impl TrustedTimes {
    /// Judges the times of acts, in any order; of a commit that is named twice the last counts.
    #[must_use]
    pub fn of(acts: impl IntoIterator<Item = Act>) -> Self {
        let acts: HashMap<Hash, Act> = acts.into_iter().map(|act| (act.commit, act)).collect();
        let mut boots: HashMap<BootKey, Boot> = HashMap::new();
        let mut streams: HashMap<(DeviceKey, &Zone), Stream<'_>> = HashMap::new();
        for act in acts.values() {
            boots.entry(boot_key(act)).or_default().take(act);
            let stream = streams.entry((act.device, &act.signing.zone)).or_default();
            stream.insert((act.signing.seq, act.commit), act);
        }
        let mut spans = HashMap::with_capacity(acts.len());
        let mut proven = HashMap::with_capacity(acts.len());
        for stream in streams.values() {
            let stream: Vec<_> = stream.values().copied().collect();
            let bounds = bounds_of(&stream, &boots);
            // The boot of the first act after each hub contact: a later one has lost it.
            let mut anchored: HashMap<UtcMs, [u8; 16]> = HashMap::new();
            for (act, bounds) in stream.iter().zip(bounds) {
                let boot = act.signing.clock.boot;
                let is_same_boot = act
                    .last_hub_time
                    .is_some_and(|seen| *anchored.entry(seen).or_insert(boot) == boot);
                let is_steady = boots
                    .get(&boot_key(act))
                    .is_some_and(|boot| boot.is_steady(act.last_hub_time));
                let is_believed = is_same_boot && is_steady && is_anchored(act);
                spans.insert(act.commit, span_of(act, bounds, is_believed));
                proven.insert(act.commit, proven_of(bounds));
            }
        }
        Self { spans, proven }
    }

    /// Judges the times of everything that happened to cases, and of the patrols on the way:
    /// their commits are many and place a boot closely.
    #[must_use]
    pub fn of_states(cases: &[CaseState], patrols: &[PatrolState]) -> Self {
        let of_cases = cases
            .iter()
            .flat_map(|case| case.events.iter().map(move |event| (case, event)));
        let of_cases = of_cases.map(|(case, event)| Act {
            commit: event.op.commit,
            device: event.device,
            signing: event.signing.clone(),
            last_hub_time: event.last_hub_time,
            stamped: event.hub_time,
            witness: case.witness_of(&event.op.commit),
        });
        let of_patrols = patrols.iter().flat_map(|patrol| &patrol.acts);
        Self::of(of_cases.chain(of_patrols.cloned()))
    }

    /// When something was done; the time that counts otherwise where its commit was not among
    /// the acts.
    #[must_use]
    pub fn span_of(&self, event: &Event) -> TimeSpan {
        let at = || TimeSpan::at(event.at.ms);
        self.span(&event.op.commit).unwrap_or_else(at)
    }

    /// What is proven of when a commit was signed, its own clock left aside; nothing for one
    /// that was not among the acts.
    #[must_use]
    pub fn proven(&self, commit: &Hash) -> Option<ProvenBounds> {
        self.proven.get(commit).copied()
    }

    /// When a commit was signed; nothing for one that was not among the acts.
    #[must_use]
    pub fn span(&self, commit: &Hash) -> Option<TimeSpan> {
        self.spans.get(commit).copied()
    }
}

impl Boot {
    fn take(&mut self, act: &Act) {
        let reading = i128::from(act.signing.clock.mono_ms);
        self.began
            .at_least(act.not_before().map(|seen| ms(seen) - reading));
        self.began
            .at_most(act.stamped.map(|stamped| ms(stamped) - reading));
        let lead = ms(act.signing.clock.wall) - reading;
        self.wall_leads
            .entry(act.last_hub_time)
            .and_modify(|(least, most)| (*least, *most) = ((*least).min(lead), (*most).max(lead)))
            .or_insert((lead, lead));
    }

    /// True when nobody set the wall clock between the acts after one hub contact.
    fn is_steady(&self, last_hub_time: Option<UtcMs>) -> bool {
        self.wall_leads
            .get(&last_hub_time)
            .is_some_and(|(least, most)| most - least <= i128::from(CLOCK_LEAD_MS))
    }
}

fn ms(at: UtcMs) -> i128 {
    i128::from(at.0)
}

fn boot_key(act: &Act) -> BootKey {
    (act.device, act.signing.clock.boot)
}

/// True when, by the device's own clocks, it has not booted since the hub contact that it
/// names, and when those clocks agree on the time that it claims.
fn is_anchored(act: &Act) -> bool {
    let clock = &act.signing.clock;
    let claimed = act.signing.claimed;
    let booted = ms(claimed) - i128::from(clock.mono_ms);
    act.last_hub_time.is_some_and(|seen| booted <= ms(seen))
        && claimed.0.abs_diff(clock.wall.0) <= CLOCK_LEAD_MS
}

/// The bounds of each act of a stream: its own, its boot's, and its neighbours'.
fn bounds_of(stream: &[&Act], boots: &HashMap<BootKey, Boot>) -> Vec<Bounds> {
    let mut bounds: Vec<Bounds> = stream
        .iter()
        .map(|act| {
            let reading = i128::from(act.signing.clock.mono_ms);
            let began = boots
                .get(&boot_key(act))
                .map_or_else(Bounds::default, |boot| boot.began);
            let mut bounds = Bounds {
                low: act.not_before().map(ms),
                high: act.stamped.map(ms),
            };
            bounds.at_least(began.low.map(|low| low + reading));
            bounds.at_most(began.high.map(|high| high + reading));
            bounds
        })
        .collect();
    let mut low = None;
    for bounds in &mut bounds {
        bounds.at_least(low);
        low = bounds.low;
    }
    let mut high = None;
    for bounds in bounds.iter_mut().rev() {
        bounds.at_most(high);
        high = bounds.high;
    }
    bounds
}

fn span_of(act: &Act, bounds: Bounds, is_believed: bool) -> TimeSpan {
    let claimed = act.signing.claimed;
    let Some(stamped) = act.stamped else {
        // Until the hub has it, a device's own view is all that there is.
        return TimeSpan::at(claimed);
    };
    let own_low = act.last_hub_time.unwrap_or_default().min(stamped);
    let low = bounds.low.map_or(Some(own_low), instant);
    let high = bounds.high.map_or(Some(stamped), instant);
    let bounds = low.zip(high);
    let Some(span) = bounds.and_then(|(low, high)| TimeSpan::try_new(low, high)) else {
        // Readings that contradict each other prove nothing; the hub's own two times remain.
        return TimeSpan::try_new(own_low, stamped).unwrap_or_else(|| TimeSpan::at(stamped));
    };
    let (low, high) = (span.earliest(), span.latest());
    let is_within = claimed.plus_ms(CLOCK_LEAD_MS) >= low && claimed <= high.plus_ms(CLOCK_LEAD_MS);
    if is_believed && is_within {
        return TimeSpan::at(claimed.clamp(low, high));
    }
    span
}

fn proven_of(bounds: Bounds) -> ProvenBounds {
    ProvenBounds {
        not_before: bounds.low.and_then(instant),
        not_after: bounds.high.and_then(instant),
        is_consistent: bounds
            .low
            .zip(bounds.high)
            .is_none_or(|(low, high)| low <= high),
    }
}

fn instant(ms: i128) -> Option<UtcMs> {
    u64::try_from(ms)
        .ok()
        .map(UtcMs)
        .filter(|at| *at <= UtcMs::MAX)
}

#[cfg(test)]
mod tests;
