//! Reads a layer of grids whole: every cell that can be read, and every feature that cannot.
//!
//! Where [`super::grid_file`] stops at the first fault, because a look-up needs no more, an
//! operator who is about to import a city's grid wants all of them. Positions become WGS 84
//! as they are read, so that everything after this speaks of one datum. Besides the code,
//! four properties are looked at: `class` (1 or 2), `unit`, `valid_from` and `valid_to`.
//!
//! A feature with `kind: "parent"` or `is_parent: true` is no cell: it is the area that the
//! cells have to fill.

use geo::{MultiPolygon, Polygon, unary_union};

use super::check::{oriented, signed_area};
use super::datum::Datum;
use super::excerpt::excerpt;
use super::finding::{Finding, FindingKind};
use super::grid_file::{
    FeatureFile, FeatureProblem, GridCell, GridFileError, code_field, read_code, read_features,
    read_geometry, read_polygons,
};
use super::json::Json;
use crate::model::grid::{CellTerms, CodeProfile, GridClass, GridCode, Validity};
use crate::model::time::UtcMs;

/// The most characters of a unit's name.
const MAX_UNIT_CHARS: usize = 100;

/// What the reader has to be told.
#[derive(Debug, Clone, Copy)]
pub struct LayerOptions<'a> {
    /// Name of the property that holds the code: text or number.
    pub code_property: &'a str,
    /// How the city's codes are built.
    pub profile: &'a CodeProfile,
    /// The datum of the positions.
    pub datum: Datum,
    /// The city's offset from UTC, in which dates are meant.
    pub utc_offset_min: i32,
}

/// One cell of a layer and the feature that it was.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerCell {
    /// Number of the feature in the file, from 1.
    pub feature: usize,
    /// The cell, in WGS 84.
    pub cell: GridCell,
}

/// A layer as far as it could be read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LayerFile {
    /// The cells in the order of the file.
    pub cells: Vec<LayerCell>,
    /// The area that the cells have to fill, where the file says so; WGS 84.
    pub parent: Option<MultiPolygon<f64>>,
    /// What could not be read, and notices about what could.
    pub findings: Vec<Finding>,
}

/// Reads a layer; what is wrong with a feature becomes a finding, and the feature no cell.
///
/// - `bytes`: GeoJSON in UTF-8; a byte order mark is skipped.
///
/// # Errors
/// [`GridFileError`] only where the file as a whole is no GeoJSON, or too large.
pub fn read_layer(bytes: &[u8], options: &LayerOptions<'_>) -> Result<LayerFile, GridFileError> {
    let FeatureFile { features, .. } = read_features(bytes)?;
    Ok(read_layer_features(&features, options))
}

pub(super) fn read_layer_features(features: &[Json], options: &LayerOptions<'_>) -> LayerFile {
    let mut layer = LayerFile::default();
    let mut parents: Vec<Polygon> = Vec::new();
    for (feature, json) in (1..).zip(features) {
        if is_parent(json) {
            match read_geometry(json, options.datum) {
                Ok(polygons) => parents.extend(polygons),
                Err((field, problem)) => {
                    layer.findings.push(fault(feature, None, &field, &problem));
                }
            }
            continue;
        }
        if let Some(cell) = read_cell(feature, json, options, &mut layer.findings) {
            note_winding(feature, &cell, &mut layer.findings);
            layer.cells.push(LayerCell { feature, cell });
        }
    }
    if !parents.is_empty() {
        layer.parent = Some(unary_union(&oriented(&parents)));
    }
    layer
}

/// Reads the area that a layer has to fill: a geometry, a feature or a collection of
/// (multi)polygons. Their properties are not looked at.
///
/// # Errors
/// [`GridFileError`] names feature and field; a file without any area is refused.
pub fn read_area(bytes: &[u8], datum: Datum) -> Result<MultiPolygon<f64>, GridFileError> {
    let features = match read_features(bytes) {
        Ok(file) => file.features,
        Err(error @ GridFileError::NotFeatures(_)) => {
            // A bare geometry is an area too.
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            let json: Json = serde_json::from_slice(bytes)
                .map_err(|error| GridFileError::NotJson(error.to_string()))?;
            if !matches!(
                json.member("type").and_then(Json::text),
                Some("Polygon" | "MultiPolygon")
            ) {
                return Err(error);
            }
            let polygons = read_polygons(&json, datum).map_err(|(field, problem)| {
                let (feature, code) = (1, None);
                GridFileError::Feature {
                    feature,
                    code,
                    field,
                    problem,
                }
            })?;
            return Ok(unary_union(&oriented(&polygons)));
        }
        Err(error) => return Err(error),
    };
    let mut polygons = Vec::new();
    for (feature, json) in (1..).zip(&features) {
        let read =
            read_geometry(json, datum).map_err(|(field, problem)| GridFileError::Feature {
                feature,
                code: None,
                field,
                problem,
            })?;
        polygons.extend(read);
    }
    if polygons.is_empty() {
        return Err(GridFileError::NotFeatures("it has no feature"));
    }
    Ok(unary_union(&oriented(&polygons)))
}

fn property<'a>(feature: &'a Json, name: &str) -> Option<&'a Json> {
    let found = feature.member("properties")?.member(name)?;
    (*found != Json::Null).then_some(found)
}

fn is_parent(feature: &Json) -> bool {
    property(feature, "kind").and_then(Json::text) == Some("parent")
        || property(feature, "is_parent") == Some(&Json::Bool(true))
}

