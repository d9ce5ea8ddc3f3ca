//! The page for people: who may see it, what it says, and that nothing typed becomes markup.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use bading_core::model::case::{CaseId, ClassCode, Source};
use bading_core::model::grid::{CodeProfile, GridCode};
use bading_core::model::identifiers::{DepartmentId, Hash, RouteCode};
use bading_core::model::patrol::{Interruption, Mark, PatrolId, PatrolStep};
use bading_core::model::person::Role;
use bading_core::model::photo::{Photo, PhotoRole};
use bading_core::model::place::LatLon;
use bading_core::model::time::UtcMs;
use bading_core::model::track::{Fix, Mode};
use bading_core::model::workflow::Action;
use bading_core::oplog::body::{Kind, Placed, Subject};
use bading_core::oplog::chunk::Chunk;
use bading_core::oplog::sign::hash_of;
use bading_core::photo::render::{Scene, render};
use bading_core::services::packs::{duties_pack, grids_pack};
use bading_core::services::reference::{DUTIES, GRIDS, ROSTER, ROUTES};
use bading_hub::{CodeSpec, ServeLimits};
use reqwest::blocking::Response;
use uuid::Uuid;

use crate::device::{Device, transition};
use crate::server::{MINUTE_MS, TestHub, assert_problem, morning, person};

const CELLS: &[u8] = include_bytes!("../../../fixtures/demo/grids.geojson");
const LIST: &[u8] = include_bytes!("../../../fixtures/demo/duties.csv");
/// A name that is typed to do harm, as far as a route's name may be.
const HOSTILE: &str = "<script>alert('x')</script> \"q\" & \u{202e}مرحبا 😀";

fn get(hub: &TestHub, path: &str) -> Response {
    hub.http.get(hub.url(path)).send().expect("an answer")
}

fn page(hub: &TestHub, path: &str) -> String {
    let response = get(hub, path);
    assert_eq!(response.status().as_u16(), 200, "{path}");
    let kind = response.headers()["content-type"].to_str().expect("ascii");
    assert_eq!(kind, "text/html; charset=utf-8");
    response.text().expect("a body")
}

fn at(minutes: i64) -> UtcMs {
    let ms = i64::try_from(morning().0).expect("a time") + minutes * MINUTE_MS as i64;
    UtcMs(u64::try_from(ms).expect("a time"))
}

fn place(lat: f64, lon: f64) -> LatLon {
    LatLon::try_new(lat, lon).expect("in range")
}

fn picture(seed: u64, orientation: u8) -> Vec<u8> {
    render(&Scene {
        seed,
        width_px: 480,
        height_px: 320,
        orientation,
        position: Some((31.2294, 121.4645)),
        taken_at: None,
        offset: None,
        make: "Bading".to_owned(),
        model: "Test".to_owned(),
    })
}

/// The city's files: the demo's cells and duties, a route along three cells, two shifts and
/// a vacancy.
fn import(hub: &TestHub) {
    let put = |kind: &str, bytes: &[u8]| {
        hub.hub.put_pack(kind, bytes).expect("put in force");
    };
    put(
        GRIDS,
        &grids_pack(CELLS, "code", &CodeProfile::fifteen()).expect("cells"),
    );
    put(DUTIES, &duties_pack(LIST).expect("duties"));
    let route = serde_json::json!({
        "type": "Feature",
        "properties": {
            "code": "R-1", "name": HOSTILE, "corridor_m": 25,
            "checkpoints": [
                {"id": "gate", "lat": 31.2295, "lon": 121.4645},
                {"id": "bridge", "lat": 31.2283, "lon": 121.4665},
            ],
        },
        "geometry": {"type": "LineString", "coordinates":
            [[121.4641, 31.2295], [121.4668, 31.2295], [121.4668, 31.2283], [121.4645, 31.2283]]},
    });
    let routes = bading_core::geo::route_file::read_routes(
        route.to_string().as_bytes(),
        &bading_core::geo::route_file::RouteFileOptions::default(),
    );
    let routes = routes.expect("a route");
    put(ROUTES, &bading_core::geo::route_file::routes_pack(&routes));
    let roster = "person,date,slot,start,end,grids,route,leave\n\
        u1,2026-03-02,AM,08:30,10:30,310101002001001 310101002001002 310101002001003,R-1,\n\
        u2,2026-03-02,AM,08:30,10:30,310101002001004,,\n\
        u3,2026-03-02,AM,08:30,10:30,310101002001005,,病假\n";
    let roster = bading_core::rules::roster::read_roster(roster.as_bytes(), 480).expect("a roster");
    put(ROSTER, &roster.to_pack());
}

