//! Codes and devices, for supervisors and administrators.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use bading_core::model::grid::{GridCode, GridScope};
use bading_core::model::identifiers::{DepartmentId, DeviceKey, PersonId};
use bading_core::model::person::Role;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Shared;
use super::body::read_json;
use super::problem::ProblemReply;
use super::session::read_key;
use crate::enrol::{CodeSpec, DeviceInfo};
use crate::error::HubError;
use crate::{Caller, Hub};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeRequest {
    role: String,
    person: Option<String>,
    #[serde(default)]
    grids: Vec<String>,
    department: Option<String>,
    valid_days: Option<u32>,
}

impl CodeRequest {
    fn spec(&self) -> Result<CodeSpec, HubError> {
        let grids = self.grids.iter().map(|grid| GridCode::parse(grid));
        let grids = grids
            .collect::<Result<_, _>>()
            .map_err(|_| HubError::Input("grids: not the beginning of a grid code"))?;
        Ok(CodeSpec {
            role: Role::parse(&self.role).ok_or(HubError::Input("role: unknown"))?,
            person: self
                .person
                .as_deref()
                .map(PersonId::parse)
                .transpose()
                .map_err(|_| HubError::Input("person: not a personnel number"))?,
            grids: GridScope(grids),
            department: self
                .department
                .as_deref()
                .map(DepartmentId::parse)
                .transpose()
                .map_err(|_| HubError::Input("department: not a department"))?,
            valid_days: self.valid_days,
        })
    }
}

pub(super) async fn create_code(
    State(app): Shared,
    request: Request,
) -> Result<Json<Value>, ProblemReply> {
    let caller = app.caller(request.headers()).await?;
    may_administer(&caller)?;
    let asked: CodeRequest = read_json(&app, request).await?;
    let created = app
        .job(move |hub| {
            let spec = asked.spec()?;
            may_touch(&caller, &[spec.role])?;
            hub.create_code(&spec)
        })
        .await?;
    Ok(Json(json!({
        "code": created.code,
        "expires": created.expires.to_rfc3339(),
    })))
}

pub(super) async fn list_devices(
    State(app): Shared,
    headers: HeaderMap,
) -> Result<Json<Value>, ProblemReply> {
    may_administer(&app.caller(&headers).await?)?;
    let devices = app.job(|hub| hub.list_devices()).await?;
    let devices: Vec<_> = devices.iter().map(device_json).collect();
    Ok(Json(json!({"devices": devices})))
}

fn device_json(info: &DeviceInfo) -> Value {
    let authority = &info.authority;
    let roles: Vec<_> = authority.roles.iter().map(|role| role.as_str()).collect();
    let grids: Vec<_> = authority.grids.0.iter().map(GridCode::as_str).collect();
    json!({
        "device_key": info.device.to_string(),
        "person": authority.person.as_ref().map(PersonId::as_str),
        "roles": roles,
        "grids": grids,
        "department": authority.department.as_ref().map(DepartmentId::as_str),
        "epoch": info.epoch,
        "valid_to": info.valid_to.to_rfc3339(),
        "is_revoked": info.is_revoked,
    })
}

pub(super) async fn revoke(
    State(app): Shared,
    key: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Json<Value>, ProblemReply> {
    let caller = app.caller(&headers).await?;
    may_administer(&caller)?;
    let Ok(Path(key)) = key else {
        return Err(ProblemReply::malformed("the path's key cannot be read"));
    };
    let device = read_key(&key)?;
    let position = app.job(move |hub| revoke_as(hub, &caller, &device)).await?;
    // A key that is not enrolled is the path's fault, not the caller's.
    let position = position.ok_or_else(|| {
        let detail = "no device of this key is enrolled";
        ProblemReply::new(StatusCode::NOT_FOUND, "unknown_device", detail)
    })?;
    Ok(Json(json!({"position": position})))
}

/// The position of the revocation, none when it was revoked before; nothing at all for a
/// device that is not enrolled.
fn revoke_as(
    hub: &Hub,
    caller: &Caller,
    device: &DeviceKey,
) -> Result<Option<Option<u64>>, HubError> {
    let devices = hub.list_devices()?;
    let Some(known) = devices.iter().find(|known| known.device == *device) else {
        return Ok(None);
    };
    may_touch(caller, &known.authority.roles)?;
    let entry = hub.revoke(device)?;
    Ok(Some(entry.map(|entry| entry.entry().position)))
}

fn may_administer(caller: &Caller) -> Result<(), HubError> {
    caller.may_fetch()?;
    let roles = [Role::Supervisor, Role::Administrator];
    if caller.authority.has_any(&roles) {
        return Ok(());
    }
    Err(HubError::RoleNotAllowed)
}

/// Only an administrator makes or unmakes an administrator.
fn may_touch(caller: &Caller, roles: &[Role]) -> Result<(), HubError> {
    let is_administrator = caller.authority.has_any(&[Role::Administrator]);
    if roles.contains(&Role::Administrator) && !is_administrator {
        return Err(HubError::RoleNotAllowed);
    }
    Ok(())
}
