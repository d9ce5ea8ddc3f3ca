//! What is near: facilities of a store or of a file, and a city's list into force.

use bading_core::engine::{EngineOptions, ErrorKind};
use bading_core::geo::datum::Datum;
use bading_core::geo::facility_file::{FacilityList, facilities_pack, read_facilities};
use bading_core::model::time::UtcMs;
use bading_core::rules::explain::Language;
use bading_core::services::facility::{
    Facilities, NearestAnswer, NearestLine, NearestQuery, nearest_of,
};
use bading_core::services::reference::FACILITIES;
use bading_core::sync::wire::MAX_PACK_BYTES;
use serde_json::json;

use super::hub::{failure, open};
use super::place_at;
use super::{open_existing, read};
use crate::args::{self, Args, HubDir};
use crate::output::{Exit, Failure, Output};

/// How many unread opening hours are told on stderr.
const TOLD_NOTICES: usize = 5;

pub(super) fn run(args: &Args, given: &args::Nearest, output: &Output) -> Result<Exit, Failure> {
    let language = Language::parse(&given.lang).ok_or_else(|| {
        Failure::input(format!("--lang: `{}` is neither zh-CN nor en", given.lang))
    })?;
    if !(-18 * 60..=18 * 60).contains(&given.utc_offset_min) {
        return Err(Failure::input(format!(
            "--utc-offset-min: {} is outside -1080..1080",
            given.utc_offset_min
        )));
    }
    let open_at = match given.open_at.as_str() {
        "now" => None,
        text => Some(UtcMs::parse_rfc3339(text).ok_or_else(|| {
            Failure::input(format!(
                "--open-at: `{text}` is neither `now` nor RFC 3339 with an offset"
            ))
        })?),
    };
    let query = NearestQuery {
        count: given.count,
        within_m: given.within_m,
        open_at,
        utc_offset_min: given.utc_offset_min,
        ..NearestQuery::new(given.kind.clone(), place_at(&given.at, &given.datum)?)
    };
    let answer = match &given.facilities {
        Some(file) => {
            let datum = datum(&given.datum)?;
            let list = read_facilities(&read(file)?, datum)
                .map_err(|error| Failure::in_file(file, error))?;
            let now = EngineOptions::default().host.now().wall;
            nearest_of(&Facilities::new(list.facilities), &query, None, now)
                .map_err(|error| flag(&error))?
        }
        None => open_existing(args)?
            .nearest(&query)
            .map_err(|error| match error.kind() {
                ErrorKind::NotFound => Failure::input(format!(
                    "{error} (bading enrol and bading sync; --facilities FILE looks in a file)"
                )),
                ErrorKind::InvalidInput => flag(&error),
                _ => error.into(),
            })?,
    };
    output.answer(&answer, |answer| lines(answer, language))?;
    Ok(Exit::Done)
}

/// The core names fields as JSON does, the command as flags.
fn flag(error: &impl std::fmt::Display) -> Failure {
    Failure::input(format!("--{error}").replacen("within_m", "within-m", 1))
}

fn datum(text: &str) -> Result<Datum, Failure> {
    Datum::parse(text).map_err(|error| Failure::input(format!("--datum: {error}")))
}

fn lines(answer: &NearestAnswer, language: Language) -> String {
    if answer.facilities.is_empty() {
        return match language {
            Language::Chinese => "附近没有\n".to_owned(),
            Language::English => "nothing near\n".to_owned(),
        };
    }
    let line = |near: &NearestLine| {
        let distance = match near.distance_m {
            m if m < 1_000.0 => format!("{m:.0} m"),
            m => format!("{:.1} km", m / 1_000.0),
        };
        let way = direction(near.bearing_deg, language);
        let name = match near.name.as_str() {
            "" => near.id.as_str(),
            name => name,
        };
        let state = match (language, near.open) {
            (Language::Chinese, "open") => "开放",
            (Language::Chinese, "closed") => "关闭",
            (Language::Chinese, _) => "开放时间不明",
            (Language::English, "unknown") => "hours unknown",
            (Language::English, state) => state,
        };
        // A tree has no hours, and nothing is to be said of them.
        let hours = near.opening_hours.as_deref();
        let hours = hours.map_or(String::new(), |hours| format!("  {state} ({hours})"));
        format!(
            "{distance:>8}  {way:<3}  {}  {name}{hours}\n",
            label(answer, &near.kind, language)
        )
    };
    answer.facilities.iter().map(line).collect()
}

