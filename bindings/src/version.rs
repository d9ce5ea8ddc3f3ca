//! Which core a host has loaded, so that an app can name it in a fault report.

/// The version of the core in this library, as `major.minor.patch`.
///
/// All crates of the workspace are released together under one version, so this
/// crate's own version is the core's.
#[uniffi::export]
#[must_use]
pub fn core_version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
