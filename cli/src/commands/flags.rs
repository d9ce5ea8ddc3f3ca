//! What of a track is conspicuous, told to a person.

use bading_core::geo::plausibility::{Evidence, Flag, Step};

/// A line for each flag, with its figures.
pub(super) fn lines(flags: &[Flag]) -> String {
    flags
        .iter()
        .map(|flag| format!("conspicuous  {}\n", line(flag)))
        .collect()
}

fn line(flag: &Flag) -> String {
    let times = format!("{} to {}", flag.from.to_rfc3339(), flag.to.to_rfc3339());
    match &flag.evidence {
        Evidence::Mock { count, share } => {
            let percent = share * 100.0;
            format!("{count} fixes marked as mock positions, {percent:.2} % of all, {times}")
        }
        Evidence::Speed {
            count,
            cap_mps,
            fastest,
        } => {
            let fastest = step(fastest);
            format!("{count} steps faster than {cap_mps} m/s, the fastest {fastest}")
        }
        Evidence::Teleport { count, steps } => {
            let first = steps.first().map(step).unwrap_or_default();
            format!("{count} leaps that no transport of this kind explains, the first {first}")
        }
        Evidence::Backwards { count, largest_s } => {
            format!("{count} times run backwards, by {largest_s} s at most, {times}")
        }
        Evidence::StraightLine {
            count, length_m, ..
        } => {
            format!("{count} lines without a receiver's scatter, {length_m:.1} m together, {times}")
        }
        Evidence::EqualSteps { count, .. } => {
            format!("{count} steps alike as no person's are, {times}")
        }
        Evidence::ConstantAccuracy { accuracy_m, count } => {
            format!("the accuracy stays {accuracy_m} m over {count} fixes, {times}")
        }
        Evidence::Clock {
            median_offset_s,
            largest_jump_s,
            ..
        } => format!(
            "the phone's clock is off by {median_offset_s} s, and jumps by {largest_jump_s} s"
        ),
        Evidence::RepeatedTrack(earlier) => {
            let (of, percent) = (&earlier.of, earlier.similarity * 100.0);
            format!("repeats {of}, {percent:.2} % alike")
        }
    }
}

fn step(step: &Step) -> String {
    let (m, s, at) = (step.moved_m, step.seconds, step.at.to_rfc3339());
    format!("{m:.1} m in {s} s at {at}")
}
