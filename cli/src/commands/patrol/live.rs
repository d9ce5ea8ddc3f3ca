//! The live view told to a person: what is left, where it is, and the time.

use bading_core::geo::coverage::MissReason;
use bading_core::geo::live_view::{LiveView, NearestUncovered, NextCheckpoint};

/// So near is here, in metres: within what a fix can tell.
const HERE_M: f64 = 5.0;

pub(super) fn lines(live: &LiveView) -> String {
    let mut lines = format!("left         {}\n", left(live));
    if let Some(here) = live.here.filter(|here| !here.is_on_route) {
        lines += &format!("off route    by {}\n", metres(here.beside_m));
    }
    if let Some(nearest) = &live.nearest_uncovered {
        lines += &format!("nearest      {}\n", uncovered(nearest));
    }
    if let Some(next) = &live.next_checkpoint {
        lines += &format!("checkpoint   {}\n", checkpoint(next));
    }
    let loops = &live.loops;
    if loops.required > 1 {
        lines += &format!("loops        {} of {} done\n", loops.done, loops.required);
    }
    let left = live.minutes_left.map(|m| format!("{m} minutes left"));
    let needed = live.minutes_needed.filter(|minutes| *minutes > 0);
    let needed = needed.map(|m| format!("the rest takes about {m} minutes at this pace"));
    let time: Vec<_> = left.into_iter().chain(needed).collect();
    if !time.is_empty() {
        lines += &format!("time         {}\n", time.join("; "));
    }
    lines
}

fn left(live: &LiveView) -> String {
    if live.missed.is_empty() {
        return format!("nothing of {}", metres(live.planned_m));
    }
    format!("{} of {}", metres(live.left_m), metres(live.planned_m))
}

fn uncovered(nearest: &NearestUncovered) -> String {
    let reason = match nearest.reason {
        MissReason::NotVisited => "not visited",
        MissReason::GapInFixes => "unproven: gap in fixes",
        MissReason::FixesRejected => "unproven: fixes rejected",
        MissReason::OutsideWindow => "unproven: outside the window",
    };
    let length = metres(nearest.length_m);
    let from = way(nearest.distance_m, nearest.bearing_deg);
    let walk_to = &nearest.walk_to;
    let begin = match walk_to.distance_m {
        m if m - nearest.distance_m <= HERE_M => String::new(),
        m => format!("; begin {}", way(m, walk_to.bearing_deg)),
    };
    format!("{length} uncovered {from}{begin} ({reason})")
}

fn checkpoint(next: &NextCheckpoint) -> String {
    let mut told = format!("\"{}\"", next.id);
    if let (Some(distance_m), Some(bearing_deg)) = (next.distance_m, next.bearing_deg) {
        told += &format!(" {}", way(distance_m, bearing_deg));
    }
    if let Some(along_m) = next.along_m {
        told += &format!(", {} along the route", metres(along_m));
    }
    if next.dwell_left_s > 0 {
        told += &format!(", stay {} s", next.dwell_left_s);
    }
    told
}

fn way(distance_m: f64, bearing_deg: f64) -> String {
    if distance_m <= HERE_M {
        return "here".to_owned();
    }
    format!("{} {}", metres(distance_m), direction(bearing_deg))
}

fn metres(m: f64) -> String {
    match m {
        m if m < 999.5 => format!("{m:.0} m"),
        m => format!("{:.1} km", m / 1_000.0),
    }
}

/// The nearest of eight directions of the compass.
fn direction(bearing_deg: f64) -> &'static str {
    const WORDS: [&str; 8] = [
        "north",
        "north-east",
        "east",
        "south-east",
        "south",
        "south-west",
        "west",
        "north-west",
    ];
    // In 0.0..360.0, so that at most 8 comes out, which is north again.
    WORDS[(bearing_deg / 45.0).round() as usize % 8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_the_nearest_of_eight_and_lengths_have_their_unit() {
        let told: Vec<_> = [0.0, 22.4, 22.6, 180.0, 337.4, 337.6, 359.9]
            .map(direction)
            .to_vec();
        assert_eq!(
            told,
            [
                "north",
                "north",
                "north-east",
                "south",
                "north-west",
                "north",
                "north"
            ]
        );
        assert_eq!(metres(999.4), "999 m");
        assert_eq!(metres(999.6), "1.0 km");
        assert_eq!(way(4.0, 90.0), "here");
        assert_eq!(way(120.0, 45.0), "120 m north-east");
    }
}
