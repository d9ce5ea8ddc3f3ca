//! The printed report of an evidence bundle: one HTML file that needs nothing beside it and
//! prints on A4. Per case the eight facts, what happened with times as far as they are
//! proven, a sketch of the place and the photos; for the whole the result of the check and
//! the bundle's hash, also as a QR code.
//!
//! It shows what the check found and decides nothing.

use bading_core::model::identifiers::Hash;
use bading_core::model::place::LatLon;
use bading_core::rules::explain::Language;
use bading_core::services::evidence::{
    CaseEvidence, EvidenceReport, Finding, PhotoEvidence, Pictures, Step, Verified, Words,
};
use bading_core::services::review::RouteGeometry;
use chrono::{DateTime, FixedOffset};
use qrcodegen::{QrCode, QrCodeEcc};

use super::html::{Attributes, Html};
use super::projection::{Frame, WIDTH};

/// Findings that are printed; the command's JSON has more.
const MAX_FINDINGS: usize = 100;

struct View<'a> {
    verified: &'a Verified,
    pictures: &'a Pictures,
    language: Language,
    words: Words,
    utc_offset_min: i32,
}

/// The report as a document.
///
/// - `utc_offset_min`: the offset of the times that are printed.
#[must_use]
pub fn evidence_report(
    verified: &Verified,
    pictures: &Pictures,
    language: Language,
    utc_offset_min: i32,
) -> String {
    let view = View {
        verified,
        pictures,
        language,
        words: Words::of(language),
        utc_offset_min,
    };
    let mut html = Html::default();
    html.node("html", &[("lang", &language.tag())], |html| {
        html.node("head", &[], |html| {
            html.void("meta", &[("charset", &"utf-8")]);
            html.leaf("title", &[], &view.words.get("report-title"));
            html.style(include_str!("evidence.css"));
        });
        html.node("body", &[], |html| {
            head(html, &view);
            for case in &verified.report.cases {
                case_part(html, &view, case);
            }
            findings(html, &view, "report-notices", &verified.report.notices);
        });
    });
    html.finish()
}

fn head(html: &mut Html, view: &View<'_>) {
    let (words, report) = (view.words, &view.verified.report);
    html.node("header", &[], |html| {
        html.node("div", &[], |html| {
            html.leaf("h1", &[], &words.get("report-title"));
            let class = if report.sound {
                "result sound"
            } else {
                "result unsound"
            };
            html.leaf("p", &[("class", &class)], &result(view, report));
            for line in report.origin(view.words, |at| view.time(at)) {
                html.leaf("p", &[("class", &"quiet")], &line);
            }
            html.leaf("p", &[("class", &"quiet")], &words.get("report-check-how"));
            let hash = report.hash.clone().unwrap_or_else(|| words.get("no-hash"));
            html.leaf("p", &[("class", &"hash")], &hash);
        });
        if let Some(hash) = &report.hash {
            qr(html, hash);
        }
    });
    findings(html, view, "report-problems", &report.problems);
}

fn result(view: &View<'_>, report: &EvidenceReport) -> String {
    match &report.first {
        None => view.words.get("sound"),
        Some(first) => {
            let verdict = view.words.get("not-sound");
            format!("{verdict}: {}", first.tell(view.language))
        }
    }
}

fn findings(html: &mut Html, view: &View<'_>, title: &str, found: &[Finding]) {
    if found.is_empty() {
        return;
    }
    html.leaf("h2", &[], &view.words.get(title));
    html.node("ul", &[], |html| {
        for finding in found.iter().take(MAX_FINDINGS) {
            html.leaf("li", &[], &finding.tell(view.language));
        }
        if let Some(more) = found
            .len()
            .checked_sub(MAX_FINDINGS)
            .filter(|more| *more > 0)
        {
            let told = view.words.tell("more", [("count", more.to_string())]);
            html.leaf("li", &[], &told);
        }
    });
}