/// Fixes every 16 s along the route from 08:35, with a gap, poor ones, and an early end.
fn walk() -> Vec<Fix> {
    let mut fixes = Vec::new();
    let mut ms = at(-85).0;
    let mut go = |lat: f64, lon: f64, accuracy_m: f64, after_ms: u64| {
        fixes.push(Fix {
            at: UtcMs(ms),
            place: place(lat, lon),
            accuracy_m: Some(accuracy_m),
            is_mock: false,
        });
        ms += after_ms;
    };
    for n in 0..=13 {
        let accuracy_m = if (8..11).contains(&n) { 90.0 } else { 6.0 };
        go(
            31.2295 + f64::from(n % 3) * 1e-5,
            121.4641 + f64::from(n) * 2e-4,
            accuracy_m,
            16_000,
        );
    }
    for n in 1..=6 {
        go(
            31.2295 - f64::from(n) * 1.8e-4,
            121.4668,
            6.0,
            if n == 6 { 196_000 } else { 16_000 },
        );
    }
    for n in 0..=4 {
        go(31.2283, 121.4664 - f64::from(n) * 2e-4, 6.0, 16_000);
    }
    fixes
}

fn patrol(hub: &TestHub, device: &mut Device) {
    let patrol = Subject::patrol(PatrolId(Uuid::from_bytes([9; 16])));
    let fixes = walk();
    let marks = vec![Mark {
        why: Interruption::BatterySaver,
        at: fixes[19].at,
        after_fixes: 20,
    }];
    let start = device.commit(|body| {
        let route = Some(RouteCode::parse("R-1").expect("a code"));
        body.push(
            patrol,
            Kind::StartPatrol {
                mode: Mode::Walk,
                route,
                routes_pin: None,
            },
        );
    });
    let track = device.commit(|body| {
        let count = fixes.len() as u64;
        let chunk = Chunk {
            fixes: fixes.clone(),
            marks,
        }
        .encode()
        .expect("a chunk");
        let chunk = body.chunk(chunk, [3; 16]);
        body.push(
            patrol,
            Kind::Track {
                index: 0,
                fixes: count,
                chunk,
            },
        );
    });
    let finish = device.commit(|body| {
        body.push(patrol, Kind::StepPatrol(PatrolStep::Finish));
    });
    device.push(hub, &[&start, &track, &finish]);
}

/// A case with photos at a place of the route.
fn report(
    hub: &TestHub,
    device: &mut Device,
    id: u8,
    where_: (f64, f64),
    photos: &[(Vec<u8>, PhotoRole)],
) -> (CaseId, Hash) {
    let case_id = CaseId(Uuid::from_bytes([id; 16]));
    let commit = device.commit(|body| {
        let placed = body.place(
            &Placed::new(place(where_.0, where_.1), Some(6.0), false),
            [id; 16],
        );
        let open = Kind::Open {
            source: Source::Inspector,
            seen_at: None,
            duty_pin: None,
            class: Some(ClassCode::parse("010101").expect("a code")),
            grid: Some(GridCode::parse("310101002001001").expect("a code")),
            place: Some(placed),
            note: None,
        };
        body.push(Subject::case(case_id), open);
        for (bytes, role) in photos {
            body.push(
                Subject::case(case_id),
                Kind::AddPhoto(Photo {
                    hash: hash_of(bytes),
                    role: *role,
                    size_bytes: bytes.len() as u64,
                }),
            );
        }
    });
    device.push(hub, &[&commit]);
    for (bytes, _) in photos {
        let path = hub.url(&format!("/v1/blobs/{}", hash_of(bytes)));
        let status = device
            .with_token(hub.http.put(path).body(bytes.clone()))
            .status();
        assert!(status.is_success());
    }
    (case_id, commit.hash())
}

/// A hub with a day: a patrol with every kind of gap, a case that is overdue, one that waits.
fn with_a_day(limits: ServeLimits) -> TestHub {
    let hub = TestHub::start_with(limits);
    import(&hub);
    let mut inspector = hub.device_of(
        1,
        CodeSpec {
            person: Some(person("u1")),
            ..CodeSpec::new(Role::Inspector)
        },
    );
    let mut supervisor = hub.device(2, Role::Supervisor);
    // The test device's commits are of 10:00; the patrol's fixes say when it was walked.
    patrol(&hub, &mut inspector);
    let photos = [
        (picture(1, 1), PhotoRole::Near),
        (picture(2, 6), PhotoRole::Far),
    ];
    let (case_id, basis) = report(&hub, &mut inspector, 0x51, (31.22945, 121.4645), &photos);
    let file = supervisor.transition(case_id, Action::File, basis);
    let dispatch = supervisor.commit(|body| {
        let department = Some(DepartmentId::parse("市政养护公司").expect("a department"));
        let Kind::Transition {
            action,
            basis,
            reason,
            ..
        } = transition(Action::Dispatch, file.hash())
        else {
            panic!("a transition");
        };
        body.push(
            Subject::case(case_id),
            Kind::Transition {
                action,
                basis,
                department,
                reason,
            },
        );
    });
    supervisor.push(&hub, &[&file, &dispatch]);
    let broken = [
        (b"\0\0\0\x18ftypheic".to_vec(), PhotoRole::Near),
        (b"no photo".to_vec(), PhotoRole::Far),
    ];
    report(&hub, &mut inspector, 0x52, (31.2283, 121.4663), &broken);
    hub.clock.forward(3 * 60 * MINUTE_MS);
    hub
}

