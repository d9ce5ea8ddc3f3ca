//! The `bading` binary as a process: what it answers, what it survives, what it turns away.

mod bad_input;
mod contention;
mod contract;
mod coverage;
mod coverage_batch;
mod deadline;
mod demo;
mod device;
mod dispatch;
mod duties;
mod grids;
mod hub_statuses;
mod imports;
mod kill;
mod locate;
mod mutations;
mod patrol;
mod patrol_stream;
mod roster;
mod routes;
mod score;
mod support;
mod verdict;
mod walks;
