//! The words of the trade as types that cannot be wrong: values are checked once,
//! where they enter, and carried in a form that needs no second look.
//!

pub mod place;
