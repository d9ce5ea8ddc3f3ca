//! The `bading` binary as a process: what it answers, what it survives, what it turns away.

mod bad_input;
mod contention;
mod contract;
mod coverage;
mod coverage_batch;
mod deadline;
mod demo;
mod device;
mod duties;
mod hub_statuses;
mod imports;
mod kill;
mod mutations;
mod patrol;
mod patrol_stream;
mod support;
mod verdict;
mod walks;
