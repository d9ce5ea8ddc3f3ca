//! `GET /v1/zones/{zone}/log` and packs.

use bading_core::model::person::Role;
use bading_core::oplog::entry::Stamp;
use bading_core::oplog::sign::hash_of;
use bading_core::sync::wire::PackList;

use crate::server::{TestHub, ZONE, assert_problem};

#[test]
fn pages_of_any_size_together_are_the_whole_zone_with_its_contents() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    let commits: Vec<_> = (0..9).map(|_| device.report(None).1).collect();
    device.push(&hub, &commits.iter().collect::<Vec<_>>());
    let whole = device.page(&hub, 0, 500);
    assert_eq!((whole.items.len(), whole.cursor), (10, 10));
    assert!(!whole.has_more && whole.epoch == 1);
    assert_eq!(whole.items[9].content, Some(commits[8].encode()));
    for limit in [1, 3, 9, 10] {
        let (mut cursor, mut items) = (0, Vec::new());
        loop {
            let page = device.page(&hub, cursor, limit);
            assert!(page.items.len() <= limit);
            cursor = page.cursor;
            items.extend(page.items);
            if !page.has_more {
                break;
            }
        }
        assert_eq!(items, whole.items, "limit {limit}");
    }
    let end = device.page(&hub, 10, 500);
    assert_eq!((end.items.len(), end.cursor, end.has_more), (0, 10, false));
}

#[test]
fn page_stays_within_its_bytes_when_commits_are_large() {
    let hub = TestHub::start();
    let mut device = hub.device(1, Role::Inspector);
    let (case_id, report) = device.report(None);
    device.push(&hub, &[&report]);
    let note = "路".repeat(2_700);
    for _ in 0..4 {
        let commits: Vec<_> = (0..10)
            .map(|_| {
                device.commit(|body| {
                    for nonce in 0..12 {
                        let text = body.text(&note, [nonce; 16]);
                        let subject = bading_core::oplog::body::Subject::case(case_id);
                        body.push(subject, bading_core::oplog::body::Kind::Comment(text));
                    }
                })
            })
            .collect();
        device.push(&hub, &commits.iter().collect::<Vec<_>>());
    }
    let page = device.page(&hub, 0, 500);
    assert!(page.has_more);
    let content = |item: &bading_core::sync::wire::PageItem| item.content.as_ref().map(Vec::len);
    let bytes: usize = page.items.iter().filter_map(content).sum();
    assert!((2_500_000..=3 * 1024 * 1024).contains(&bytes), "{bytes}");
    assert_eq!(device.pull(&hub).len(), 42);
}

#[test]
fn citizen_receives_own_cases_and_own_commits_and_grants_and_nothing_else() {
    let hub = TestHub::start();
    let mut inspector = hub.device(1, Role::Inspector);
    let mut citizen = hub.device(2, Role::Citizen);
    let (own, own_report) = citizen.report(None);
    let (other, other_report) = inspector.report(None);
    citizen.push(&hub, &[&own_report]);
    inspector.push(&hub, &[&other_report]);
    let on_own = inspector.comment(own, "seen");
    let on_other = inspector.comment(other, "not for the citizen");
    inspector.push(&hub, &[&on_own, &on_other]);
    let meddling = citizen.comment(other, "refused");
    citizen.push(&hub, &[&meddling]);
    let commits: Vec<_> = citizen
        .pull(&hub)
        .iter()
        .filter_map(|entry| match &entry.entry().stamp {
            Stamp::Commit { commit, .. } => Some(*commit),
            _ => None,
        })
        .collect();
    let expected = [own_report.hash(), on_own.hash(), meddling.hash()];
    assert_eq!(commits, expected);
    let grants = citizen.pull(&hub).len() - commits.len();
    assert_eq!(grants, 2);
    // What is left out moves the cursor all the same.
    let page = citizen.page(&hub, 0, 500);
    assert_eq!((page.cursor, page.has_more), (hub.last_position(), false));
    assert_eq!(inspector.pull(&hub).len(), 7);
}

#[test]
fn citizen_receives_the_case_from_a_second_device_of_the_same_person() {
    let hub = TestHub::start();
    let spec = bading_hub::CodeSpec {
        person: Some(crate::server::person("c-1")),
        ..bading_hub::CodeSpec::new(Role::Citizen)
    };
    let mut old = hub.device_of(1, spec.clone());
    let (_, report) = old.report(None);
    old.push(&hub, &[&report]);
    let new = hub.device_of(2, spec);
    assert_eq!(new.pull(&hub).len(), 3);
    let stranger = hub.device(3, Role::Citizen);
    assert_eq!(stranger.pull(&hub).len(), 3, "three grants, no commit");
}

#[test]
fn page_of_another_zone_is_404_and_a_cursor_that_is_no_number_400() {
    let hub = TestHub::start();
    let device = hub.device(1, Role::Inspector);
    for zone in ["310104", "31-01", "%ff"] {
        let path = format!("/v1/zones/{zone}/log");
        assert_problem(device.get(&hub, &path), 404, "unknown_zone");
    }
    for query in [
        "after=-1",
        "after=x",
        "limit=1e9",
        "after=99999999999999999999",
    ] {
        let path = format!("/v1/zones/{ZONE}/log?{query}");
        assert_problem(device.get(&hub, &path), 400, "malformed");
    }
    let far = device.page(&hub, u64::MAX, 500);
    assert!(far.items.is_empty() && !far.has_more);
}

#[test]
fn pack_is_in_force_once_however_often_it_is_put() {
    let hub = TestHub::start();
    let device = hub.device(1, Role::Inspector);
    let put = |kind, bytes: &[u8]| hub.hub.put_pack(kind, bytes).expect("a pack");
    let first = put("grids", b"grids of March");
    assert!(first.is_new && first.version == 1);
    assert!(!put("grids", b"grids of March").is_new);
    assert_eq!(hub.last_position(), 2);
    let second = put("grids", b"grids of April");
    assert!(second.is_new && second.version == 2);
    let back = put("grids", b"grids of March");
    assert!(back.is_new && back.version == 3, "an older version again");
    put("duties", b"duties");
    assert!(hub.hub.put_pack("Grids", b"").is_err());
    let text = device.get(&hub, "/v1/packs").text().expect("a body");
    let list: PackList = serde_json::from_str(&text).expect("a list");
    let listed: Vec<_> = list.packs.iter().map(|p| (&*p.kind, &p.hash)).collect();
    let duties = hash_of(b"duties").to_string();
    let march = hash_of(b"grids of March").to_string();
    assert_eq!(listed, [("duties", &duties), ("grids", &march)]);
    assert_eq!(list.packs[1].size_bytes, 14);
    let response = device.get(&hub, &format!("/v1/packs/{march}"));
    assert_eq!(&response.bytes().expect("a body")[..], b"grids of March");
    let response = device.get(&hub, &format!("/v1/packs/{}", "00".repeat(32)));
    assert_problem(response, 404, "unknown_pack");
    let stamps = device.pull(&hub);
    let last = stamps.last().expect("not empty");
    assert_eq!(last.entry().stamp, Stamp::Pack(hash_of(b"duties")));
    hub.assert_sound();
}