fn case_part(html: &mut Html, view: &View<'_>, case: &CaseEvidence) {
    let words = view.words;
    html.node("article", &[], |html| {
        let name = case.number.as_ref().unwrap_or(&case.case_id);
        let title = words.tell("report-case", [("case", name.clone())]);
        html.leaf("h2", &[], &title);
        html.leaf("p", &[("class", &"hash")], &case.case_id);
        html.leaf("h3", &[], &words.get("report-facts"));
        html.node("table", &[("class", &"facts")], |html| {
            html.node("tbody", &[], |html| {
                for (key, told) in facts(view, case) {
                    html.node("tr", &[], |html| {
                        html.leaf("th", &[("scope", &"row")], &words.get(key));
                        let none = words.get("fact-none");
                        let told = if told.is_empty() {
                            none
                        } else {
                            told.join("; ")
                        };
                        html.leaf("td", &[], &told);
                    });
                }
            });
        });
        timeline(html, view, case);
        sketch(html, view, case);
        photos(html, view, case);
    });
}

/// The eight facts of a case, as far as a bundle has them.
fn facts(view: &View<'_>, case: &CaseEvidence) -> Vec<(&'static str, Vec<String>)> {
    let (words, report) = (view.words, &view.verified.report);
    let one =
        |key: &'static str, name: &'static str, value: String| words.tell(key, [(name, value)]);
    let opening = case.timeline.iter().find(|step| step.what == "open");
    let mut person: Vec<String> = case.reporter.iter().cloned().collect();
    person.extend(case.source.map(|source| words.word("source", source)));
    person.extend(opening.map(|step| {
        let device = step.device.get(..12).unwrap_or(&step.device).to_owned() + "…";
        one("fact-device", "device", device)
    }));
    let mut duty: Vec<String> = case.class.iter().cloned().collect();
    let department = case.department.clone();
    duty.extend(department.map(|department| one("fact-department", "department", department)));
    duty.extend(case.note.clone());
    let mut place = Vec::new();
    if let Some([lat, lon]) = case.place {
        place.push(one("fact-place", "place", format!("{lat:.6}, {lon:.6}")));
    }
    let accuracy = case.accuracy_m.map(|m| format!("{m:.1}"));
    place.extend(accuracy.map(|m| one("fact-accuracy", "accuracy", m)));
    place.extend(case.is_mock.then(|| words.get("fact-mock")));
    let fixes: usize = tracks(view).map(|track| track.len()).sum();
    if fixes > 0 {
        place.push(one("fact-track", "count", fixes.to_string()));
    }
    let here = case.photos.iter().filter(|photo| photo.here).count();
    let effective = case
        .timeline
        .iter()
        .filter(|step| step.outcome == "effective")
        .count();
    let quantity = vec![
        words.tell(
            "fact-photos",
            [
                ("count", case.photos.len().to_string()),
                ("here", here.to_string()),
            ],
        ),
        words.tell(
            "fact-steps",
            [
                ("count", case.timeline.len().to_string()),
                ("effective", effective.to_string()),
            ],
        ),
    ];
    let quality = match &report.first {
        None => words.get("fact-quality-sound"),
        Some(first) => one("fact-quality-unsound", "why", first.tell(view.language)),
    };
    let mut verdict = vec![words.word("phase", case.phase)];
    let number = case.number.clone();
    verdict.extend(number.map(|number| one("report-number", "number", number)));
    vec![
        ("fact-grid", case.grid.iter().cloned().collect()),
        ("fact-person", person),
        ("fact-duty", duty),
        ("fact-route", place),
        (
            "fact-time",
            opening
                .map(|step| interval(view, step))
                .into_iter()
                .collect(),
        ),
        ("fact-quantity", quantity),
        ("fact-quality", vec![quality]),
        ("fact-verdict", verdict),
    ]
}

fn interval(view: &View<'_>, step: &Step) -> String {
    let time = |at: &String| view.time(at);
    match (&step.not_before, &step.not_after) {
        (Some(from), Some(to)) => view
            .words
            .tell("time-between", [("from", time(from)), ("to", time(to))]),
        (Some(from), None) => view.words.tell("time-not-before", [("from", time(from))]),
        (None, Some(to)) => view.words.tell("time-not-after", [("to", time(to))]),
        (None, None) => view.words.get("time-unproven"),
    }
}

