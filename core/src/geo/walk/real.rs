//! The mileage of recorded tracks against the lengths that GeographicLib has for them.

use super::Walk;
use crate::geo::test_data::shared;
use crate::geo::track_file::read_track;
use crate::model::track::{Fix, Mode};

fn walked(fixes: impl Iterator<Item = Fix>) -> Walk {
    let mut walk = Walk::new(Mode::Vehicle, 50.0, 60_000);
    for fix in fixes {
        walk.feed(fix);
    }
    walk.finish();
    walk
}

#[test]
fn length_is_the_manifests_where_no_fix_jumps_and_mileage_differs_by_stops_alone() {
    let Some(manifest) = shared("tracks/manifest.csv") else {
        return;
    };
    let mut rows = ::csv::Reader::from_reader(manifest.as_slice());
    let (mut sound, mut equal, mut worst_turned) = (0, 0, 0.0_f64);
    let (mut sum_m, mut sum_walked_m) = (0.0, 0.0);
    for row in rows.records() {
        let row = row.expect("the manifest is CSV");
        if !row[0].starts_with("geolife/") {
            continue;
        }
        let Some(bytes) = shared(&format!("tracks/{}", &row[0])) else {
            continue;
        };
        let fixes = read_track(&bytes).expect("a .plt").fixes;
        let walk = walked(fixes.iter().copied());
        let end = fixes.last().map_or(0, |fix| fix.at.0);
        let back = walked(fixes.iter().rev().map(|fix| {
            let mut fix = *fix;
            fix.at.0 = 2 * end - fix.at.0;
            fix
        }));
        let said_m: f64 = row[7].parse().expect("metres");
        let (length_m, walked_m) = (walk.walked_m(), walk.moving_m());
        let rejected: u64 = walk.rejected().values().sum();
        eprintln!(
            "{}: {} fixes, {rejected} rejected, manifest {said_m:.2} m, length {length_m:.2} m, \
             mileage {walked_m:.2} m ({:+.2} %), back {:+.2} %",
            &row[0],
            fixes.len(),
            100.0 * (walked_m / length_m - 1.0),
            100.0 * (back.moving_m() / length_m - 1.0),
        );
        assert!(walked_m <= length_m + 1e-6, "{}", &row[0]);
        if rejected > 0 {
            continue;
        }
        sound += 1;
        assert!(
            (length_m - said_m).abs() < said_m * 1e-4 + 0.01,
            "{}",
            &row[0]
        );
        assert!(walked_m > length_m * 0.9, "{}", &row[0]);
        equal += u32::from((walked_m - said_m).abs() < said_m * 1e-3);
        let turned = (back.moving_m() - walked_m).abs() / length_m;
        worst_turned = worst_turned.max(turned);
        sum_m += length_m;
        sum_walked_m += walked_m;
    }
    eprintln!(
        "{sound} without a jump, of {equal} the mileage is the manifest's length to 0.1 %; \
         all: {sum_walked_m:.0} m of {sum_m:.0} m; worst difference of the way back {:.2} %",
        worst_turned * 100.0
    );
    // In the other 14 the person stops for minutes at least once.
    assert_eq!((sound, equal), (51, 37));
    assert!(sum_walked_m > sum_m * 0.99, "{sum_walked_m} of {sum_m}");
    assert!(worst_turned < 0.04, "{worst_turned}");
}
