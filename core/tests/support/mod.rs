//! What the tests of the log share: CBOR written a second time, a small city, and the
//! vectors of the formats.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

pub(crate) mod camera;
pub(crate) mod city;
pub(crate) mod commit_vectors;
pub(crate) mod damage;
pub(crate) mod entry_vectors;
pub(crate) mod evidence_vectors;
pub(crate) mod plain_cbor;
pub(crate) mod station;
pub(crate) mod told;
pub(crate) mod track_vectors;
pub(crate) mod verdict_vectors;
