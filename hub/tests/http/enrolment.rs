//! `POST /v1/enrol`.

use bading_core::model::person::Role;
use bading_core::oplog::entry::Stamp;
use bading_hub::CodeSpec;

use crate::device::{Device, post_json, read_certificate};
use crate::server::{DAY_MS, TestHub, assert_problem, person};

#[test]
fn enrol_gives_a_certificate_and_puts_its_grant_in_the_sequence() {
    let hub = TestHub::start();
    let spec = CodeSpec {
        person: Some(person("p-17")),
        ..CodeSpec::new(Role::Inspector)
    };
    let mut device = Device::new(1);
    let certificate = device.enrol(&hub, &hub.code(&spec));
    let grant = certificate.grant();
    assert_eq!(grant.device, device.key());
    assert_eq!(grant.authority.roles, [Role::Inspector]);
    assert_eq!(grant.authority.person, Some(person("p-17")));
    assert_eq!((grant.epoch, grant.intake_zone.as_str()), (1, "310101"));
    assert_eq!(grant.valid_to.0 - grant.valid_from.0, 14 * DAY_MS);
    device.open_session(&hub);
    let page = device.page(&hub, 0, 10);
    assert_eq!(page.items[0].content, Some(certificate.encode()));
    assert_eq!(
        device.pull(&hub)[0].entry().stamp,
        Stamp::Grant(certificate.hash())
    );
}

#[test]
fn enrol_takes_a_code_in_lower_case_without_hyphens() {
    let hub = TestHub::start();
    let code = hub.code(&CodeSpec::new(Role::Citizen));
    Device::new(1).enrol(&hub, &code.to_lowercase().replace('-', ""));
}

#[test]
fn enrol_answers_the_same_certificate_when_the_answer_was_lost() {
    let hub = TestHub::start();
    let code = hub.code(&CodeSpec::new(Role::Inspector));
    let device = Device::new(1);
    let first = device.enrol(&hub, &code);
    hub.clock.forward(30 * DAY_MS);
    assert_eq!(device.enrol(&hub, &code), first);
    assert_eq!(hub.last_position(), 1);
}

#[test]
fn enrol_refuses_a_code_that_is_used_unknown_expired_or_no_code() {
    let hub = TestHub::start();
    let code = hub.code(&CodeSpec::new(Role::Inspector));
    Device::new(1).enrol(&hub, &code);
    let other = Device::new(2);
    assert_problem(other.try_enrol(&hub, &code), 403, "code_invalid");
    let unknown = "0000-0000-0000-0000-0000-0000-00";
    assert_problem(other.try_enrol(&hub, unknown), 403, "code_invalid");
    assert_problem(other.try_enrol(&hub, "no code"), 403, "code_invalid");
    let late = hub.code(&CodeSpec::new(Role::Inspector));
    hub.clock.forward(7 * DAY_MS);
    assert_problem(other.try_enrol(&hub, &late), 403, "code_invalid");
    assert_eq!(hub.last_position(), 1);
}

#[test]
fn enrol_refuses_a_signature_of_another_key_and_leaves_the_code_unused() {
    let hub = TestHub::start();
    let code = hub.code(&CodeSpec::new(Role::Inspector));
    let device = Device::new(1);
    let mut request = device.enrol_request(&code);
    request.signature = Device::new(2).enrol_request(&code).signature;
    let response = post_json(&hub, "/v1/enrol", &request);
    assert_problem(response, 422, "bad_signature");
    device.enrol(&hub, &code);
}

#[test]
fn enrol_again_raises_the_epoch_and_keeps_the_person_when_the_code_names_none() {
    let hub = TestHub::start();
    let device = Device::new(1);
    let first = device.enrol(&hub, &hub.code(&CodeSpec::new(Role::Citizen)));
    let second = device.enrol(&hub, &hub.code(&CodeSpec::new(Role::Inspector)));
    assert_eq!(second.grant().epoch, 2);
    let person_of = |grant: &bading_core::oplog::certificate::Grant| {
        grant.authority.person.clone().expect("every grant has one")
    };
    assert_eq!(person_of(first.grant()), person_of(second.grant()));
    let named = CodeSpec {
        person: Some(person("p-9")),
        ..CodeSpec::new(Role::Inspector)
    };
    let third = device.enrol(&hub, &hub.code(&named));
    assert_eq!(person_of(third.grant()), person("p-9"));
    let people = hub.hub.list_people().expect("the store reads");
    let p9 = people.iter().find(|known| known.person == person("p-9"));
    assert_eq!(p9.map(|known| known.devices.len()), Some(1));
}

#[test]
fn enrol_refuses_a_key_that_was_revoked() {
    let hub = TestHub::start();
    let device = hub.device(1, Role::Inspector);
    hub.hub.revoke(&device.key()).expect("known");
    let code = hub.code(&CodeSpec::new(Role::Inspector));
    assert_problem(device.try_enrol(&hub, &code), 403, "revoked");
    Device::new(2).enrol(&hub, &code);
}

#[test]
fn certificate_reads_under_the_hubs_key_alone() {
    let (hub, other) = (TestHub::start(), TestHub::start());
    let certificate = Device::new(1).enrol(&hub, &hub.code(&CodeSpec::new(Role::Auditor)));
    let text = hex::encode(certificate.encode());
    assert_eq!(read_certificate(&hub, &text), certificate);
    let bytes = certificate.encode();
    let read = bading_core::oplog::certificate::Certificate::decode(&bytes, &other.hub.key());
    assert!(read.is_err());
}
