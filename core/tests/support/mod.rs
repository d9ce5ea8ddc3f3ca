//! What the tests of the log share: CBOR written a second time, and a small city.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

pub(crate) mod city;
pub(crate) mod plain_cbor;
