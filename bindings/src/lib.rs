//! `bading-bindings`: the core as Kotlin and Swift see it.
//!
//! Every function lifts its arguments, makes one call to `bading-core` and lowers the
//! answer; a decision made here would be a function that the core lacks. There is one
//! file per concept, named as in the core's layers. `cargo xtask kotlin` generates the
//! Kotlin, compiles it and runs the tests of `bindings/kotlin` on the real library.

mod version;

pub use version::core_version;

uniffi::setup_scaffolding!();
