//! Several processes on one store: the second waits, or says in time that the store is busy.

use std::fs::File;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bading_core::storage::StoreError;

use crate::support::{Answer, Bench, Phone, case_id, open_store, snapshot};

const REPORTS: usize = 8;
/// A store that is busy says so within this time.
const PATIENCE: Duration = Duration::from_secs(5);

/// Holds the write lock of a store as another process would, until it is dropped.
struct Writer {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

fn hold(phone: &Phone) -> Writer {
    let store = open_store(&phone.0);
    let (end, ended) = channel::<()>();
    let (held, begun) = channel();
    let thread = std::thread::spawn(move || {
        let wrote: Result<(), StoreError> = store.write(|_| {
            held.send(()).expect("the test waits");
            // It ends when the other side is dropped.
            let _ = ended.recv();
            Ok(())
        });
        wrote.expect("nobody else writes");
    });
    begun.recv().expect("the lock is held");
    Writer {
        end: Some(end),
        thread: Some(thread),
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the writer ends");
        }
    }
}

fn count_photos(store: &Path) -> usize {
    let files = snapshot(&store.join("blobs")).unwrap_or_default();
    files
        .keys()
        .filter(|path| path.extension().is_none())
        .count()
}

fn assert_busy(answer: &Answer, took: Duration) {
    answer.assert_failed(4, &["busy"]);
    assert!(took < PATIENCE, "it took {took:?} to say so");
}

#[test]
fn report_beside_a_writer_waits_and_is_done_when_the_writer_is() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    case_id(&phone.report(&bench.photo("a.jpg", 1)));
    let writer = hold(&phone);
    let mut child = phone.start_report(&bench.photo("b.jpg", 2));
    // Photos are durable before the commit that names them asks for the lock.
    while count_photos(&phone.0) < 2 {
        assert!(
            child.try_wait().expect("a child of this test").is_none(),
            "a report ended while another process was writing"
        );
        std::thread::yield_now();
    }
    drop(writer);
    let answer = Answer::from(child.wait_with_output().expect("a child of this test"));
    let case = case_id(&answer);
    assert!(phone.cases().contains(&case));
    phone.assert_sound();
}

#[test]
fn report_beside_a_writer_that_does_not_end_says_busy_within_five_seconds() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    case_id(&phone.report(&bench.photo("a.jpg", 1)));
    let writer = hold(&phone);
    let photo = bench.photo("b.jpg", 2);
    let started = Instant::now();
    assert_busy(&phone.report(&photo), started.elapsed());
    // Reading goes on beside a writer.
    assert_eq!(phone.cases().len(), 1);
    drop(writer);
    phone.assert_sound();
    case_id(&phone.report(&photo));
}

#[test]
fn report_while_another_process_never_finishes_making_the_store_says_busy() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    std::fs::create_dir(&phone.0).expect("the test's own folder");
    let maker = File::create(phone.0.join("store.lock")).expect("the test's own folder");
    maker.lock().expect("nobody else holds it");
    let photo = bench.photo("a.jpg", 1);
    let started = Instant::now();
    assert_busy(&phone.report(&photo), started.elapsed());
    drop(maker);
    case_id(&phone.report(&photo));
    phone.assert_sound();
}

/// Reports from several processes at once; each is done or says busy, and all of them hold.
#[track_caller]
fn assert_reports_at_once_hold(bench: &Bench, phone: &Phone) {
    let before = match phone.0.exists() {
        true => phone.cases().len(),
        false => 0,
    };
    let photos: Vec<_> = (0..REPORTS)
        .map(|n| bench.photo(&format!("{n}.jpg"), 100 + n as u64))
        .collect();
    let children: Vec<_> = photos
        .iter()
        .map(|photo| phone.start_report(photo))
        .collect();
    let mut done = Vec::new();
    for child in children {
        let answer = Answer::from(child.wait_with_output().expect("a child of this test"));
        match answer.exit {
            Some(0) => done.push(case_id(&answer)),
            _ => answer.assert_failed(4, &["busy"]),
        }
    }
    eprintln!(
        "contention: {} of {REPORTS} reports at once were done",
        done.len()
    );
    assert!(!done.is_empty());
    let listed = phone.cases();
    assert!(done.iter().all(|case| listed.contains(case)));
    assert_eq!(listed.len(), before + done.len());
    // One device, one chain without a gap: verification counts every commit in it.
    let report = phone.assert_sound();
    assert_eq!(report["own_commits"], listed.len());
    assert_eq!(report["commits"], listed.len());
}

#[test]
fn eight_reports_at_once_on_one_store_make_one_chain() {
    let bench = Bench::new();
    let phone = bench.phone("store");
    case_id(&phone.report(&bench.photo("first.jpg", 1)));
    assert_reports_at_once_hold(&bench, &phone);
}

#[test]
fn eight_reports_at_once_make_an_absent_store_once() {
    let bench = Bench::new();
    for round in 0..5 {
        assert_reports_at_once_hold(&bench, &bench.phone(&format!("absent-{round}")));
    }
}
