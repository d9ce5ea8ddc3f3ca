//! What a phone lets go, from a shell.

use bading_core::services::retention::{Evicted, EvictionOrder};

use super::open_existing;
use crate::args::{Args, Evict};
use crate::output::{Exit, Failure, Output};

pub(super) fn evict(args: &Args, given: &Evict, output: &Output) -> Result<Exit, Failure> {
    let order = EvictionOrder {
        keep_days: given.keep_days,
        max_bytes: given.max_bytes,
        is_dry_run: given.dry_run,
    };
    output.answer(&open_existing(args)?.evict(&order)?, evicted_lines)?;
    Ok(Exit::Done)
}

fn evicted_lines(evicted: &Evicted) -> String {
    let verb = match evicted.dry_run {
        true => "would go",
        false => "let go",
    };
    let bytes: u64 = evicted.evicted.iter().map(|picture| picture.bytes).sum();
    format!(
        "{} pictures with {bytes} bytes {verb}, {} bytes stay\n",
        evicted.evicted.len(),
        evicted.kept_bytes
    )
}
