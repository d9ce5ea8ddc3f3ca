//! The vectors of docs/formats/track.md, made from numbers.

use bading_core::model::patrol::{Interruption, Mark};
use bading_core::model::place::LatLon;
use bading_core::model::time::UtcMs;
use bading_core::model::track::Fix;
use bading_core::oplog::chunk::{Chunk, MAX_CHUNK_FIXES};
use serde_json::{Value, json};

use super::city::START;
use super::plain_cbor::Item;

/// The whole file.
pub(crate) fn file() -> Value {
    json!({
        "about": "Chunks of tracks as docs/formats/track.md describes them; packing 2 is read, never compared byte by byte.",
        "chunks": [told("three_fixes_and_a_mark", &plain_chunk()), told("nothing", &empty_chunk())],
        "packed": [told("a_walk_in_zstd", &walk().encode().expect("within the limits"))],
    })
}

/// What a chunk holds.
pub(crate) fn told(name: &str, bytes: &[u8]) -> Value {
    let chunk = Chunk::decode(bytes).expect("a chunk of the vectors");
    let e7 = |deg: f64| (deg * 1e7).round() as i64;
    let fixes: Vec<Value> = chunk
        .fixes
        .iter()
        .map(|fix| {
            let accuracy_cm = fix.accuracy_m.map(|m| (m * 100.0).round() as u64);
            json!([
                fix.at.0,
                e7(fix.place.lat_deg()),
                e7(fix.place.lon_deg()),
                accuracy_cm,
                fix.is_mock
            ])
        })
        .collect();
    let marks: Vec<Value> = chunk
        .marks
        .iter()
        .map(|mark| json!([mark.why.as_str(), mark.at.0, mark.after_fixes]))
        .collect();
    json!({ "name": name, "hex": hex::encode(bytes), "fixes": fixes, "marks": marks })
}

fn fix(seconds: u64, lat_e7: i64, lon_e7: i64, accuracy_m: Option<f64>, is_mock: bool) -> Fix {
    let place = LatLon::try_new(lat_e7 as f64 / 1e7, lon_e7 as f64 / 1e7).expect("in range");
    Fix {
        at: START.plus_ms(seconds * 1000),
        place,
        accuracy_m,
        is_mock,
    }
}

fn columns(bytes: &[u8]) -> Vec<u8> {
    Item::List(vec![Item::Uint(1), Item::Bytes(bytes.to_vec())]).encode()
}

fn empty_chunk() -> Vec<u8> {
    columns(&[0, 0])
}

/// Three fixes and a mark, unpacked, written by hand: the columns one after the other.
pub(crate) fn plain_chunk() -> Vec<u8> {
    let fixes = [
        fix(0, 312_300_000, 1_214_700_000, Some(4.5), false),
        fix(5, 312_300_063, 1_214_699_936, None, false),
        fix(4, -900_000_000, 1_800_000_000, Some(0.0), true),
    ];
    let mut out = Vec::new();
    put(&mut out, 3);
    put(&mut out, 1);
    let e7 = |deg: f64| (deg * 1e7).round() as i64;
    let numbers: [&dyn Fn(&Fix) -> i64; 4] = [
        &|fix| fix.at.0 as i64,
        &|fix| e7(fix.place.lat_deg()),
        &|fix| e7(fix.place.lon_deg()),
        &|fix| fix.accuracy_m.map_or(0, |m| (m * 100.0).round() as i64 + 1),
    ];
    for number in numbers {
        let mut before = 0;
        for fix in &fixes {
            let difference = number(fix) - before;
            put(&mut out, ((difference << 1) ^ (difference >> 63)) as u64);
            before = number(fix);
        }
    }
    out.extend([0, 0, 1]);
    let mark = Mark {
        at: UtcMs(START.0 + 4_500),
        why: Interruption::ProcessEnded,
        after_fixes: 2,
    };
    for number in [mark.why.code().into(), mark.at.0, mark.after_fixes.into()] {
        put(&mut out, number);
    }
    columns(&out)
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value > 127 {
        out.push((value & 127) as u8 + 128);
        value /= 128;
    }
    out.push(value as u8);
}

fn walk() -> Chunk {
    let fixes = (0..MAX_CHUNK_FIXES as i64).map(|n| {
        fix(
            n as u64 * 5,
            312_300_000 + n * 630,
            1_214_700_000 - n,
            Some(5.0),
            false,
        )
    });
    Chunk {
        fixes: fixes.collect(),
        marks: Vec::new(),
    }
}
