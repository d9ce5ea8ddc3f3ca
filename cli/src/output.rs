//! What the command says, where, and with which exit code: one JSON document (or lines for
//! people) on stdout, everything else on stderr.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use bading_core::engine::{EngineError, ErrorKind};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

/// The exit codes of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// The answer is no.
    No = 1,
    /// The input is wrong; the message names file, row or field.
    Input = 2,
    /// Not allowed, or expired.
    Refused = 3,
    /// Storage or network trouble that a retry may cure.
    Retry = 4,
    /// Our bug.
    Bug = 70,
}

/// Why a command was not done, in one line.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) line: String,
}

impl Failure {
    /// The input is wrong.
    pub(crate) fn input(line: impl Display) -> Self {
        Self {
            exit: Exit::Input,
            line: line.to_string(),
        }
    }

    /// The content of a file is wrong.
    pub(crate) fn in_file(path: &Path, why: impl Display) -> Self {
        Self::input(format!("{}: {why}", path.display()))
    }

    /// Something that a retry may cure.
    pub(crate) fn retry(line: impl Display) -> Self {
        Self {
            exit: Exit::Retry,
            line: line.to_string(),
        }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let exit = match error.kind() {
            ErrorKind::InvalidInput | ErrorKind::NotFound => Exit::Input,
            ErrorKind::NotAllowed | ErrorKind::UpdateApp | ErrorKind::BadKey => Exit::Refused,
            ErrorKind::OutOfSpace
            | ErrorKind::StorageDamaged
            | ErrorKind::KeyUnavailable
            | ErrorKind::RetryLater => Exit::Retry,
            ErrorKind::Bug => Exit::Bug,
        };
        Self {
            exit,
            line: error.to_string(),
        }
    }
}

/// A closed pipe (`bading … | head`) ends the output, not the command.
pub(crate) fn quiet_if_closed(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::retry(format!("stdout: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Where answers go.
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// True when stdout carries JSON and nothing else.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Gives the answer: as JSON, or as lines for a person.
    pub(crate) fn answer<T: Serialize>(
        &self,
        value: &T,
        lines: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        let mut text = if self.json {
            serde_json::to_string_pretty(value).map_err(|error| Failure {
                exit: Exit::Bug,
                line: error.to_string(),
            })?
        } else {
            lines(value)
        };
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let mut out = io::stdout().lock();
        quiet_if_closed(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }

    /// Says why the command was not done. Whatever breaks here has nowhere to be told.
    pub(crate) fn failure(&self, failure: &Failure) {
        let _ = writeln!(io::stderr(), "bading: {}", failure.line);
    }

    /// Tells a person how things go, on stderr.
    pub(crate) fn note(&self, line: impl Display) {
        let _ = writeln!(io::stderr(), "{line}");
    }

    /// A bar on a terminal for what takes more than a second; nothing elsewhere.
    pub(crate) fn progress(&self, what: &'static str, count: u64) -> ProgressBar {
        if !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} {eta}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(what);
        bar
    }

    /// Shows the bar once a second has passed.
    pub(crate) fn advance(bar: &ProgressBar, by: u64) {
        bar.inc(by);
        if bar.is_hidden() && bar.elapsed() > Duration::from_secs(1) && io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}