/// What people call a kind.
fn label<'a>(answer: &'a NearestAnswer, kind: &'a str, language: Language) -> &'a str {
    let known = answer.kinds.iter().find(|line| line.kind == kind);
    known.map_or(kind, |line| match language {
        Language::Chinese => line.label_zh.as_str(),
        Language::English => line.label_en.as_str(),
    })
}

/// The nearest of eight directions of the compass.
fn direction(bearing_deg: f64, language: Language) -> &'static str {
    const ENGLISH: [&str; 8] = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"];
    const CHINESE: [&str; 8] = ["北", "东北", "东", "东南", "南", "西南", "西", "西北"];
    // In 0.0..360.0, so that at most 8 comes out, which is north again.
    let eighth = (bearing_deg / 45.0).round() as usize % 8;
    match language {
        Language::Chinese => CHINESE[eighth],
        Language::English => ENGLISH[eighth],
    }
}

/// A city's list into force: every row of it or none.
pub(super) fn import(
    dir: &HubDir,
    given: &args::FacilitiesImport,
    output: &Output,
) -> Result<Exit, Failure> {
    let datum = datum(&given.datum)?;
    let list = read_facilities(&read(&given.file)?, datum)
        .map_err(|error| Failure::in_file(&given.file, error))?;
    let pack = facilities_pack(&list.facilities);
    if pack.len() > MAX_PACK_BYTES {
        let found = pack.len();
        let why = format!("its pack would have {found} bytes; at most {MAX_PACK_BYTES} travel");
        return Err(Failure::in_file(&given.file, why));
    }
    let hub = open(dir)?;
    let notices: Vec<_> = list.notices.iter().map(notice_json).collect();
    let count = list.facilities.len();
    if !output.is_json() {
        tell(&list, output);
    }
    let facilities = Facilities::new(list.facilities);
    let mut answer = json!({
        "kind": FACILITIES,
        "facilities_count": count,
        "kinds": facilities.kinds(),
        "notices": notices,
        "dry_run": given.dry_run,
    });
    let told = if given.dry_run {
        let in_force = hub.pack_in_force(FACILITIES).map_err(failure)?;
        let is_new = in_force.is_none_or(|bytes| bytes != pack);
        answer["new"] = is_new.into();
        let what = if is_new {
            "would be new"
        } else {
            "are in force already"
        };
        format!("{count} {FACILITIES} {what}; nothing was imported\n")
    } else {
        let outcome = hub.put_pack(FACILITIES, &pack).map_err(failure)?;
        answer["hash"] = outcome.hash.to_string().into();
        answer["version"] = outcome.version.into();
        answer["new"] = outcome.is_new.into();
        let what = if outcome.is_new {
            "in force"
        } else {
            "was in force already"
        };
        format!(
            "{FACILITIES} version {}: {what}, {count} facilities\n",
            outcome.version
        )
    };
    output.answer(&answer, |_| told)?;
    Ok(Exit::Done)
}

fn notice_json(notice: &bading_core::geo::facility_file::HoursNotice) -> serde_json::Value {
    json!({
        "at": notice.record.to_string(),
        "field": "opening_hours",
        "text": notice.text,
        "why": notice.why.to_string(),
    })
}

/// Tells which opening hours nobody will understand.
fn tell(list: &FacilityList, output: &Output) {
    for notice in list.notices.iter().take(TOLD_NOTICES) {
        let (record, why) = (notice.record, &notice.why);
        output.note(format!(
            "{record}, opening_hours: {why}; kept, and answered as unknown"
        ));
    }
    let more = list.notices.len().saturating_sub(TOLD_NOTICES);
    if more > 0 {
        output.note(format!(
            "opening_hours: {more} more are kept and answered as unknown"
        ));
    }
}
