//! When a report was made, as far as its bytes and the hub's stamp prove it, and what its
//! device attests.

use serde::Serialize;

use crate::model::time::UtcMs;
use crate::oplog::attest::Witness;
use crate::oplog::body::{Body, Lookup};
use crate::oplog::commit::Commit;
use crate::oplog::fold::{CaseState, Event};
use crate::oplog::hlc::CLOCK_LEAD_MS;
use crate::oplog::trusted_time::TrustedTimes;
use crate::services::{ServiceError, log};
use crate::storage::Tx;

/// When a report was made: an instant where the device's clock is believed, else the bounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// Not before this, RFC 3339.
    pub from: String,
    /// Not after this, RFC 3339; nothing while the hub has no stamp on it and its clock is not
    /// believed.
    pub to: Option<String>,
    /// What says so. `clock`: the device's clock, within the bounds; `claim`: its clock alone,
    /// before the hub has the report. Of bounds first the lower one: `hub_contact`,
    /// `challenge`, `gnss`, or `other_acts` of the device; then the upper: `receipt` or
    /// `other_acts`.
    pub by: Vec<&'static str>,
}

/// What a device attests of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attested {
    /// What made the position.
    pub provider: &'static str,
    /// The satellites' time of it, RFC 3339.
    pub gnss_time: Option<String>,
    /// `camera` or `gallery`, where known.
    pub photo_source: Option<&'static str>,
    /// The hour of the hub's challenge in it, RFC 3339; `bading verify` checks the challenge.
    pub challenge_hour: Option<String>,
    /// What looked odd to the device: nothing where it was erased.
    pub hints: Vec<SeenHint>,
}

/// Something that looked odd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenHint {
    /// The stable code.
    pub kind: String,
    /// The figures behind it.
    pub detail: String,
}

/// When the report of a case was made; nothing before it has arrived.
#[must_use]
pub fn seen(state: &CaseState) -> Option<Seen> {
    let opening = state.opened.as_ref()?.op;
    let event = state.events.iter().find(|event| event.op == opening)?;
    let witness = state.witness_of(&opening.commit);
    let Some(stamped) = event.hub_time else {
        return Some(before_any_stamp(event, witness));
    };
    let times = TrustedTimes::of_states(std::slice::from_ref(state), &[]);
    let span = times.span_of(event);
    let (from, to) = (span.earliest(), span.latest());
    let by = if from == to {
        vec!["clock"]
    } else {
        let upper = if to == stamped {
            "receipt"
        } else {
            "other_acts"
        };
        vec![lower(from, event.last_hub_time, witness), upper]
    };
    Some(Seen {
        from: from.to_rfc3339(),
        to: Some(to.to_rfc3339()),
        by,
    })
}

/// A device's own view, unless its clock lags behind what it has been told.
fn before_any_stamp(event: &Event, witness: Witness) -> Seen {
    let told = [event.last_hub_time, witness.challenge, witness.gnss_time];
    let floor = told.into_iter().flatten().max().unwrap_or_default();
    let wall = event.signing.clock.wall;
    if wall.plus_ms(CLOCK_LEAD_MS) < floor {
        return Seen {
            from: floor.to_rfc3339(),
            to: None,
            by: vec![lower(floor, event.last_hub_time, witness)],
        };
    }
    let claimed = event.signing.claimed.to_rfc3339();
    Seen {
        from: claimed.clone(),
        to: Some(claimed),
        by: vec!["claim"],
    }
}

fn lower(from: UtcMs, last_hub_time: Option<UtcMs>, witness: Witness) -> &'static str {
    if last_hub_time == Some(from) {
        "hub_contact"
    } else if witness.challenge == Some(from) {
        "challenge"
    } else if witness.gnss_time == Some(from) {
        "gnss"
    } else {
        "other_acts"
    }
}

/// What the device attests of the report of a case.
///
/// # Errors
/// [`ServiceError::Store`].
pub fn attested(tx: &Tx<'_>, state: &CaseState) -> Result<Option<Attested>, ServiceError> {
    let (Some(attest), Some(opened)) = (&state.attest, &state.opened) else {
        return Ok(None);
    };
    let mut hints = Vec::new();
    if let (Some(at), Some(stored)) = (attest.hints, tx.find_commit(&opened.op.commit)?) {
        let commit = Commit::decode(&stored.bytes).map_err(log::damaged)?;
        if let Lookup::Present(sealed) = Body::hints(commit.values(), at) {
            hints = sealed
                .into_iter()
                .map(|(kind, detail)| SeenHint { kind, detail })
                .collect();
        }
    }
    Ok(Some(Attested {
        provider: attest.provider.as_str(),
        gnss_time: attest.gnss_time.map(UtcMs::to_rfc3339),
        photo_source: attest.photo_source.map(|source| source.as_str()),
        challenge_hour: attest.witness().challenge.map(UtcMs::to_rfc3339),
        hints,
    }))
}
