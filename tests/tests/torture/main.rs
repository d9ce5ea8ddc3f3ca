//! A phone that captures is killed, loses its power, and gets errors from its disk: what it
//! has acknowledged is there, and nothing of it stands on the disk in the clear.
//!
//! A part of each run by default; the whole with `BADING_TORTURE=full`.

mod faults;
mod kill;
mod power;
mod support;
mod syscalls;
