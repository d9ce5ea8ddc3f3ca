//! Real photos against what exiftool and Pillow say about them (`photos/manifest.csv`).
#![cfg(feature = "photo")]

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bading_core::photo::{self, PhotoError, PhotoFacts, PhotoFormat};

type Row = HashMap<String, String>;

/// The folders whose files are pictures that people took; the others are hostile.
const REAL: [&str; 5] = ["gps", "gps_walk_lund", "orientation", "no_gps", "odd"];

/// Where we differ from exiftool, and why each time.
const EXCEPTIONS: [(&str, &[&str], &str); 2] = [
    (
        "odd/nom-exif_exif-no-tz.jpg",
        &["header"],
        "the file ends inside its Exif segment; there is no frame header, so it is no picture",
    ),
    (
        "odd/nom-exif_exif-both.png",
        &["place"],
        "a text chunk repeats the Exif of eXIf with one byte changed, which breaks its GPS pointer; \
         exiftool takes that copy first and then passes over eXIf as seen; we read eXIf only",
    ),
];

/// Well above what the slowest file takes on a busy machine without optimisation.
const TIME_LIMIT: Duration = Duration::from_secs(20);

fn folder() -> Option<PathBuf> {
    let data = std::env::var_os("BADING_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let folder = data.join("photos");
    let is_there = folder.join("manifest.csv").is_file();
    if !is_there {
        eprintln!("skipped: no photos in {}", folder.display());
    }
    is_there.then_some(folder)
}

/// Every row of the manifest with the bytes of its file.
fn rows(folder: &std::path::Path) -> Vec<(Row, Vec<u8>)> {
    let mut manifest =
        csv::Reader::from_path(folder.join("manifest.csv")).expect("the manifest is there");
    let rows = manifest.deserialize::<Row>();
    rows.map(|row| {
        let row = row.expect("the manifest is sound");
        let bytes = std::fs::read(folder.join(&row["file"])).expect("the file is there");
        (row, bytes)
    })
    .collect()
}

fn is_real(row: &Row) -> bool {
    REAL.contains(&row["class"].as_str())
}

#[test]
fn every_file_is_answered_in_bounded_time() {
    let Some(folder) = folder() else { return };
    let mut outcomes = BTreeMap::<_, usize>::new();
    let mut with_embedded = 0;
    for (row, bytes) in rows(&folder) {
        let file = &row["file"];
        let began = Instant::now();
        let inspected = photo::inspect(&bytes);
        let captured = photo::capture(&bytes, &[320]);
        assert!(
            began.elapsed() < TIME_LIMIT,
            "{file}: {:?}",
            began.elapsed()
        );
        if let Ok(facts) = &inspected {
            assert_eq!(hex::encode(facts.sha256), row["sha256"], "{file}");
            assert_eq!(facts.blake3, *blake3::hash(&bytes).as_bytes(), "{file}");
        }
        if let Ok(capture) = &captured {
            assert_eq!(Ok(&capture.facts), inspected.as_ref(), "{file}");
            let is_heic = capture.facts.format == PhotoFormat::Heic;
            // A HEIC has one only where the camera put a small JPEG beside its picture.
            let count = capture.thumbnails.len();
            assert!(count == 1 || is_heic && count == 0, "{file}: {count}");
            with_embedded += usize::from(is_heic && count == 1);
        }
        if is_real(&row) {
            let is_picture = row["pillow_decode"] == "ok";
            assert_eq!(captured.is_ok(), is_picture, "{file}: {:?}", captured.err());
        }
        let outcome = captured.map_or_else(|error| error.code(), |_| "captured");
        *outcomes.entry((is_real(&row), outcome)).or_default() += 1;
    }
    eprintln!("{with_embedded} HEIC files with a small JPEG beside the picture");
    eprintln!("(real, outcome of capture) → files: {outcomes:?}");
}

#[test]
fn real_photos_say_what_exiftool_reads_in_them() {
    let Some(folder) = folder() else { return };
    let mut compared = BTreeMap::<_, usize>::new();
    let mut differences = Vec::new();
    for (row, bytes) in rows(&folder) {
        if !is_real(&row) {
            continue;
        }
        let file = row["file"].as_str();
        let different = match photo::inspect(&bytes) {
            Ok(facts) => differing_fields(&row, &facts, &mut compared),
            Err(_) => vec!["header"],
        };
        let known = EXCEPTIONS.iter().find(|(name, ..)| *name == file);
        let expected = known.map_or(&[][..], |(_, fields, _)| fields);
        if different != expected {
            differences.push((file.to_owned(), different));
        }
    }
    eprintln!(
        "values compared: {compared:?}; exceptions: {}",
        EXCEPTIONS.len()
    );
    assert!(differences.is_empty(), "{differences:#?}");
}

/// The names of the fields in which we and the manifest differ.
fn differing_fields(
    row: &Row,
    facts: &PhotoFacts,
    compared: &mut BTreeMap<&'static str, usize>,
) -> Vec<&'static str> {
    let number = |column: &str| row[column].parse::<f64>().ok();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    // Nought is not a legal orientation, and both it and none mean upright.
    let orientation = row["orientation"]
        .parse()
        .ok()
        .filter(|&o| o != 0)
        .unwrap_or(1);
    let place = number("gps_lat").zip(number("gps_lon"));
    let is_same_place = match (place, facts.position) {
        (Some(theirs), Some(ours)) => {
            (theirs.0 - ours.0).abs() < 1e-6 && (theirs.1 - ours.1).abs() < 1e-6
        }
        (theirs, ours) => theirs.is_none() && ours.is_none(),
    };
    // exiftool gives no altitude without a reference; we take such a one as above the sea.
    let is_same_altitude = number("gps_alt_m").is_none_or(|theirs| {
        facts
            .altitude_m
            .is_some_and(|ours| (theirs - ours).abs() < 1e-3)
    });
    let checks = [
        (
            "width",
            !row["width"].is_empty(),
            row["width"] == facts.width_px.to_string(),
        ),
        (
            "height",
            !row["height"].is_empty(),
            row["height"] == facts.height_px.to_string(),
        ),
        (
            "orientation",
            !row["orientation"].is_empty(),
            facts.orientation == orientation,
        ),
        ("place", place.is_some(), is_same_place),
        ("altitude", !row["gps_alt_m"].is_empty(), is_same_altitude),
        (
            "time",
            !row["datetime_original"].is_empty(),
            text(&facts.taken_at) == local_time(row),
        ),
        (
            "offset",
            !row["offset_original"].is_empty(),
            text(&facts.offset) == row["offset_original"],
        ),
        (
            "make",
            !row["make"].is_empty(),
            text(&facts.make) == row["make"],
        ),
        (
            "model",
            !row["model"].is_empty(),
            text(&facts.model) == row["model"],
        ),
    ];
    let mut different = Vec::new();
    for (field, has_value, is_same) in checks {
        *compared.entry(field).or_default() += usize::from(has_value);
        if !is_same {
            different.push(field);
        }
    }
    different
}

