//! Coverage told to a person.

use bading_core::geo::coverage::{Coverage, FixCounts, MissReason};
use std::fmt::Write as _;

/// Percent with two decimals; rounding never makes a share whole that is not.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let told = if share < 1.0 {
        percent.min(99.99)
    } else {
        percent
    };
    format!("{told:.2} %")
}

pub(in crate::commands) fn lines(found: &Coverage) -> String {
    let mut lines = String::new();
    // Writing to a String cannot fail.
    let _ = write(found, &mut lines);
    lines
}

/// The line of the fixes by what became of them.
pub(super) fn fixes(counts: &FixCounts) -> String {
    let mut line = format!("fixes        {} accepted", counts.accepted);
    for (why, count) in &counts.rejected {
        line += &format!(", {count} rejected ({why})");
    }
    if counts.outside_window > 0 {
        line += &format!(", {} outside the window", counts.outside_window);
    }
    line + "\n"
}

fn write(found: &Coverage, lines: &mut String) -> std::fmt::Result {
    writeln!(lines, "planned      {:.1} m", found.planned_m)?;
    let share = percent(found.ratio);
    writeln!(lines, "covered      {:.1} m, {share}", found.covered_m)?;
    writeln!(lines, "unproven     {:.1} m", found.unproven_m)?;
    writeln!(lines, "not visited  {:.1} m", found.not_visited_m)?;
    for missed in &found.missed {
        let why = match missed.reason {
            MissReason::NotVisited => "not visited",
            MissReason::GapInFixes => "unproven: gap in fixes",
            MissReason::FixesRejected => "unproven: fixes rejected",
            MissReason::OutsideWindow => "unproven: outside the window",
        };
        let (from_m, to_m) = (missed.from_m, missed.to_m);
        writeln!(lines, "missed       {from_m:.1} to {to_m:.1} m: {why}")?;
    }
    lines.push_str(&fixes(&found.fixes));
    if !found.checkpoints.is_empty() {
        let (of, visited) = (
            found.checkpoints.len(),
            found.checkpoints.iter().filter(|c| c.visited).count(),
        );
        let share = percent(visited as f64 / of as f64);
        writeln!(lines, "checkpoints  {visited}/{of}, {share}")?;
        for checkpoint in found.checkpoints.iter().filter(|c| !c.visited) {
            let (id, dwell_s) = (&checkpoint.id, checkpoint.dwell_s);
            let required_s = checkpoint.required_s;
            writeln!(
                lines,
                "             {id}: not visited ({dwell_s} of {required_s} s)"
            )?;
        }
    }
    let counted = found.loops.iter().filter(|lap| lap.counts).count();
    writeln!(lines, "loops        {counted}/{}", found.loops.len())?;
    for lap in &found.loops {
        let (from, to) = (lap.from.to_rfc3339(), lap.to.to_rfc3339());
        writeln!(lines, "             {}, {from} to {to}", percent(lap.ratio))?;
    }
    Ok(())
}
