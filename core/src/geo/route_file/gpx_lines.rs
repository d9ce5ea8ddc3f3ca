//! The lines of a GPX: all of them as one route, or each `rte` or `trk` as a route of a city.

use super::feature::{Settings, kept_place};
use super::{MemberProblem, RouteFileError};
use crate::geo::track_file::PointKind;
use crate::geo::track_file::gpx;
use crate::model::identifiers::RouteCode;
use crate::model::place::LatLon;
use crate::model::route::{PlannedRoute, Route, Validity};

/// An `rte`, or a `trkseg` of a `trk`.
struct GpxPart {
    part: u64,
    line: u64,
    name: String,
    kind: PointKind,
    first: u64,
    places: Vec<LatLon>,
}

/// The parts of a file, each of at least two different positions. Planned points go before
/// walked ones: a file with both is a plan with a sample of it.
fn gpx_parts(bytes: &[u8]) -> Result<Vec<GpxPart>, RouteFileError> {
    let mut found: [Vec<GpxPart>; 2] = [Vec::new(), Vec::new()];
    gpx::read_points(bytes, |point| {
        let parts = match point.kind {
            PointKind::Route => &mut found[0],
            PointKind::Track => &mut found[1],
        };
        let place = kept_place(point.place);
        match parts.last_mut() {
            Some(last) if last.part == point.part => last.places.push(place),
            _ => parts.push(GpxPart {
                part: point.part,
                line: point.line,
                name: point.name.to_owned(),
                kind: point.kind,
                first: point.number,
                places: vec![place],
            }),
        }
        Ok::<(), RouteFileError>(())
    })?;
    let [planned, walked] = found;
    let chosen = if planned.is_empty() { walked } else { planned };
    if chosen.is_empty() {
        return Err(RouteFileError::NoLine);
    }
    for part in &chosen {
        if part.places.windows(2).all(|pair| pair[0] == pair[1]) {
            return Err(RouteFileError::ShortPart {
                kind: part.kind,
                number: part.first,
            });
        }
    }
    Ok(chosen)
}

/// All lines of a GPX as the parts of one route.
pub(super) fn read_gpx(bytes: &[u8]) -> Result<Route, RouteFileError> {
    let parts = gpx_parts(bytes)?.into_iter().map(|part| part.places);
    Ok(Settings::default().route(parts.collect(), Vec::new()))
}

/// Each `rte`, or each `trk` with its segments as parts, as a route under its name. Errors
/// count them as features.
pub(super) fn read_gpx_routes(bytes: &[u8]) -> Result<Vec<PlannedRoute>, RouteFileError> {
    let mut lines: Vec<(u64, String, Vec<Vec<LatLon>>)> = Vec::new();
    for part in gpx_parts(bytes)? {
        match lines.last_mut() {
            Some((line, _, parts)) if *line == part.line => parts.push(part.places),
            _ => lines.push((part.line, part.name, vec![part.places])),
        }
    }
    let mut routes: Vec<PlannedRoute> = Vec::with_capacity(lines.len());
    for (number, (_, name, parts)) in (1..).zip(lines) {
        let wrong = |code, problem| RouteFileError::Feature {
            feature: Some(number),
            code,
            field: "name".to_owned(),
            problem,
        };
        if name.is_empty() {
            let missing = MemberProblem::Missing("the route's code, before its points");
            return Err(wrong(None, missing));
        }
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let code = RouteCode::parse(&name).map_err(|error| wrong(None, error.into()))?;
        if let Some(first) = routes.iter().position(|route| route.code == code) {
            let problem = MemberProblem::DuplicateCode { first: first + 1 };
            return Err(wrong(Some(code), problem));
        }
        routes.push(PlannedRoute {
            code,
            name,
            route: Settings::default().route(parts, Vec::new()),
            loops_required: 1,
            validity: Validity::default(),
            windows: Vec::new(),
        });
    }
    Ok(routes)
}