/// exiftool's time and fraction in our form; empty when there is none.
fn local_time(row: &Row) -> String {
    let raw = &row["datetime_original"];
    let Some((seconds, tail)) = raw.split_at_checked(19) else {
        return String::new();
    };
    let seconds = seconds.replacen(':', "-", 2).replace(' ', "T");
    let fraction = tail.strip_prefix('.').unwrap_or(&row["subsec"]);
    match fraction {
        "" => seconds,
        digits => format!("{seconds}.{digits:0<3.3}"),
    }
}

/// Where the picture of a JPEG ends: some phones put data behind it.
fn end_of_picture(bytes: &[u8]) -> usize {
    let mut at = 2;
    loop {
        let skip = bytes[at..]
            .iter()
            .position(|&b| b == 0xFF)
            .expect("a marker follows");
        at += skip;
        match bytes[at + 1] {
            0xD9 => return at,
            0xFF => at += 1,
            0x00 | 0x01 | 0xD0..=0xD8 => at += 2,
            _ => at += 2 + usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]])),
        }
    }
}

#[test]
fn real_jpegs_cut_in_their_picture_are_refused_and_with_more_behind_it_are_not() {
    let Some(folder) = folder() else { return };
    let mut count = 0;
    for (row, bytes) in rows(&folder) {
        // A picture of a few pixels has its last block in its first bytes.
        let is_photo = is_real(&row) && row["file_type"] == "JPEG" && bytes.len() > 20_000;
        if !is_photo || row["pillow_decode"] != "ok" {
            continue;
        }
        let whole = photo::capture(&bytes, &[]).expect("Pillow decodes it too");
        if whole
            .facts
            .problems
            .iter()
            .any(|p| p.code() == "picture_damaged")
        {
            eprintln!(
                "{}: damaged on the way, where a cut cannot be told",
                row["file"]
            );
            continue;
        }
        let (file, end) = (&row["file"], end_of_picture(&bytes));
        for per_mille in [500, 900, 990] {
            let cut = &bytes[..end * per_mille / 1000];
            let refused = photo::capture(cut, &[]);
            assert_eq!(
                refused.err(),
                Some(PhotoError::Truncated),
                "{file} at {per_mille}"
            );
            let refused = photo::thumbnail(&[cut, &[0xFF, 0xD9]].concat(), 64);
            assert_eq!(
                refused,
                Err(PhotoError::Truncated),
                "{file} closed at {per_mille}"
            );
        }
        let open = photo::capture(&bytes[..end], &[]).expect("every block is there");
        assert!(
            open.facts
                .problems
                .iter()
                .any(|p| p.code() == "end_missing"),
            "{file}"
        );
        let more = [&bytes, b"SEFT \xFF\xD8\xFF\xC0 trailer".as_slice()].concat();
        assert!(photo::capture(&more, &[]).is_ok(), "{file}");
        count += 1;
    }
    eprintln!("{count} JPEGs cut, closed, opened and lengthened");
    assert!(count > 40, "{count}");
}

