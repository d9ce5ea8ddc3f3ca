//! The review of a time: the verdict as the supervisor sees it.

use bading_core::model::person::PersonId;
use bading_core::model::time::UtcMs;
use bading_core::rules::clock::ClockPolicy;
use bading_core::services::ServiceError;
use bading_core::services::review::ReviewScope;

use crate::{CoreError, FieldCore};

#[uniffi::export(async_runtime = "tokio")]
impl FieldCore {
    /// Reviews a time by what this store knows, and gives the core's own JSON text, schema
    /// `bading/review/1`: shifts with coverage, attendance, quantity, quality and verdict,
    /// cases with their deadlines. It is text so that app and supervisor read the very same;
    /// a tree of records comes with a later issue.
    ///
    /// A phone and the hub come to the same where they hold the same: sync before. An
    /// inspector's phone holds the patrols of its own person only, so ask for that person.
    /// Without a calendar in force local times are Beijing's.
    ///
    /// - `from_ms`, `to_ms`: the time, milliseconds of UTC, its end not included, at most a
    ///   year and a day.
    /// - `as_of_ms`: when it is made; what was still open then is so in it.
    /// - `person`: only this person's shifts; the cases are everybody's.
    ///
    /// # Errors
    /// [`CoreError::InvalidInput`] for a time that ends before it begins or is too long.
    #[uniffi::method(default(person = None))]
    pub async fn review_json(
        &self,
        from_ms: u64,
        to_ms: u64,
        as_of_ms: u64,
        person: Option<String>,
    ) -> Result<String, CoreError> {
        let field = "person";
        let person = person.as_deref().map(PersonId::parse).transpose();
        let mut scope = ReviewScope::try_new(UtcMs(from_ms), UtcMs(to_ms), UtcMs(as_of_ms))?;
        scope.person = person.map_err(|why| ServiceError::Identifier { field, why })?;
        let offset_min = ClockPolicy::BEIJING_OFFSET_MIN;
        let review = self.unblocked(move |engine| engine.review(&scope, offset_min));
        Ok(review.await?.to_json())
    }
}