fn tell(text: &str, name: &str) -> String {
    let head = text.to_ascii_lowercase();
    let lines = head
        .lines()
        .filter_map(|line| line.strip_prefix(&format!("{name}: ")));
    lines.map(str::trim).collect()
}

/// One request with headers of our own, `Host` among them.
fn raw(hub: &TestHub, path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", hub.port())).expect("connected");
    let request = format!("GET {path} HTTP/1.1\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn page_of_a_day_shows_the_verdict_and_what_it_rests_on() {
    let hub = with_a_day(ServeLimits::default());
    let page = page(&hub, "/?lang=en");
    for expected in [
        "2026-03-02",
        "class=\"letter grade-",
        "Coverage of the route",
        "class=\"covered\"",
        "class=\"missed not-visited\"",
        "class=\"missed gap-in-fixes\"",
        "class=\"missed fixes-rejected\"",
        "unproven: gap in the fixes",
        "the battery saver stopped it",
        "accuracy too poor",
        "No fix",
        "市政养护公司",
        "Overdue",
        "Red lamp",
        "not applicable",
        "病假",
        "HEIC: kept as it is",
        "cannot be read as a photo",
        "bading hub review",
    ] {
        assert!(page.contains(expected), "{expected} is missing in\n{page}");
    }
    let chinese = self::page(&hub, "/?day=2026-03-02");
    assert!(chinese.contains("<html lang=\"zh-CN\">") && chinese.contains("超时"));
    let only = self::page(&hub, "/?person=u2&lang=en");
    assert!(only.contains("No route was planned") && !only.contains("class=\"covered\""));
    let other = self::page(&hub, "/?day=2026-03-09&lang=en");
    assert!(other.contains("No shift on this day."), "{other}");
}

#[test]
fn hub_without_a_roster_says_what_to_import() {
    let hub = TestHub::start();
    let response = hub
        .http
        .get(hub.url("/"))
        .header("accept-language", "en-GB,zh;q=0.5");
    let response = response.send().expect("an answer");
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .expect("ascii");
    assert!(policy.starts_with("default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(response.headers()[name], value);
    }
    let text = response.text().expect("a body");
    assert!(text.contains("<html lang=\"en\">"));
    assert!(text.contains("bading hub import roster"), "{text}");
    assert!(page(&hub, "/").contains("还没有排班"));
}

#[test]
fn typed_names_never_become_markup() {
    let hub = with_a_day(ServeLimits::default());
    for language in ["en", "zh-CN"] {
        let page = page(&hub, &format!("/?lang={language}"));
        assert!(!page.contains("<script"));
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)"));
        // The mark that turns the direction of what follows is gone.
        assert!(!page.contains('\u{202e}'));
    }
}

#[test]
fn page_is_refused_to_other_hosts_and_behind_proxies() {
    let hub = with_a_day(ServeLimits::default());
    let own = "host: localhost\r\n";
    assert!(raw(&hub, "/", own).starts_with("HTTP/1.1 200"));
    let photo = format!("/page/photos/{}/320", hash_of(&picture(1, 1)));
    assert!(raw(&hub, "/page/icon.svg", "host: [::1]:80\r\n").starts_with("HTTP/1.1 200"));
    for headers in [
        "host: hub.example\r\n",
        "host: 127.0.0.1.evil.example\r\n",
        "host: localhost\r\nhost: localhost\r\n",
        "host: localhost\r\nx-forwarded-for: 10.0.0.1\r\n",
        "host: localhost\r\nforwarded: for=10.0.0.1\r\n",
        "host: localhost\r\nvia: 1.1 proxy\r\n",
    ] {
        let answer = raw(&hub, "/", headers);
        assert!(answer.starts_with("HTTP/1.1 4"), "{headers}{answer}");
        assert!(!answer.contains("class=\"shift\""), "{headers}");
        if answer.starts_with("HTTP/1.1 403") {
            assert!(tell(&answer, "content-type").starts_with("text/html"));
            assert!(answer.contains("只对中枢所在") && answer.contains("own machine"));
        }
        for path in [photo.as_str(), "/page.json", "/page/icon.svg"] {
            let answer = raw(&hub, path, headers);
            assert!(answer.starts_with("HTTP/1.1 4"), "{path} {headers}{answer}");
            if answer.starts_with("HTTP/1.1 403") {
                assert!(answer.contains("\"code\":\"own_machine_only\""), "{answer}");
            }
        }
    }
    let absolute = raw(&hub, "http://hub.example/", own);
    assert!(absolute.starts_with("HTTP/1.1 403"), "{absolute}");
    // What phones ask for is answered whatever the host.
    assert!(raw(&hub, "/healthz", "host: hub.example\r\nvia: x\r\n").starts_with("HTTP/1.1 200"));
}

#[test]
fn page_is_refused_by_a_hub_that_listens_to_the_network() {
    let hub = TestHub::start_at("0.0.0.0:0", ServeLimits::default());
    assert!(raw(&hub, "/", "host: localhost\r\n").starts_with("HTTP/1.1 403"));
    assert!(raw(&hub, "/page.json", "host: localhost\r\n").starts_with("HTTP/1.1 403"));
}

#[test]
fn page_that_is_switched_off_is_not_there() {
    let limits = ServeLimits {
        page: false,
        ..ServeLimits::default()
    };
    let hub = TestHub::start_with(limits);
    for path in ["/", "/page.json", "/page/icon.svg"] {
        assert_problem(get(&hub, path), 404, "not_found");
    }
}

#[test]
fn photo_of_a_commit_is_upright_small_and_without_metadata() {
    let hub = with_a_day(ServeLimits::default());
    let turned = picture(2, 6);
    let response = get(&hub, &format!("/page/photos/{}/320", hash_of(&turned)));
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(response.headers()["content-type"], "image/jpeg");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    let facts = bading_core::photo::inspect(&response.bytes().expect("a body")).expect("a photo");
    assert_eq!(
        (facts.orientation, facts.position, facts.make),
        (1, None, None)
    );
    assert_eq!(facts.width_px.max(facts.height_px), 320);
    let large = get(&hub, &format!("/page/photos/{}/1600", hash_of(&turned)));
    assert_eq!(large.status().as_u16(), 200);
}

#[test]
fn photo_that_is_unknown_unreadable_or_a_pack_is_404() {
    let hub = with_a_day(ServeLimits::default());
    let pack = hub.hub.put_pack(
        GRIDS,
        &grids_pack(CELLS, "code", &CodeProfile::fifteen()).expect("cells"),
    );
    let pack = pack.expect("in force").hash.to_string();
    let known = hash_of(&picture(1, 1)).to_string();
    let heic = hash_of(b"\0\0\0\x18ftypheic").to_string();
    for (hash, longest) in [
        (hash_of(b"never sent").to_string(), "320"),
        (heic, "320"),
        (hash_of(b"no photo").to_string(), "1600"),
        (pack, "320"),
        (known.clone(), "321"),
        (known, "0320"),
        ("zz".to_owned(), "320"),
    ] {
        let response = get(&hub, &format!("/page/photos/{hash}/{longest}"));
        assert_problem(response, 404, "unknown_blob");
    }
}

#[test]
fn json_is_the_review_and_bad_days_are_400() {
    let hub = with_a_day(ServeLimits::default());
    let text = get(&hub, "/page.json?day=2026-03-02")
        .text()
        .expect("a body");
    let review: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(review["schema"], "bading/review/1");
    assert_eq!(review["shifts"].as_array().map(Vec::len), Some(2));
    for query in [
        "day=yesterday",
        "day=2026-02-30",
        "day=02026-03-02",
        "day=1900-01-01",
        "day=%ff",
        "lang=xx",
        "day=2026-03-02&day=2026-03-03",
    ] {
        let response = get(&hub, &format!("/?{query}"));
        assert_eq!(response.status().as_u16(), 400, "{query}");
        assert!(response.text().expect("a body").contains("2026-01-31"));
        assert_problem(get(&hub, &format!("/page.json?{query}")), 400, "malformed");
    }
}

/// A hub with a day for a browser, until somebody ends it:
/// `cargo test -p bading-hub --test http a_day_for_the_eyes -- --ignored --nocapture`.
#[test]
#[ignore = "serves until a line comes on its standard input"]
fn a_day_for_the_eyes() {
    let hub = with_a_day(ServeLimits::default());
    eprintln!("{}", hub.url("/"));
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("a line");
}
