//! Images: what is written is read, and what is not one of ours is refused.

use super::super::tests::{lattice, square};
use super::*;
use crate::geo::grid_file::GridCell;
use proptest::prelude::*;

fn some() -> Locator {
    let moves = [(0.1, 0.2), (-0.2, 0.15), (0.25, -0.1)];
    let mut cells = lattice(3, &moves);
    // Six cells over one corner make a record of the listed form.
    cells.extend((0..7).map(|i| {
        square(
            &format!("p{i}"),
            114.3011,
            30.6011,
            0.0001 * f64::from(i + 1),
        )
    }));
    Locator::build(&cells)
}

/// The image with another word at a place, and a digest that fits it.
fn forged(image: &[u8], at: usize, value: u32) -> Vec<u8> {
    let mut image = image.to_vec();
    image[at..at + 4].copy_from_slice(&value.to_le_bytes());
    let digest = blake3::hash(&image[COUNTS_AT..]);
    image[DIGEST_AT..COUNTS_AT].copy_from_slice(digest.as_bytes());
    image
}

/// A walk over the whole plane and beyond: whatever was let in must not panic.
fn ask_everywhere(locator: &Locator) {
    for i in -3..40 {
        for j in -3..40 {
            let (lat, lon) = (30.6 + 0.0004 * f64::from(j), 114.3 + 0.0004 * f64::from(i));
            let _ = locator.find(lat, lon);
        }
    }
}

#[test]
fn image_has_both_forms_of_records_and_is_the_same_again() {
    let locator = some();
    let heads: Vec<u32> = locator
        .buckets
        .iter()
        .filter(|&&w| w != OUTSIDE && w & BORDER != 0)
        .map(|&w| locator.records[(w & !BORDER) as usize])
        .collect();
    assert!(heads.contains(&0) && heads.iter().any(|&h| h != 0));
    let image = locator.to_image();
    let again = Locator::from_image(&image).expect("an image");
    assert_eq!(again.to_image(), image);
    ask_everywhere(&again);
}

#[test]
fn image_of_nothing_finds_nothing() {
    for cells in [
        vec![],
        vec![GridCell {
            polygons: vec![],
            ..square("e", 0.0, 0.0, 1.0)
        }],
    ] {
        let image = Locator::build(&cells).to_image();
        let again = Locator::from_image(&image).expect("an image");
        assert_eq!(again.find(0.5, 0.5), None);
        assert_eq!(again.find(f64::NAN, f64::INFINITY), None);
    }
}

#[test]
fn from_image_refuses_each_cut_and_each_flipped_byte() {
    let image = some().to_image();
    for length in 0..image.len() {
        assert!(Locator::from_image(&image[..length]).is_err(), "{length}");
    }
    for at in 0..image.len() {
        let mut flipped = image.clone();
        flipped[at] ^= 0x40;
        assert!(Locator::from_image(&flipped).is_err(), "{at}");
    }
    let mut longer = image;
    longer.push(0);
    assert!(matches!(
        Locator::from_image(&longer),
        Err(ImageError::Length { .. })
    ));
}

#[test]
fn from_image_names_what_is_wrong() {
    let image = some().to_image();
    assert_eq!(Locator::from_image(b"").err(), Some(ImageError::NotAnImage));
    assert_eq!(
        Locator::from_image(b"SQLite format 3").err(),
        Some(ImageError::NotAnImage)
    );
    assert_eq!(
        Locator::from_image(&MAGIC).err(),
        Some(ImageError::Version { found: 0 })
    );
    let mut newer = image.clone();
    newer[8] = 2;
    assert_eq!(
        Locator::from_image(&newer).err(),
        Some(ImageError::Version { found: 2 })
    );
    let mut flipped = image.clone();
    flipped[PLANE_AT] ^= 1;
    assert_eq!(
        Locator::from_image(&flipped).err(),
        Some(ImageError::Digest)
    );
    // Counts whose product leaves 64 bits are a length and not an allocation.
    let huge = forged(
        &forged(&image, COUNTS_AT, u32::MAX),
        COUNTS_AT + 4,
        u32::MAX,
    );
    assert!(matches!(
        Locator::from_image(&huge).err(),
        Some(ImageError::Length {
            expected: u64::MAX,
            ..
        })
    ));
    let nan = forged(&image, PLANE_AT + 4, 0x7ff8_0000);
    let said = Locator::from_image(&nan)
        .expect_err("no bounds")
        .to_string();
    assert_eq!(said, "a locator's image: plane 0: not a finite number");
}

proptest! {
    #[test]
    fn forged_images_are_refused_or_harmless(
        at in any::<prop::sample::Index>(),
        value in prop_oneof![
            Just(0_u32), Just(u32::MAX), Just(BORDER), Just(BORDER - 1), 0..64_u32, any::<u32>(),
            any::<u32>().prop_map(|w| w | BORDER),
        ],
        nudge in -40_i64..40,
    ) {
        // A right digest over wrong words: only the checks of the content stand in the way.
        let image = some().to_image();
        let words = (image.len() - COUNTS_AT) / 4;
        let at = COUNTS_AT + 4 * at.index(words);
        let nudged = (i64::from(word(&image[at..])) + nudge) as u32;
        for value in [value, nudged] {
            if let Ok(locator) = Locator::from_image(&forged(&image, at, value)) {
                ask_everywhere(&locator);
            }
        }
    }

    #[test]
    fn loaded_index_answers_as_the_one_that_was_built(
        side in 1..7_usize,
        moves in prop::collection::vec((-0.3..0.3_f64, -0.3..0.3_f64), 20),
        points in prop::collection::vec((-0.1..1.1_f64, -0.1..1.1_f64), 50),
    ) {
        let built = Locator::build(&lattice(side, &moves));
        let loaded = Locator::from_image(&built.to_image()).expect("an image");
        for (x, y) in points {
            let (lat, lon) = (30.6 + 0.004 * side as f64 * y, 114.3 + 0.004 * side as f64 * x);
            prop_assert_eq!(loaded.find(lat, lon), built.find(lat, lon));
        }
    }
}
