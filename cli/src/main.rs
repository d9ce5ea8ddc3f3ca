//! `bading`: every job of a phone, a hub operator and an auditor from a shell, on the same
//! core that phones carry. Names, flags, JSON fields and exit codes are a contract.

mod args;
mod commands;
mod output;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;
use crate::output::{Exit, Output};

fn main() -> ExitCode {
    let args = Args::parse();
    let output = Output::new(args.json);
    // A panic is our bug: it says so in one line and with its own exit code.
    let outcome = catch_unwind(AssertUnwindSafe(|| commands::run(&args, &output)));
    let exit = match outcome {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => {
            output.failure(&failure);
            failure.exit
        }
        Err(_) => Exit::Bug,
    };
    ExitCode::from(exit as u8)
}
