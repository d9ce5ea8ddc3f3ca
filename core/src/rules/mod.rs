//! What follows from what happened: deadlines, attendance, quantities, qualities, verdicts.
//!
//! Everything here is a pure function of its inputs: no I/O, no clock, and no floating point
//! in a score. Policies are data with defaults (docs/glossary.md has the words, the city's
//! files the numbers).

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
/// The hours of working days.
pub mod hours;
/// Time limits as duty lists word them.
pub mod limit;