#[test]
fn the_same_scene_in_all_orientations_gives_the_same_thumbnail() {
    let Some(folder) = folder() else { return };
    let thumbnail = |index: u8| {
        let file = folder.join(format!("orientation/exif-orientati_Landscape_{index}.jpg"));
        let bytes = std::fs::read(file).expect("the file is there");
        let capture = photo::capture(&bytes, &[450]).expect("a sound photo");
        let small = image::load_from_memory(&capture.thumbnails[0].1).expect("a JPEG");
        (
            small.to_rgb8(),
            capture.facts.phash.expect("pixels were decoded"),
        )
    };
    let (upright, hash) = thumbnail(1);
    assert_eq!(upright.dimensions(), (450, 300));
    for index in [0, 2, 3, 4, 5, 6, 7, 8] {
        let (turned, turned_hash) = thumbnail(index);
        assert_eq!(
            turned.dimensions(),
            upright.dimensions(),
            "orientation {index}"
        );
        let pairs = upright.as_raw().iter().zip(turned.as_raw());
        let squares: f64 = pairs.map(|(&a, &b)| f64::from(a.abs_diff(b)).powi(2)).sum();
        let psnr_db = 10.0 * (255.0_f64.powi(2) * upright.as_raw().len() as f64 / squares).log10();
        let bits = (hash ^ turned_hash).count_ones();
        eprintln!("orientation {index}: {psnr_db:.1} dB, {bits} bits of the hash");
        // The set writes its number on the picture, so no two are the same to the last digit.
        assert!(psnr_db > 20.0, "orientation {index}: {psnr_db:.1} dB");
        assert!(bits <= 8, "orientation {index}: {bits} bits");
    }
}

/// What people do to a picture before they send it again.
fn copies(image: &image::RgbImage) -> Vec<(&'static str, Vec<u8>)> {
    let (wide, high) = image.dimensions();
    let jpeg = |image: &image::RgbImage, quality| {
        let mut out = Vec::new();
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, quality);
        image
            .write_with_encoder(encoder)
            .expect("memory takes everything");
        out
    };
    let crop = |left: f64, top: f64, kept: f64| {
        let at = |side: u32, share: f64| (f64::from(side) * share).round() as u32;
        let part = (
            at(wide, left),
            at(high, top),
            at(wide, kept),
            at(high, kept),
        );
        image::imageops::crop_imm(image, part.0, part.1, part.2, part.3).to_image()
    };
    let half = image::imageops::thumbnail(image, wide.div_ceil(2), high.div_ceil(2));
    let small = image::imageops::thumbnail(image, wide.div_ceil(4), high.div_ceil(4));
    vec![
        ("encoded again", jpeg(image, 60)),
        ("half the size", jpeg(&half, 80)),
        ("a quarter of the size", jpeg(&small, 80)),
        ("cropped at the middle", jpeg(&crop(0.05, 0.05, 0.9), 80)),
        ("cropped right and below", jpeg(&crop(0.0, 0.0, 0.9), 80)),
        ("cropped left and above", jpeg(&crop(0.1, 0.1, 0.9), 80)),
        ("cropped unevenly", jpeg(&crop(0.03, 0.07, 0.92), 80)),
    ]
}

#[test]
fn copies_of_real_photos_are_known_again_and_other_photos_are_not() {
    /// The default of the policy.
    const SEEN_BITS: u32 = 8;
    let Some(folder) = folder() else { return };
    let mut known = Vec::new();
    let (mut found, mut missed) = (BTreeMap::<_, usize>::new(), Vec::new());
    for (row, bytes) in rows(&folder) {
        // One of the orientation set: all of them are the same scene.
        let is_twin = row["class"] == "orientation" && !row["file"].ends_with("Landscape_1.jpg");
        let is_large = row["width"].parse().unwrap_or(0) >= 300;
        if !is_real(&row) || is_twin || !is_large {
            continue;
        }
        let (Some(marks), Ok(picture)) = (photo::marks(&bytes), photo::thumbnail(&bytes, 1600))
        else {
            continue;
        };
        let picture = image::load_from_memory(&picture).expect("a JPEG").to_rgb8();
        for (how, copy) in copies(&picture) {
            // A copy of nearly nothing may have no shapes left; then it is missed as well.
            let bits = photo::marks(&copy).map(|copy| copy.distance_bits(&marks));
            if bits.is_some_and(|bits| bits <= SEEN_BITS) {
                *found.entry(how).or_default() += 1;
            } else {
                missed.push((row["file"].clone(), how, bits));
            }
        }
        known.push((row["file"].clone(), marks));
    }
    let mut alike = Vec::new();
    let mut pairs = 0;
    for (index, (file, marks)) in known.iter().enumerate() {
        for (other, theirs) in &known[..index] {
            pairs += 1;
            if marks.distance_bits(theirs) <= SEEN_BITS {
                alike.push((file, other, marks.distance_bits(theirs)));
            }
        }
    }
    let of_all = 7 * known.len();
    eprintln!("{} photos; found {found:?}; missed {missed:?}", known.len());
    eprintln!("{pairs} pairs of different photos, alike: {alike:?}");
    assert!(known.len() >= 30, "{}", known.len());
    assert_eq!(alike, []);
    assert!(
        missed.len() * 50 <= of_all,
        "{} of {of_all} missed",
        missed.len()
    );
}
