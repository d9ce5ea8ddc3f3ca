//! A patrol fed row by row from stdin, for hours: a program that records pipes into it.
//!
//! A row is fed as it comes. While rows come the engine writes them every few seconds; when
//! none comes for a while, what waits is written at once. A wrong row is told and passed
//! over: one bad line of a receiver must not end a shift's recording.

use std::io::{self, BufRead, Read};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use bading_core::engine::{Engine, EngineError, ErrorKind};
use bading_core::geo::track_file::TrackRows;

use super::{fed_json, fed_lines, under_way};
use crate::args::Args;
use crate::commands::open_existing;
use crate::output::{Exit, Failure, Output};

/// A line that is longer is no row; it is read to its end and passed over.
const MAX_LINE_BYTES: u64 = 64 * 1024;
/// What was fed is written when no row has come for so long.
const IDLE: Duration = Duration::from_secs(1);
/// So many lines may wait to be fed before the program that records has to wait.
const MAX_WAITING: usize = 1_024;

pub(super) fn feed(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let engine = open_existing(args)?;
    // Before the first line is waited for, which may take long.
    let patrol_id = under_way(&engine)?;
    let lines = lines_of_stdin();
    let header = match lines.recv() {
        Ok(line) => line.map_err(|error| Failure::retry(format!("-: {error}")))?,
        // Nothing came at all: that is an empty file.
        Err(_) => Vec::new(),
    };
    let rows = TrackRows::open(&header).map_err(|error| Failure::input(format!("-: {error}")))?;
    // Takes the patrol over, so that from here on what is fed is kept until it can be written.
    engine.flush_patrol()?;
    let mut feeding = Feeding {
        engine: &engine,
        output,
        rows,
        row: 0,
        bad: 0,
        fed: 0,
        unwritten: false,
    };
    let ended = feeding.run(&lines);
    let (row, bad, fed) = (feeding.row, feeding.bad, feeding.fed);
    ended?;
    engine.flush_patrol()?;
    output.answer(&fed_json(&engine, patrol_id, fed)?, fed_lines)?;
    if bad > 0 {
        output.note(format!("bading: -: {bad} of {row} rows were passed over"));
        return Ok(Exit::Input);
    }
    Ok(Exit::Done)
}

struct Feeding<'a> {
    engine: &'a Engine,
    output: &'a Output,
    rows: TrackRows,
    row: u64,
    bad: u64,
    fed: u64,
    /// True while the store may lack something that was fed.
    unwritten: bool,
}

impl Feeding<'_> {
    fn run(&mut self, lines: &Receiver<io::Result<Vec<u8>>>) -> Result<(), Failure> {
        loop {
            match lines.recv_timeout(IDLE) {
                Ok(Ok(line)) => self.take(&line)?,
                Ok(Err(error)) => return Err(Failure::retry(format!("-: {error}"))),
                Err(RecvTimeoutError::Timeout) if self.unwritten => {
                    let flushed = self.engine.flush_patrol();
                    self.unwritten = flushed.is_err();
                    self.go_on(flushed)?;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    fn take(&mut self, line: &[u8]) -> Result<(), Failure> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        self.row += 1;
        let too_long = line.len() as u64 > MAX_LINE_BYTES;
        let read = match too_long {
            true => Err(format!(
                "row {}: longer than {MAX_LINE_BYTES} bytes",
                self.row
            )),
            false => self
                .rows
                .read(self.row, line)
                .map_err(|error| error.to_string()),
        };
        match read {
            Ok(fixes) => {
                self.fed += fixes.len() as u64;
                self.unwritten = true;
                let fed = self.engine.feed_patrol(&fixes);
                self.go_on(fed)
            }
            Err(why) => {
                self.bad += 1;
                self.output.note(format!("bading: -: {why}"));
                Ok(())
            }
        }
    }

    /// What the store cannot take now is kept and written later, so it ends nothing.
    fn go_on(&self, outcome: Result<(), EngineError>) -> Result<(), Failure> {
        match outcome {
            Err(error) if matches!(error.kind(), ErrorKind::RetryLater | ErrorKind::OutOfSpace) => {
                self.output
                    .note(format!("bading: not written yet: {error}"));
                Ok(())
            }
            outcome => Ok(outcome?),
        }
    }
}

/// The lines of stdin as they come; the end of the channel is the end of the file. The thread
/// ends with the process: a read that waits cannot be called off.
fn lines_of_stdin() -> Receiver<io::Result<Vec<u8>>> {
    let (to_feeding, lines) = mpsc::sync_channel(MAX_WAITING);
    thread::spawn(move || read_lines(&mut io::stdin().lock(), &to_feeding));
    lines
}

fn read_lines(input: &mut impl BufRead, to_feeding: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let line = read_line(input);
        if matches!(&line, Ok(line) if line.is_empty()) {
            return;
        }
        let is_over = line.is_err();
        if to_feeding.send(line).is_err() || is_over {
            return;
        }
    }
}

/// The next line with its end, of which no more is kept than shows that it is too long;
/// empty at the end of the file.
fn read_line(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut limited = input.take(MAX_LINE_BYTES + 1);
    limited.read_until(b'\n', &mut line)?;
    let is_cut = limited.limit() == 0 && line.last() != Some(&b'\n');
    if is_cut {
        // An end of the line that never comes is read away piece by piece.
        let mut rest = Vec::new();
        while rest.last() != Some(&b'\n') {
            rest.clear();
            if input.take(MAX_LINE_BYTES).read_until(b'\n', &mut rest)? == 0 {
                break;
            }
        }
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_without_an_end_is_bounded_and_the_next_one_is_whole() {
        let mut input = vec![b'x'; 200_000];
        input.extend_from_slice(b"\nnext\n\nlast");
        let mut input = &input[..];
        let lines: Vec<_> = std::iter::from_fn(|| {
            let line = read_line(&mut input).expect("memory can be read");
            (!line.is_empty()).then_some(line)
        })
        .collect();
        assert_eq!(lines[0].len() as u64, MAX_LINE_BYTES + 1);
        assert_eq!(lines[1..], [&b"next\n"[..], b"\n", b"last"]);
    }
}
