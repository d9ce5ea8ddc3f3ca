//! What the benches share: numbers drawn from a seed, and walks whose truth is known by
//! construction. Nothing here is part of the product.

pub mod cost;
pub mod draw;
pub mod walks;
