//! `bading`: every job of a phone, a hub operator and an auditor from a shell, on the same
//! core that phones carry. Names, flags, JSON fields and exit codes are a contract.

mod args;
mod commands;
mod output;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::args::Args;
use crate::output::{Exit, Output};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return refuse(&error),
    };
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

/// Help and version go to stdout; a wrong flag is told in one line, as any wrong input is.
fn refuse(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // A closed pipe is the only way in which this fails, and nobody is left to be told.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return ExitCode::from(Exit::Input as u8);
    }
    let text = error.to_string();
    // A required argument is named on the lines below the first; the usage after a blank
    // line is for `--help`.
    let told: Vec<_> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    let line = told.join(" ");
    let line = line.strip_prefix("error: ").unwrap_or(&line);
    Output::new(false).failure(&output::Failure::input(line));
    ExitCode::from(Exit::Input as u8)
}