fn timeline(html: &mut Html, view: &View<'_>, case: &CaseEvidence) {
    let words = view.words;
    html.leaf("h3", &[], &words.get("report-timeline"));
    html.node("table", &[], |html| {
        html.node("thead", &[], |html| {
            html.node("tr", &[], |html| {
                for key in ["what", "who", "time", "clock", "outcome"] {
                    let title = words.get(&format!("column-{key}"));
                    html.leaf("th", &[("scope", &"col")], &title);
                }
            });
        });
        html.node("tbody", &[], |html| {
            for step in &case.timeline {
                html.node("tr", &[], |html| {
                    html.node("td", &[], |html| {
                        html.text(&words.word("what", step.what));
                        if let Some(text) = &step.text {
                            html.void("br", &[]);
                            html.leaf("span", &[("class", &"quiet")], text);
                        }
                    });
                    let device = step.device.get(..12).unwrap_or_default();
                    let by = step.by.clone().unwrap_or_else(|| format!("{device}…"));
                    html.leaf("td", &[], &by);
                    html.leaf("td", &[], &interval(view, step));
                    let is_odd = !matches!(step.clock, "within" | "unproven");
                    let class = if is_odd { "odd" } else { "quiet" };
                    html.node("td", &[], |html| {
                        html.text(&view.time(&step.wall));
                        html.void("br", &[]);
                        let told = words.word("clock", step.clock);
                        html.leaf("span", &[("class", &class)], &told);
                    });
                    let mut outcome = words.word("outcome", step.outcome);
                    if let Some(reason) = &step.reason {
                        outcome = format!("{outcome} ({reason})");
                    }
                    html.leaf("td", &[], &outcome);
                });
            }
        });
    });
}

/// Where the patrols of the bundle went.
fn tracks<'a>(view: &'a View<'_>) -> impl Iterator<Item = Vec<LatLon>> + use<'a> {
    let patrols = view.verified.patrols.iter();
    patrols.map(|patrol| patrol.fixes().iter().map(|fix| fix.place).collect())
}

fn sketch(html: &mut Html, view: &View<'_>, case: &CaseEvidence) {
    let place = case
        .place
        .and_then(|[lat, lon]| LatLon::try_new(lat, lon).ok());
    let grid = case.grid.as_deref();
    let cells = grid.map_or_else(Vec::new, |code| view.pictures.outline(code));
    let geometry = RouteGeometry {
        // The frame holds the place as it holds a route.
        route: place.map(|place| vec![place]).into_iter().collect(),
        cells,
        walked: tracks(view).collect(),
        ..RouteGeometry::default()
    };
    let Some(frame) = Frame::fit(&geometry) else {
        return;
    };
    let words = view.words;
    html.leaf("h3", &[], &words.get("report-map"));
    html.node("figure", &[], |html| {
        let around: Attributes<'_> = &[
            ("class", &"map"),
            ("viewBox", &format!("0 0 {WIDTH} {:.0}", frame.height)),
            ("role", &"img"),
        ];
        html.node("svg", around, |html| {
            html.leaf("title", &[], &words.get("report-map"));
            for ring in &geometry.cells {
                let data = frame.path(std::slice::from_ref(ring));
                html.leaf("path", &[("class", &"cell"), ("d", &data)], "");
            }
            for line in &geometry.walked {
                let data = frame.thinned(line);
                html.leaf("path", &[("class", &"walked"), ("d", &data)], "");
            }
            if let Some((x, y)) = place.map(|place| frame.at(place)) {
                let (x, y) = (format!("{x:.1}"), format!("{y:.1}"));
                html.leaf("circle", &[("cx", &x), ("cy", &y), ("r", &"8")], "");
            }
            scale(html, &frame);
        });
        let note = words.get("map-note");
        html.leaf("figcaption", &[("class", &"quiet")], &note);
    });
}

