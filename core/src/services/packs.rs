//! Reference data: read from a city's own files, made canonical, named by its hash.
//!
//! A pack is all or nothing: a file with one bad line makes no pack. Grids travel as GeoJSON
//! with the property `code`, duty lists as JSON; both open without this software.

use crate::geo::datum::Datum;
use crate::geo::grid_pack::GridPack;
use crate::geo::layer_check::check_cells;
use crate::geo::layer_file::{LayerOptions, read_layer};
use crate::model::duty::DutyList;
use crate::model::grid::CodeProfile;
use crate::services::ServiceError;
pub use crate::services::duty_file::DutyFileError;
use crate::services::duty_file::{any_limit, csv_table, read_duty_tables};

/// Reads a city's grids and makes the pack of a first layer.
///
/// - `bytes`: GeoJSON as [`read_layer`] takes it, positions in WGS 84, dates in UTC.
/// - `code_property`: the property that holds a cell's code.
///
/// # Errors
/// [`ServiceError::Grids`] where it is no file of grids, [`ServiceError::GridLayer`] with the
/// first finding for which the layer is refused.
pub fn grids_pack(
    bytes: &[u8],
    code_property: &str,
    profile: &CodeProfile,
) -> Result<Vec<u8>, ServiceError> {
    let datum = Datum::Wgs84;
    let layer = read_layer(
        bytes,
        &LayerOptions {
            code_property,
            profile,
            datum,
            utc_offset_min: 0,
        },
    )?;
    check_cells(&layer, None).judge(false)?;
    Ok(GridPack::of_layer(layer, profile.clone(), datum).to_bytes())
}

/// Reads a city's duty list from CSV and makes its pack; one wrong row makes none.
///
/// # Errors
/// [`DutyFileError`] names row and column.
pub fn duties_pack(bytes: &[u8]) -> Result<Vec<u8>, DutyFileError> {
    Ok(write_duties(&read_duties(bytes)?))
}

/// The pack of a list that was read already.
#[must_use]
pub fn write_duties(list: &DutyList) -> Vec<u8> {
    serde_json::to_vec(list).expect("plain data")
}

/// Reads a duty list from CSV in UTF-8 that has nothing wrong with it; notices pass.
///
/// # Errors
/// [`DutyFileError`] names row and column.
pub fn read_duties(bytes: &[u8]) -> Result<DutyList, DutyFileError> {
    let reading = read_duty_tables(&[csv_table(bytes)?], any_limit)?;
    match reading.problems.into_iter().find(|p| !p.is_notice) {
        Some(problem) => Err(DutyFileError::Row(problem)),
        None => Ok(reading.list),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: &str = r#"{"type":"FeatureCollection","features":[
        {"type":"Feature","properties":{"id":"310101001001002"},"geometry":{"type":"Polygon",
         "coordinates":[[[121.1,31.0],[121.2,31.0],[121.2,31.1],[121.1,31.1],[121.1,31.0]]]}},
        {"type":"Feature","properties":{"id":310101001001001},"geometry":{"type":"Polygon",
         "coordinates":[[[121.0,31.0],[121.1,31.0],[121.1,31.1],[121.0,31.1],[121.0,31.0]]]}}]}"#;

    #[test]
    fn grids_pack_is_the_same_for_any_order_and_opens_again() {
        let pack =
            grids_pack(SQUARE.as_bytes(), "id", &CodeProfile::fifteen()).expect("two good cells");
        let again = grids_pack(&pack, "code", &CodeProfile::fifteen()).expect("opens as GeoJSON");
        assert_eq!(pack, again);
    }

    #[test]
    fn code_that_does_not_fit_the_profile_names_feature_and_property() {
        let error =
            grids_pack(SQUARE.as_bytes(), "id", &CodeProfile::sixteen()).expect_err("15 digits");
        let line = error.to_string();
        assert!(line.contains("feature 1") && line.contains("id"), "{line}");
    }

    #[test]
    fn duties_are_found_by_chinese_and_english_names() {
        let chinese = "小类代码,小类名称,处置单位,处置时限\n010101,上水井盖,市政公司、水务局,2天\n";
        let list = read_duties(chinese.as_bytes()).expect("one good row");
        assert_eq!(list.entries[0].departments, ["市政公司", "水务局"]);
        let english = "\u{feff}class,name,photos\n010101,Manhole,near far\n";
        let list = read_duties(english.as_bytes()).expect("one good row");
        assert_eq!(list.entries[0].required_photos, ["near", "far"]);
    }

    #[test]
    fn bad_duty_rows_are_named() {
        let error = |text: &str| read_duties(text.as_bytes()).expect_err("bad").to_string();
        assert!(error("class,title\n1,x\n").contains("no column `name"));
        assert_eq!(
            error("class,name\n1,x\n,y\n"),
            "row 3, class: class must have 1 to 32 characters, found 0"
        );
        assert!(error("class,name,photos\n1,x,sideways\n").starts_with("row 2, photos"));
        assert_eq!(error("class,name\n"), "the list has no entries");
    }
}
