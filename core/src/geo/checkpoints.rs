//! Whether the places on a route that must be visited were, and for how long.

use serde::Serialize;

use super::coverage::rfc3339;
use super::local::Scale;
use crate::model::route::Checkpoint;
use crate::model::time::UtcMs;
use crate::model::track::Fix;

/// A checkpoint and what was seen of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckpointVisit {
    /// Its name.
    pub id: String,
    /// True when somebody was there for as long as is asked for.
    pub visited: bool,
    /// The longest stay within its radius, in whole seconds.
    pub dwell_s: u64,
    /// The stay that is asked for, in seconds.
    pub required_s: u32,
    /// When the longest stay began, RFC 3339.
    #[serde(serialize_with = "optional_rfc3339")]
    pub at: Option<UtcMs>,
}

fn optional_rfc3339<S: serde::Serializer>(at: &Option<UtcMs>, to: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => rfc3339(at, to),
        None => to.serialize_none(),
    }
}

#[derive(Debug, Clone)]
pub(super) struct Visits {
    gap_ms: u64,
    last: Option<Fix>,
    stays: Vec<Stay>,
}

#[derive(Debug, Clone)]
struct Stay {
    checkpoint: Checkpoint,
    /// The stay under way: its beginning and its length in milliseconds.
    now: Option<(UtcMs, f64)>,
    longest: Option<(UtcMs, f64)>,
    /// The longest before the last fix, should that be outvoted.
    longest_before: Option<(UtcMs, f64)>,
}

impl Visits {
    pub(super) fn new(checkpoints: &[Checkpoint], gap_ms: u64) -> Self {
        let stays = checkpoints.iter().map(|checkpoint| Stay {
            checkpoint: checkpoint.clone(),
            now: None,
            longest: None,
            longest_before: None,
        });
        Self {
            gap_ms,
            last: None,
            stays: stays.collect(),
        }
    }

    pub(super) fn break_off(&mut self) {
        self.last = None;
        for stay in &mut self.stays {
            stay.now = None;
        }
    }

    /// The last fix is outvoted: nobody was there.
    pub(super) fn take_back(&mut self) {
        for stay in &mut self.stays {
            stay.longest = stay.longest_before;
        }
    }

    /// Takes the next accepted fix.
    pub(super) fn feed(&mut self, fix: &Fix) {
        let is_gap = |last: &Fix| fix.at.0.saturating_sub(last.at.0) > self.gap_ms;
        if self.last.as_ref().is_some_and(is_gap) {
            self.break_off();
        }
        let last = self.last.replace(*fix);
        for stay in &mut self.stays {
            stay.longest_before = stay.longest;
            stay.feed(last.as_ref(), fix);
        }
    }

    pub(super) fn result(&self) -> Vec<CheckpointVisit> {
        let visits = self.stays.iter().map(|stay| {
            let dwell_s = stay.longest.map_or(0.0, |(_, ms)| ms / 1000.0);
            let required_s = stay.checkpoint.dwell_s;
            CheckpointVisit {
                id: stay.checkpoint.id.clone(),
                // A millisecond is forgiven: the shares of a step are not exact.
                visited: stay.longest.is_some() && dwell_s + 1e-3 >= f64::from(required_s),
                dwell_s: (dwell_s + 1e-3) as u64,
                required_s,
                at: stay.longest.map(|(at, _)| at),
            }
        });
        visits.collect()
    }
}

impl Stay {
    fn feed(&mut self, last: Option<&Fix>, fix: &Fix) {
        let scale = Scale::at(self.checkpoint.place.lat_deg());
        let to = scale.between(self.checkpoint.place, fix.place);
        let Some(last) = last else {
            if to.0.hypot(to.1) <= self.checkpoint.radius_m {
                self.extend(fix.at, 0.0);
            }
            return;
        };
        let from = scale.between(self.checkpoint.place, last.place);
        let Some((enter, leave)) = within(from, to, self.checkpoint.radius_m) else {
            self.now = None;
            return;
        };
        let step_ms = (fix.at.0 - last.at.0) as f64;
        if enter > 0.0 {
            self.now = None;
        }
        self.extend(
            last.at.plus_ms((enter * step_ms) as u64),
            (leave - enter) * step_ms,
        );
        if leave < 1.0 {
            self.now = None;
        }
    }

    fn extend(&mut self, at: UtcMs, by_ms: f64) {
        let (began, before_ms) = self.now.unwrap_or((at, 0.0));
        let stay = (began, before_ms + by_ms);
        self.now = Some(stay);
        if self.longest.is_none_or(|(_, ms)| stay.1 > ms) {
            self.longest = Some(stay);
        }
    }
}

/// The share of a straight step that lies within a circle around the origin, from where to
/// where; nothing when it passes outside.
fn within(from: (f64, f64), to: (f64, f64), radius_m: f64) -> Option<(f64, f64)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let square = dx * dx + dy * dy;
    let outside = from.0.mul_add(from.0, from.1 * from.1) - radius_m * radius_m;
    if square == 0.0 {
        return (outside <= 0.0).then_some((0.0, 1.0));
    }
    let half = from.0 * dx + from.1 * dy;
    let root = half * half - square * outside;
    if root < 0.0 {
        return None;
    }
    let enter = ((-half - root.sqrt()) / square).max(0.0);
    let leave = ((-half + root.sqrt()) / square).min(1.0);
    (enter <= leave).then_some((enter, leave))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::plane::{at, fix};

    fn visit(dwell_s: u32, fixes: &[Fix]) -> CheckpointVisit {
        let checkpoint = Checkpoint {
            id: "gate".to_owned(),
            place: at(100.0, 0.0),
            radius_m: 25.0,
            dwell_s,
        };
        let mut visits = Visits::new(&[checkpoint], 60_000);
        for fix in fixes {
            visits.feed(fix);
        }
        visits.result().remove(0)
    }

    #[test]
    fn passing_by_between_two_fixes_is_a_visit_when_no_stay_is_asked_for() {
        let fixes = [fix(0.0, 60.0, 0.0), fix(40.0, 140.0, 0.0)];
        let seen = visit(0, &fixes);
        assert!(seen.visited);
        assert_eq!(seen.dwell_s, 25);
        assert!(visit(25, &fixes).visited);
        assert!(!visit(26, &fixes).visited);
        let aside = [fix(0.0, 60.0, 26.0), fix(40.0, 140.0, 26.0)];
        assert!(!visit(0, &aside).visited);
    }

    #[test]
    fn stay_is_one_piece_and_a_gap_or_leaving_ends_it() {
        let stay =
            |at_s: &[f64]| -> Vec<Fix> { at_s.iter().map(|s| fix(*s, 100.0, 0.0)).collect() };
        assert!(visit(120, &stay(&[0.0, 60.0, 120.0])).visited);
        assert!(!visit(120, &stay(&[0.0, 60.0, 121.0])).visited);
        let mut away = stay(&[0.0, 30.0]);
        away.push(fix(60.0, 190.0, 0.0));
        away.extend([fix(90.0, 100.0, 0.0), fix(120.0, 100.0, 0.0)]);
        assert!(!visit(75, &away).visited);
        assert!(visit(0, &stay(&[5.0])).visited);
    }
}