/// A bar of 1, 2 or 5 times a power of ten metres, at most a quarter of the width.
fn scale(html: &mut Html, frame: &Frame) {
    let most_m = WIDTH / 4.0 / frame.scale;
    let power = 10_f64.powf(most_m.log10().floor());
    let long_m = [5.0, 2.0, 1.0].map(|digit| digit * power);
    let long_m = long_m.into_iter().find(|m| *m <= most_m).unwrap_or(power);
    let (y, end) = (frame.height - 14.0, 16.0 + long_m * frame.scale);
    let data = format!("M16 {}v6H{end:.1}v-6", y - 6.0);
    html.leaf("path", &[("class", &"scale"), ("d", &data)], "");
    let at: Attributes<'_> = &[
        ("x", &format!("{:.1}", end + 8.0)),
        ("y", &format!("{y:.0}")),
    ];
    html.leaf("text", at, &format!("{long_m} m"));
}

fn photos(html: &mut Html, view: &View<'_>, case: &CaseEvidence) {
    if case.photos.is_empty() {
        return;
    }
    let words = view.words;
    html.leaf("h3", &[], &words.get("report-photos"));
    html.node("ul", &[("class", &"photos")], |html| {
        for photo in &case.photos {
            html.node("li", &[], |html| picture(html, view, photo));
        }
    });
    html.leaf("p", &[("class", &"quiet")], &words.get("photo-note"));
}

fn picture(html: &mut Html, view: &View<'_>, photo: &PhotoEvidence) {
    let words = view.words;
    let role = words.word("role", photo.role);
    let hash: Option<Hash> = photo.hash.parse().ok();
    let shown = hash.and_then(|hash| view.pictures.photos.get(&hash));
    match shown {
        Some(jpeg) => {
            let address = format!("data:image/jpeg;base64,{}", base64(jpeg));
            html.void("img", &[("src", &address), ("alt", &role)]);
        }
        None => {
            let why = if photo.here {
                "photo-no-picture"
            } else {
                "photo-gone"
            };
            html.leaf("p", &[("class", &"odd")], &words.get(why));
        }
    }
    let mentions = [("role", role), ("hash", photo.hash.clone())];
    let caption = words.tell("photo-caption", mentions);
    html.leaf("span", &[("class", &"hash")], &caption);
}

/// The bundle's hash as a QR code: black squares on white with the quiet zone of the standard.
fn qr(html: &mut Html, hash: &str) {
    const QUIET: i32 = 4;
    let Ok(code) = QrCode::encode_text(hash, QrCodeEcc::Medium) else {
        return;
    };
    let mut data = String::new();
    for y in 0..code.size() {
        for x in 0..code.size() {
            if code.get_module(x, y) {
                data.push_str(&format!("M{} {}h1v1h-1z", x + QUIET, y + QUIET));
            }
        }
    }
    let side = code.size() + 2 * QUIET;
    let around: Attributes<'_> = &[
        ("class", &"qr"),
        ("viewBox", &format!("0 0 {side} {side}")),
        ("role", &"img"),
        ("aria-label", &hash),
    ];
    html.node("svg", around, |html| {
        html.leaf(
            "path",
            &[("d", &data), ("shape-rendering", &"crispEdges")],
            "",
        );
    });
}

impl View<'_> {
    /// A time at the report's offset, to the second.
    fn time(&self, rfc3339: &str) -> String {
        let offset = FixedOffset::east_opt(self.utc_offset_min.saturating_mul(60));
        match (DateTime::parse_from_rfc3339(rfc3339), offset) {
            (Ok(at), Some(offset)) => {
                let at = at.with_timezone(&offset);
                at.format("%Y-%m-%d %H:%M:%S %:z").to_string()
            }
            _ => rfc3339.to_owned(),
        }
    }
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 63;
            match digit <= chunk.len() {
                true => out.push(char::from(DIGITS[value as usize])),
                false => out.push('='),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfcs_examples() {
        let examples = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (text, expected) in examples {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }
}
