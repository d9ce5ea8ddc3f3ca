//! The words of the trade as types that cannot be wrong: values are checked once,
//! where they enter, and carried in a form that needs no second look.
//!
//! The eight fixes are eight files: [`grid`], [`person`], [`duty`], [`route`],
//! [`time`], [`quantity`], [`quality`], [`verdict`]. What they speak of stands beside
//! them: [`case`] and its [`workflow`], [`patrol`] and its [`track`], [`photo`], [`place`],
//! [`facility`] with its [`opening_hours`], and the [`identifiers`] that all of them share.

pub mod attest;
pub mod case;
pub mod draft;
pub mod duty;
pub mod facility;
pub mod grid;
pub mod identifiers;
mod local_time;
pub mod opening_hours;
pub mod patrol;
pub mod person;
pub mod photo;
pub mod place;
pub mod quality;
pub mod quantity;
pub mod route;
pub mod time;
pub mod track;
pub mod verdict;
pub mod workflow;
