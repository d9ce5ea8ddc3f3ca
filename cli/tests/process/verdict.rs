//! `bading verdict` on phones that share a hub: the same bytes everywhere, each act only by
//! those who may, and what is wrong named.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::support::{Answer, Bench, GRIDS, HubProcess, Phone, text};

const ROUTE: &str = r#"{"type":"FeatureCollection","features":[{"type":"Feature",
    "properties":{"code":"R-01"},"geometry":{"type":"LineString",
    "coordinates":[[121.4641,31.2281],[121.4669,31.2281]]}}]}"#;
const ROSTER: &str = "person,date,slot,start,end,grids,route\n\
    i-1,2026-03-02,AM,08:00,10:00,310101002001001,R-01\n";
const DAY: [&str; 2] = ["--from", "2026-03-02"];

struct City {
    _bench: Bench,
    hub: HubProcess,
    boss: Phone,
    inspector: Phone,
    colleague: Phone,
}

impl City {
    fn new() -> Self {
        let bench = Bench::new();
        let hub = HubProcess::start(bench.path("hub"));
        let import = |kind: &str, content: &str| {
            let file = bench.write(kind, content);
            let file = file.to_str().expect("a test's path is text");
            hub.admin(&["import", kind, file]).json();
        };
        let enrol = |name: &str, role: &str, person: &str| {
            let phone = bench.phone(name);
            let code = hub.admin(&[
                "admin", "code", "create", "--role", role, "--person", person,
            ]);
            let code = text(&code.json()["code"]);
            phone.run(["init"]).json();
            phone
                .run(["enrol", "--hub", &hub.url, "--code", &code])
                .json();
            phone
        };
        let boss = enrol("boss", "supervisor", "s-1");
        let inspector = enrol("inspector", "inspector", "i-1");
        let colleague = enrol("colleague", "inspector", "i-2");
        import("grids", GRIDS);
        import("routes", ROUTE);
        import("roster", ROSTER);
        // The windows of this test run from now on, whenever that is.
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("a clock");
        let year = 1970 + now.as_secs() / 31_556_952;
        for year in 2026..=year.max(2026) + 1 {
            let calendar = json!({"year": year, "papers": ["p"], "days": [
                {"name": "x", "date": format!("{year}-01-01"), "isOffDay": true}]});
            import("calendar", &calendar.to_string());
        }
        let city = Self {
            _bench: bench,
            hub,
            boss,
            inspector,
            colleague,
        };
        city.sync();
        city
    }

    fn sync(&self) {
        for _ in 0..2 {
            for phone in [&self.boss, &self.inspector, &self.colleague] {
                phone.run(["sync"]).json();
            }
        }
    }

    fn show(&self, phone: &Phone) -> Value {
        verdict(phone, &["show", "--person", "i-1"], &DAY).json()
    }

    fn publish(&self) -> Value {
        verdict(&self.boss, &["publish", "--person", "i-1"], &DAY).json()
    }

    /// The review of the day as everybody has it who holds the log.
    fn assert_same_review_everywhere(&self) -> Value {
        // The clock goes on between the commands; the review is of one instant.
        let as_of = "2036-01-01T00:00:00+08:00";
        let asked = [
            "review", DAY[0], DAY[1], "--as-of", as_of, "--person", "i-1",
        ];
        let hub = self.hub.admin(&asked);
        for phone in [&self.boss, &self.inspector] {
            assert_eq!(phone.run(asked).stdout, hub.stdout);
        }
        hub.json()
    }
}

fn verdict(phone: &Phone, arguments: &[&str], more: &[&str]) -> Answer {
    phone.run(["verdict"].iter().chain(arguments).chain(more))
}

