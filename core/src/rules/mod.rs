//! What follows from what happened: deadlines, attendance, quantities, qualities, verdicts.
//!
//! Everything here is a pure function of its inputs: no I/O, no clock, and no floating point
//! in a score. Policies are data with defaults (docs/glossary.md has the words, the city's
//! files the numbers).

pub mod roster;
