//! `/v1/admin`: codes and devices.

use bading_core::model::person::Role;
use serde_json::{Value, json};

use crate::device::{Device, json as text};
use crate::server::{TestHub, assert_problem};

fn ask_code(hub: &TestHub, device: &Device, body: &Value) -> reqwest::blocking::Response {
    device.post(hub, "/v1/admin/codes", text(body).into_bytes())
}

fn read(response: reqwest::blocking::Response) -> Value {
    assert_eq!(response.status().as_u16(), 200);
    serde_json::from_str(&response.text().expect("a body")).expect("json")
}

#[test]
fn code_made_by_a_supervisor_enrols_a_handler_as_it_says() {
    let hub = TestHub::start();
    let supervisor = hub.device(1, Role::Supervisor);
    let asked = json!({
        "role": "handler", "person": "h-1", "grids": ["310101"],
        "department": "roads", "valid_days": 1,
    });
    let answer = read(ask_code(&hub, &supervisor, &asked));
    assert_eq!(answer["expires"], "2026-03-03T02:00:00.000Z");
    let code = answer["code"].as_str().expect("a code");
    let certificate = Device::new(2).enrol(&hub, code);
    let authority = &certificate.grant().authority;
    assert_eq!(authority.roles, [Role::Handler]);
    assert_eq!(authority.grids.0[0].as_str(), "310101");
    let department = authority.department.as_ref().map(|d| d.as_str());
    assert_eq!(department, Some("roads"));
}

#[test]
fn codes_are_refused_to_other_roles_and_administrators_to_supervisors() {
    let hub = TestHub::start();
    let citizen_code = json!({"role": "citizen"});
    for (seed, role) in (1..).zip([Role::Citizen, Role::Inspector, Role::Auditor]) {
        let device = hub.device(seed, role);
        let answer = ask_code(&hub, &device, &citizen_code);
        assert_problem(answer, 403, "role_not_allowed");
        let answer = device.get(&hub, "/v1/admin/devices");
        assert_problem(answer, 403, "role_not_allowed");
    }
    let supervisor = hub.device(8, Role::Supervisor);
    let administrator = hub.device(9, Role::Administrator);
    let asked = json!({"role": "administrator"});
    let answer = ask_code(&hub, &supervisor, &asked);
    assert_problem(answer, 403, "role_not_allowed");
    read(ask_code(&hub, &administrator, &asked));
    let path = format!("/v1/admin/devices/{}/revoke", administrator.key());
    let answer = supervisor.post(&hub, &path, Vec::new());
    assert_problem(answer, 403, "role_not_allowed");
}

#[test]
fn code_with_a_wrong_field_is_malformed() {
    let hub = TestHub::start();
    let supervisor = hub.device(1, Role::Supervisor);
    for asked in [
        json!({"role": "mayor"}),
        json!({"role": "handler", "person": "two words"}),
        json!({"role": "handler", "grids": ["a b"]}),
        json!({"role": "handler", "grids": vec!["310101"; 257]}),
        json!({"role": "handler", "department": ""}),
        json!({"role": "handler", "valid_days": 0}),
        json!({"role": "handler", "valid_days": 91}),
        json!({"role": "handler", "validdays": 1}),
    ] {
        assert_problem(ask_code(&hub, &supervisor, &asked), 400, "malformed");
    }
}

#[test]
fn revocation_is_listed_and_a_second_one_changes_nothing() {
    let hub = TestHub::start();
    let supervisor = hub.device(1, Role::Supervisor);
    let inspector = hub.device(2, Role::Inspector);
    let path = format!("/v1/admin/devices/{}/revoke", inspector.key());
    let answer = read(supervisor.post(&hub, &path, Vec::new()));
    assert_eq!(answer["position"], 3);
    let answer = read(supervisor.post(&hub, &path, Vec::new()));
    assert_eq!(answer["position"], Value::Null);
    assert_eq!(hub.last_position(), 3);
    let listed = read(supervisor.get(&hub, "/v1/admin/devices"));
    let devices = listed["devices"].as_array().expect("a list");
    let revoked = |key: String| {
        let found = devices.iter().find(|d| d["device_key"] == key.as_str());
        found.map(|device| device["is_revoked"].clone())
    };
    assert_eq!(revoked(inspector.key().to_string()), Some(json!(true)));
    assert_eq!(revoked(supervisor.key().to_string()), Some(json!(false)));
    let unknown = format!("/v1/admin/devices/{}/revoke", "00".repeat(32));
    let answer = supervisor.post(&hub, &unknown, Vec::new());
    assert_problem(answer, 404, "unknown_device");
}
