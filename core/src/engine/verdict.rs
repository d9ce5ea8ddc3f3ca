//! What is decided about people.

use super::{Engine, EngineError};
use crate::model::case::OpId;
use crate::model::time::UtcMs;
use crate::services::verdict::{
    self, Acted, AppealDecision, Deducting, Exempting, Finding, Period, Published, VerdictView,
};

impl Engine {
    /// Now, and not before the last that a hub told this device.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn now(&self) -> Result<UtcMs, EngineError> {
        Ok(verdict::now(&self.context())?)
    }

    /// As [`verdict::show`].
    pub fn show_verdict(
        &self,
        period: &Period,
        as_of: UtcMs,
        utc_offset_min: i32,
    ) -> Result<VerdictView, EngineError> {
        Ok(verdict::show(
            &self.context(),
            period,
            as_of,
            utc_offset_min,
        )?)
    }

    /// As [`verdict::publish`].
    pub fn publish_verdict(
        &self,
        period: &Period,
        utc_offset_min: i32,
    ) -> Result<Published, EngineError> {
        Ok(verdict::publish(&self.context(), period, utc_offset_min)?)
    }

    /// As [`verdict::appeal`].
    pub fn appeal(
        &self,
        period: &Period,
        reason: &str,
        utc_offset_min: i32,
    ) -> Result<Acted, EngineError> {
        Ok(verdict::appeal(
            &self.context(),
            period,
            reason,
            utc_offset_min,
        )?)
    }

    /// As [`verdict::decide`].
    pub fn decide_appeal(
        &self,
        decision: &AppealDecision,
        utc_offset_min: i32,
    ) -> Result<Acted, EngineError> {
        Ok(verdict::decide(&self.context(), decision, utc_offset_min)?)
    }

    /// As [`verdict::find`].
    pub fn find_against(&self, finding: &Finding) -> Result<Acted, EngineError> {
        Ok(verdict::find(&self.context(), finding)?)
    }

    /// As [`verdict::deduct`].
    pub fn deduct(&self, deducting: &Deducting) -> Result<Acted, EngineError> {
        Ok(verdict::deduct(&self.context(), deducting)?)
    }

    /// As [`verdict::exempt`].
    pub fn exempt(&self, exempting: &Exempting) -> Result<Acted, EngineError> {
        Ok(verdict::exempt(&self.context(), exempting)?)
    }

    /// As [`verdict::withdraw`].
    pub fn withdraw_act(&self, op: OpId, reason: Option<&str>) -> Result<Acted, EngineError> {
        Ok(verdict::withdraw(&self.context(), op, reason)?)
    }
}
