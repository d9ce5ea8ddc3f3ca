//! The Nth call of each kind fails while a phone captures.

use std::process::Command;

use crate::support::{
    Ack, DRIVER, assert_here, assert_sound, captures, copy, has_strace, open, rounds,
};

const CALLS: [&str; 6] = [
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "rename",
    "openat",
];
const ERRORS: [&str; 2] = ["EIO", "ENOSPC"];
const PANIC: i32 = 101;

#[derive(Debug, Default)]
struct Tally {
    runs: usize,
    acknowledged: usize,
    refused: usize,
}

#[test]
fn nth_call_that_fails_is_never_acknowledged_over_and_loses_nothing() {
    if !has_strace("faults") {
        return;
    }
    let base = tempfile::tempdir().expect("a temporary folder");
    let before = captures(base.path(), 2, 1);
    let mut tally = Tally::default();
    for call in CALLS {
        let mut number = 1;
        // Until no call of this capture is the Nth any more.
        while fails(base.path(), &before, call, number, &mut tally) {
            number += rounds(1, 3);
        }
        eprintln!(
            "faults: {call} has failed at every place up to {}",
            number - 1
        );
    }
    eprintln!(
        "faults: {} runs: {} refused, {} acknowledged and there; 0 acknowledged after a failed \
         sync, 0 panics",
        tally.runs, tally.refused, tally.acknowledged
    );
    assert!(tally.refused > 0);
}

/// Makes the Nth call fail with each error; false when there is no such call.
fn fails(
    base: &std::path::Path,
    before: &[Ack],
    call: &str,
    number: usize,
    tally: &mut Tally,
) -> bool {
    let mut has_failed = false;
    for error in ERRORS {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (store, log) = (dir.path().join("store"), dir.path().join("log"));
        copy(base, &store);
        let what = format!("{call} {number} {error}");
        let output = Command::new("strace")
            .args(["-f", "-y", "-qq", "-o"])
            .arg(&log)
            .arg("-e")
            .arg(format!("trace={call},write"))
            .arg("-e")
            .arg(format!("inject={call}:error={error}:when={number}"))
            .arg(DRIVER)
            .arg(&store)
            .args(["1", "1000"])
            .output()
            .expect("strace is here");
        let log = String::from_utf8_lossy(&std::fs::read(&log).unwrap_or_default()).into_owned();
        let injected = log.lines().position(|line| line.contains("(INJECTED)"));
        let said = log
            .lines()
            .position(|line| line.contains(" write(1<") && line.contains(", \"ack"));
        has_failed |= injected.is_some();
        tally.runs += 1;
        let code = output.status.code();
        assert!(code.is_some_and(|code| code != PANIC), "{what}: {output:?}");
        if let (Some(injected), Some(said)) = (injected, said) {
            let is_sync = call.contains("sync");
            // SQLite ignores that the folder of its log was not made durable; by then the
            // store has done it itself, and would have said so.
            let folder = format!("fsync(4<{}>)", store.display()).split_off("fsync(4".len());
            let of_folder = |line: &str| line.contains("fsync(") && line.contains(&folder);
            let mut lines = log.lines().take(injected + 1);
            let is_again = lines.clone().last().is_some_and(of_folder)
                && lines.any(|line| of_folder(line) && line.ends_with("= 0"));
            assert!(!(is_sync && injected < said) || is_again, "{what}: {log}");
        }
        let acks = Ack::all(&output.stdout);
        match acks.is_empty() {
            true => tally.refused += 1,
            false => tally.acknowledged += 1,
        }
        let engine = open(&store);
        assert_here(&engine, before, &what);
        assert_here(&engine, &acks, &what);
        assert_sound(&engine, &what);
    }
    has_failed
}