fn fault(feature: usize, code: Option<&str>, field: &str, problem: &FeatureProblem) -> Finding {
    let (kind, at) = match *problem {
        FeatureProblem::CrossesItself { lon_deg, lat_deg } => {
            (FindingKind::SelfCrossing, Some((lat_deg, lon_deg)))
        }
        _ => (FindingKind::Feature, None),
    };
    let why: &dyn std::fmt::Display = match kind {
        FindingKind::SelfCrossing => &"the ring crosses itself",
        _ => problem,
    };
    Finding {
        at,
        ..Finding::in_feature(kind, feature, code, field, why)
    }
}

fn read_cell(
    feature: usize,
    json: &Json,
    options: &LayerOptions<'_>,
    findings: &mut Vec<Finding>,
) -> Option<GridCell> {
    let before = findings.len();
    let code = match read_code(json, options.code_property) {
        Ok(code) => Some(code),
        Err((field, problem)) => {
            findings.push(fault(feature, None, &field, &problem));
            None
        }
    };
    if let Some(code) = &code
        && let Err(why) = fit(code, options.profile)
    {
        let field = code_field(options.code_property);
        let kind = FindingKind::CodeProfile;
        findings.push(Finding::in_feature(kind, feature, Some(code), &field, why));
    }
    let name = code.as_deref();
    let terms = read_terms(feature, name, json, options.utc_offset_min, findings);
    let polygons = match read_geometry(json, options.datum) {
        Ok(polygons) => polygons,
        Err((field, problem)) => {
            findings.push(fault(feature, name, &field, &problem));
            return None;
        }
    };
    // A cell whose code does not fit, or without its class, still shows overlaps and gaps.
    let is_broken = |finding: &Finding| finding.kind == FindingKind::Feature;
    if findings[before..].iter().any(is_broken) {
        return None;
    }
    Some(GridCell {
        code: code?,
        polygons,
        terms,
    })
}

fn fit(code: &str, profile: &CodeProfile) -> Result<(), String> {
    let code = GridCode::parse(code).map_err(|error| error.to_string())?;
    profile.parts(&code).map_err(|error| error.to_string())?;
    Ok(())
}

fn read_terms(
    feature: usize,
    code: Option<&str>,
    json: &Json,
    utc_offset_min: i32,
    findings: &mut Vec<Finding>,
) -> CellTerms {
    let mut find = |kind, name: &str, why: String| {
        let field = format!("properties.{name}");
        findings.push(Finding::in_feature(kind, feature, code, &field, why));
    };
    let text = |name: &str| {
        let text = match property(json, name)? {
            Json::Text(text) => text.trim().to_owned(),
            Json::Unsigned(number) => number.to_string(),
            Json::Signed(number) => number.to_string(),
            Json::Float(number) => number.to_string(),
            Json::Bool(flag) => flag.to_string(),
            _ => "a list or an object".to_owned(),
        };
        Some(text).filter(|text| !text.is_empty())
    };
    let class = text("class").and_then(|text| {
        let class = GridClass::parse(&text);
        if class.is_none() {
            let why = format!("`{}` is not a class of a grid: 1 or 2", excerpt(&text));
            find(FindingKind::Attribute, "class", why);
        }
        class
    });
    let unit = text("unit").filter(|text| {
        let chars = text.chars().count();
        let is_name = chars <= MAX_UNIT_CHARS && !text.contains(char::is_control);
        if !is_name {
            let why = format!(
                "`{}` has {chars} characters; a unit has 1 to {MAX_UNIT_CHARS}, none of them a control character",
                excerpt(text)
            );
            find(FindingKind::Attribute, "unit", why);
        }
        is_name
    });
    let mut instant = |name: &str, read: fn(&str, i32) -> Option<UtcMs>| {
        let text = text(name)?;
        let at = read(&text, utc_offset_min);
        if at.is_none() {
            let why = format!(
                "`{}` is neither a date such as 2026-03-02 nor RFC 3339 with an offset",
                excerpt(&text)
            );
            find(FindingKind::Feature, name, why);
        }
        at
    };
    let from = instant("valid_from", UtcMs::parse_from);
    let to = instant("valid_to", UtcMs::parse_to);
    let validity = Validity { from, to };
    if validity.is_empty() {
        let why = "it is not later than valid_from".to_owned();
        find(FindingKind::Feature, "valid_to", why);
    }
    CellTerms {
        class,
        unit,
        validity,
    }
}

fn note_winding(feature: usize, cell: &GridCell, findings: &mut Vec<Finding>) {
    let is_outline_wrong = |polygon: &Polygon| signed_area(polygon.exterior()) < 0.0;
    let is_hole_wrong =
        |polygon: &Polygon| polygon.interiors().iter().any(|r| signed_area(r) > 0.0);
    let why = if cell.polygons.iter().any(is_outline_wrong) {
        "an outline runs clockwise; RFC 7946 wants it counter-clockwise"
    } else if cell.polygons.iter().any(is_hole_wrong) {
        "a hole runs counter-clockwise; RFC 7946 wants it clockwise"
    } else {
        return;
    };
    let corner = cell.polygons.first().and_then(|p| p.exterior().0.first());
    findings.push(Finding {
        at: corner.map(|corner| (corner.y, corner.x)),
        ..Finding::in_feature(
            FindingKind::Winding,
            feature,
            Some(&cell.code),
            "geometry.coordinates",
            why,
        )
    });
}

#[cfg(test)]
mod tests;
