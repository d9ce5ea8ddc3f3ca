//! What follows from what happened: deadlines, attendance, quantities, qualities, verdicts.
//!
//! Everything here is a pure function of its inputs: no I/O, no clock, and no floating point
//! in a score. Policies are data with defaults (docs/glossary.md has the words, the city's
//! files the numbers).

/// Share of a slot spent where it was due, or excused.
pub mod attendance;
/// Which days are worked.
pub mod calendar;
/// One year's holidays as they are published.
pub mod calendar_file;
/// From a start and a limit to a deadline, by the city's calendar and hours.
pub mod clock;
/// A city's clock as a pack.
pub mod clock_pack;
/// Deadlines, pauses, the lamp.
pub mod deadline;
/// The CSV of deadlines that are asked for.
pub mod deadline_rows;
/// Which department a case goes to, and why.
pub mod dispatch;
/// What changed between two duty lists.
pub mod duty_diff;
/// What one person must look for.
pub mod duty_scope;
/// Composite and special evaluations.
pub mod evaluation;
/// Why a score is what it is, as a tree in two languages.
pub mod explain;
/// The facts that scores are computed from, as JSON.
pub mod facts;
/// The clock of one handling, with extensions, suspension, return and appeal.
pub mod handling;
/// The JSON in which a handling is asked for.
pub mod handling_file;
/// The hours of working days.
pub mod hours;
/// Time limits as duty lists word them.
pub mod limit;
/// What people read, from catalogues.
pub mod messages;
/// Which department owns what stands where, and its file.
pub mod ownership;
/// What a walk of the route scores: coverage, loops, checkpoints.
pub mod patrol;
/// The weights, quotas and limits of a city.
pub mod policy;
/// Indicators of what was done well, each with the cases behind it.
pub mod quality;
/// How much of a quota was done.
pub mod quantity;
/// Who is on duty where and when.
pub mod roster;
/// Scores of facts by a policy, with their explanation.
pub mod score;
/// Whether every duty cell has a person in every slot.
pub mod staffing;
/// Limits of the centre's seats and of an inspector's tasks.
pub mod task_limit;
/// The four scores as one, with its grade.
pub mod verdict;
/// From when a verdict may be published, until when appealed against, where it stands.
pub mod verdict_state;
