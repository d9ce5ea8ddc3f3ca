//! Valid files, damaged at random, through the command: wrong input is told, nothing breaks.

use std::ffi::OsString;

use crate::support::{Answer, Bench, DUTIES, GRIDS, Rng, photo, run};

const ROUNDS: usize = 100;
/// What stands in files that somebody made by hand or by malice.
const TOKENS: [&[u8]; 14] = [
    b"nan",
    b"-inf",
    b"1e999",
    b"-0",
    b"99999999999999999999",
    b"\"",
    b",",
    b"\r",
    b"\0",
    b"null",
    b"[[[[",
    b"}",
    b"\xff\xfe",
    "\u{feff}".as_bytes(),
];

/// Damages a copy of `bytes` in one to four places.
fn mutate(bytes: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=rng.below(4) {
        let at = rng.below(bytes.len() + 1);
        let end = (at + 1 + rng.below(24)).min(bytes.len());
        match rng.below(6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => bytes.extend_from_within(at..end),
            3 => drop(bytes.splice(at..end, TOKENS[rng.below(TOKENS.len())].iter().copied())),
            4 => bytes[at..end]
                .iter_mut()
                .for_each(|b| *b = rng.next() as u8),
            _ => bytes[at..end]
                .iter_mut()
                .take(1)
                .for_each(|b| *b ^= 1 << rng.below(8)),
        }
    }
    bytes
}

/// Done, or the input is wrong and one line says so.
#[track_caller]
fn assert_done_or_told(answer: &Answer, round: usize) {
    assert!(
        !answer.stderr.contains("panicked"),
        "round {round}: {answer:?}"
    );
    match answer.exit {
        Some(0) => {}
        _ => answer.assert_failed(2, &[]),
    }
}

#[test]
fn photo_with_random_damage_is_reported_or_turned_away() {
    let mut rng = Rng::announced("mutations of a photo");
    let bench = Bench::new();
    let phone = bench.phone("store");
    let sound = photo(1, 320, 240);
    // Most damage should meet the markers and the Exif, which are its first bytes.
    let head = 700.min(sound.len());
    let mut taken = 0;
    for round in 0..ROUNDS {
        let damaged = match round % 2 {
            0 => mutate(&sound, &mut rng),
            _ => [mutate(&sound[..head], &mut rng), sound[head..].to_vec()].concat(),
        };
        let file = bench.write("photo.jpg", &damaged);
        let answer = phone.report(&file);
        assert_done_or_told(&answer, round);
        taken += usize::from(answer.exit == Some(0));
        let inspect = ["photo", "inspect"].map(OsString::from);
        assert_done_or_told(&run(inspect.into_iter().chain([file.into()])), round);
    }
    eprintln!("mutations: {taken} of {ROUNDS} photos were taken");
    phone.report(&bench.photo("sound.jpg", 1)).json();
    assert_eq!(phone.cases().len(), taken + 1);
    phone.assert_sound();
}

#[test]
fn grids_with_random_damage_are_read_or_turned_away() {
    let mut rng = Rng::announced("mutations of grids");
    let bench = Bench::new();
    let points = bench.write("points.csv", "id,lat,lon\na,31.2294,121.4645\n");
    for round in 0..ROUNDS {
        let file = bench.write("grids.geojson", mutate(GRIDS.as_bytes(), &mut rng));
        let arguments = ["locate", "--points"].map(OsString::from).into_iter();
        let arguments = arguments.chain([points.clone().into(), "--grids".into(), file.into()]);
        assert_done_or_told(&run(arguments), round);
    }
}

#[test]
fn tables_with_random_damage_are_read_or_turned_away() {
    let mut rng = Rng::announced("mutations of tables");
    let bench = Bench::new();
    let grids = bench.write("grids.geojson", GRIDS);
    let hub = OsString::from(bench.path("hub"));
    let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
    run([words(&["hub", "init", "--dir"]), vec![hub.clone()]].concat()).json();
    let points = "id,lat,lon,note\na,31.2294,121.4645,\"x, y\"\nb,31.2285,121.4656,\nc,0,0,z\n";
    for round in 0..ROUNDS {
        let arguments = match round % 2 {
            0 => {
                let file = bench.write("points.csv", mutate(points.as_bytes(), &mut rng));
                let given = vec![grids.clone().into(), "--points".into(), file.into()];
                [words(&["locate", "--grids"]), given].concat()
            }
            _ => {
                let file = bench.write("duties.csv", mutate(DUTIES.as_bytes(), &mut rng));
                let given = vec![hub.clone(), "duties".into(), file.into()];
                [words(&["hub", "import", "--dir"]), given].concat()
            }
        };
        assert_done_or_told(&run(arguments), round);
    }
    run([words(&["hub", "verify", "--dir"]), vec![hub]].concat()).json();
}
