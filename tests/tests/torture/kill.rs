//! `kill -9` at random moments of a phone that captures all the time.

use std::io::Read as _;
use std::time::{Duration, Instant};

use crate::support::{
    Ack, Rng, assert_here, assert_nothing_in_the_clear, assert_sound, driver, open, rounds,
};

/// Captures that a kill comes after, on average: 1,000 kills see more than 20,000.
const CAPTURES_A_KILL: usize = 21;
const LOOK_EVERY: usize = 100;

#[test]
fn capturing_killed_at_random_moments_loses_nothing_that_it_acknowledged() {
    let mut rng = Rng::announced("kill");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = dir.path().join("store");
    let kills = rounds(1_000, 15);
    let (mut all, mut seed, mut files) = (Vec::new(), 1, 0);
    for kill in 1..=kills {
        let mut child = driver(&store, u64::MAX, seed)
            .spawn()
            .expect("it was built");
        let mut stdout = child.stdout.take().expect("it is piped");
        let wanted = rng.below(2 * CAPTURES_A_KILL);
        let (mut said, mut byte) = (Vec::new(), [0; 4096]);
        while said.iter().filter(|byte| **byte == b'\n').count() < wanted {
            let size = stdout.read(&mut byte).expect("a child of this test");
            assert!(size > 0, "it ended by itself");
            said.extend_from_slice(&byte[..size]);
        }
        if kill % LOOK_EVERY == 1 {
            files += assert_nothing_in_the_clear(&store);
        }
        // Then somewhere within the next capture: the moment of death is the test's subject.
        let until = Instant::now() + Duration::from_micros(rng.below(40_000) as u64);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        child.kill().expect("a child of this test");
        stdout.read_to_end(&mut said).expect("a child of this test");
        child.wait().expect("a child of this test");
        let acks = Ack::all(&said);
        seed += acks.len() as u64 + 1;
        let engine = open(&store);
        assert_here(&engine, &acks, &format!("kill {kill}"));
        all.extend(acks);
    }
    let engine = open(&store);
    assert_here(&engine, &all, "at the end");
    assert_sound(&engine, "at the end");
    files += assert_nothing_in_the_clear(&store);
    eprintln!(
        "kill: {kills} kills during {} captures: 0 acknowledged lost, every photo's hash right; \
         {files} files searched, 0 in the clear",
        all.len()
    );
    assert!(all.len() > kills, "the phone must have captured");
}