#[test]
fn appeal_is_upheld_by_an_exemption_that_hub_and_phones_compute_alike() {
    let city = City::new();
    let draft = city.show(&city.inspector);
    assert_eq!(draft["state"], "draft");
    assert_eq!(draft["draft"]["score"], "0.00");
    assert_eq!(draft["cut_off"], "2026-03-05T18:00:00+08:00");
    let first = city.publish();
    assert_eq!(
        (&first["version"], &first["new"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(city.publish()["new"], false);
    city.sync();
    let shown = city.show(&city.inspector);
    assert_eq!(shown["state"], "published");
    assert_eq!(shown["recomputes"], true);
    assert_eq!(shown["versions"][0]["by"], "s-1");
    assert_eq!(shown["versions"][0]["provisional"], false);
    // It is nobody else's business.
    assert_eq!(city.show(&city.colleague)["versions"], json!([]));

    verdict(
        &city.colleague,
        &["appeal", "--person", "i-1", "--reason", "x"],
        &DAY,
    )
    .assert_failed(3, &["not_own_verdict"]);
    let appeal = verdict(&city.inspector, &["appeal", "--reason", "道路封闭"], &DAY).json();
    verdict(&city.inspector, &["appeal", "--reason", "again"], &DAY)
        .assert_failed(3, &["version 1"]);
    city.sync();
    assert_eq!(city.show(&city.boss)["state"], "appealed");
    let listed = city.hub.admin(&["verdicts"]).json();
    let line = &listed["verdicts"][0];
    assert_eq!(
        (&line["person"], &line["state"]),
        (&json!("i-1"), &json!("appealed"))
    );
    assert_eq!(line["pending"], json!([appeal["op"]]));

    let op = text(&appeal["op"]);
    let uphold = ["decide", "--appeal", &op, "--uphold", "--reason", "属实"];
    let what = [
        "--exempt",
        "stretch=R-01:0-100",
        "--exempt",
        "time=2026-03-02T08:00:00+08:00/2026-03-02T09:30:00+08:00",
    ];
    verdict(&city.inspector, &uphold, &what).assert_failed(3, &["role_not_allowed"]);
    verdict(&city.boss, &uphold, &what).json();
    verdict(&city.boss, &uphold, &what).assert_failed(3, &["upheld"]);
    city.sync();
    let review = city.assert_same_review_everywhere();
    let shift = &review["shifts"][0];
    assert_eq!(shift["coverage_score"]["exempted_mm"], 100_000);
    assert_eq!(shift["exempted"][0]["reason"], "appeal_upheld");
    assert_eq!(shift["attendance"]["excused_s"], 90 * 60);
    let second = city.publish();
    assert_eq!(second["version"], 2);
    assert_ne!(second["score"], first["score"]);
    city.sync();
    let shown = city.show(&city.inspector);
    assert_eq!(shown["state"], "published");
    assert_eq!(shown["versions"][0]["appeals"][0]["standing"], "upheld");
    assert_eq!(shown["versions"][1]["score"], second["score"]);
    assert_eq!(city.show(&city.boss)["versions"], shown["versions"]);
    // No window of working days is a year long.
    let later = verdict(&city.inspector, &["show", "--as-of", "2036-01-01"], &DAY).json();
    assert_eq!(later["state"], "final");
    for phone in [&city.boss, &city.inspector, &city.colleague] {
        phone.assert_sound();
    }
    city.hub.stop_and_verify();
}

#[test]
fn what_is_wrong_is_named_by_its_flag_and_nothing_is_sealed() {
    let city = City::new();
    let boss = |arguments: &[&str]| verdict(&city.boss, arguments, &[]);
    let op = format!("{}:0", "ab".repeat(32));
    let cases: [(&[&str], i32, &[&str]); 16] = [
        (
            &["publish", "--person", "i-9", "--from", "2026-03-02"],
            2,
            &["i-9", "no shift"],
        ),
        (
            &["publish", "--person", "s-1", "--from", "2026-03-02"],
            3,
            &["own_verdict"],
        ),
        (
            &["publish", "--person", "i-1", "--from", "2099-03-02"],
            2,
            &["2099", "calendar"],
        ),
        (
            &["publish", "--person", "i-1", "--from", "yesterday"],
            2,
            &["--from", "yesterday"],
        ),
        (
            &["publish", "--person", "i 1", "--from", "2026-03-02"],
            2,
            &["--person", "i 1"],
        ),
        (
            &["decide", "--appeal", &op, "--reject", "--reason", "x"],
            2,
            &[&op],
        ),
        (
            &["decide", "--appeal", "abc", "--reject", "--reason", "x"],
            2,
            &["--appeal", "abc"],
        ),
        (
            &[
                "decide", "--appeal", &op, "--uphold", "--reason", "x", "--exempt", "all",
            ],
            2,
            &["--exempt", "all"],
        ),
        (&["find", "--person", "i-1"], 2, &["case or a photo"]),
        (
            &[
                "find",
                "--person",
                "i-1",
                "--case",
                "8c3a0c1e-0000-4000-8000-000000000000",
            ],
            2,
            &["8c3a0c1e"],
        ),
        (
            &["find", "--person", "i-1", "--photo", "ab"],
            2,
            &["--photo", "ab"],
        ),
        (
            &[
                "deduct",
                "--person",
                "i-1",
                "--points",
                "0",
                "--reason",
                "x",
                "--at",
                "2026-03-02T09:00:00+08:00",
            ],
            2,
            &["points", "0.01"],
        ),
        (
            &[
                "deduct", "--person", "i-1", "--points", "1.255", "--reason", "x",
            ],
            2,
            &["--points", "1.255"],
        ),
        (
            &[
                "exempt",
                "--all",
                "--route",
                "R-99",
                "--from-m",
                "0",
                "--to-m",
                "5",
                "--from",
                "2026-03-02",
                "--to",
                "2026-03-02",
                "--reason",
                "closed_road",
            ],
            2,
            &["R-99"],
        ),
        (
            &[
                "exempt",
                "--all",
                "--route",
                "R-01",
                "--from-m",
                "7",
                "--to-m",
                "5",
                "--from",
                "2026-03-02",
                "--to",
                "2026-03-02",
                "--reason",
                "closed_road",
            ],
            2,
            &["stretch"],
        ),
        (
            &[
                "exempt",
                "--person",
                "i-1",
                "--act",
                &op,
                "--reason",
                "Closed Road",
            ],
            2,
            &["--reason", "Closed Road"],
        ),
    ];
    for (arguments, exit, names) in cases {
        boss(arguments).assert_failed(exit, names);
    }
    boss(&["withdraw", &op]).assert_failed(2, &[&op]);
    assert_eq!(city.boss.run(["outbox"]).json()["commits"], 0);
}
