//! Cases: list them, show one, act on one.

use bading_core::model::case::{CaseId, Field};
use bading_core::model::identifiers::{DepartmentId, IdentifierError};
use bading_core::model::workflow::{Action, Phase};
use bading_core::services::{ServiceError, case as core};
use bading_core::storage::case::{CaseFilter as CoreFilter, ListCursor};

use crate::{CaseDetail, CoreError, FieldCore, PhotoFile, key, photo};

/// A field of a case that may be set again.
#[uniffi::remote(Enum)]
pub enum Field {
    /// The small class.
    Class,
    /// The cell.
    Grid,
    /// What the reporter wrote.
    Note,
    /// Where it is; set again as `lat,lon` in degrees.
    Place,
}

/// What a page of the list is cut to.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct CaseFilter {
    /// Only cases that stand here.
    #[uniffi(default = None)]
    pub phase: Option<Phase>,
    /// Only cases whose cell's code begins with this.
    #[uniffi(default = None)]
    pub grid_prefix: Option<String>,
    /// Only cases of this class.
    #[uniffi(default = None)]
    pub class_code: Option<String>,
}

/// A page of the list.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CasePage {
    /// The lines, the latest change first.
    pub cases: Vec<CaseLine>,
    /// What `after` is for the next page; nothing at the end.
    pub next: Option<String>,
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CaseLine {
    /// The case.
    pub case_id: String,
    /// The official number, from filing on.
    pub number: Option<String>,
    /// Where it stands.
    pub phase: Phase,
    /// The small class.
    pub class_code: Option<String>,
    /// The cell.
    pub grid: Option<String>,
    /// When it last changed, RFC 3339.
    pub updated: String,
    /// True while the hub has not stamped everything that counts.
    pub is_provisional: bool,
}

/// What goes with a move.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct MoveDetails {
    /// The department of a dispatch.
    #[uniffi(default = None)]
    pub department: Option<String>,
    /// Why.
    #[uniffi(default = None)]
    pub reason: Option<String>,
    /// Photos that show it; without a role they are *after*.
    #[uniffi(default = [])]
    pub photos: Vec<PhotoFile>,
}

/// What an act on a case gave.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Acted {
    /// The case.
    pub case_id: String,
    /// The commit that seals it, hex.
    pub commit: String,
    /// Where the case stands now, as far as this device knows.
    pub phase: Phase,
}

#[uniffi::export]
impl FieldCore {
    /// A page of at most `limit` cases (1 to 500), the latest change first. `after` is the
    /// `next` of the page before.
    ///
    /// # Errors
    /// [`CoreError::InvalidInput`] for an `after` that no page gave.
    #[uniffi::method(default(filter = None, after = None, limit = 50))]
    pub fn list_cases(
        &self,
        filter: Option<CaseFilter>,
        after: Option<String>,
        limit: u32,
    ) -> Result<CasePage, CoreError> {
        let filter = filter.unwrap_or_default().into();
        let after = after.as_deref().map(cursor).transpose()?;
        let page = self.engine.list_cases(&filter, after, limit as usize)?;
        Ok(page.into())
    }

    /// Everything about one case.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when it is not in this store.
    pub fn show_case(&self, case_id: &str) -> Result<CaseDetail, CoreError> {
        Ok(self.engine.show_case(parse(case_id)?)?.into())
    }

    /// Adds a remark to a case, offline.
    ///
    /// # Errors
    /// [`CoreError::NotFound`], [`CoreError::NotAllowed`], [`CoreError::InvalidInput`] for a
    /// text that is too long.
    pub fn comment(&self, case_id: &str, text: &str) -> Result<Acted, CoreError> {
        Ok(self.engine.comment(parse(case_id)?, text)?.into())
    }

    /// Sets a field of a case again, offline, naming every value that it replaces.
    ///
    /// # Errors
    /// As [`FieldCore::comment`]; [`CoreError::InvalidInput`] for a value that the field cannot
    /// have.
    pub fn amend(&self, case_id: &str, field: Field, text: &str) -> Result<Acted, CoreError> {
        Ok(self.engine.amend(parse(case_id)?, field, text)?.into())
    }

    /// Moves a case, offline. The hub judges it again, and its judgement counts.
    ///
    /// # Errors
    /// [`CoreError::NotAllowed`] when this device's rights do not allow it or the case stands
    /// where the move does not begin; else as [`FieldCore::comment`] and for photos as
    /// [`FieldCore::report`].
    #[uniffi::method(default(details = None))]
    pub fn move_case(
        &self,
        case_id: &str,
        action: Action,
        details: Option<MoveDetails>,
    ) -> Result<Acted, CoreError> {
        let details = details.unwrap_or_default().try_into()?;
        let acted = self.engine.move_case(parse(case_id)?, action, &details)?;
        Ok(acted.into())
    }
}

fn parse(case_id: &str) -> Result<CaseId, ServiceError> {
    let field = "case";
    let parsed = case_id.parse();
    parsed.map_err(|why| ServiceError::Identifier { field, why })
}

fn cursor(after: &str) -> Result<ListCursor, ServiceError> {
    let why = IdentifierError::Form { what: "cursor" };
    let field = "after";
    core::parse_cursor(after).ok_or(ServiceError::Identifier { field, why })
}

impl From<CaseFilter> for CoreFilter {
    fn from(filter: CaseFilter) -> Self {
        Self {
            phase: filter.phase,
            grid_prefix: filter.grid_prefix,
            class: filter.class_code,
        }
    }
}

impl TryFrom<MoveDetails> for core::MoveDetails {
    type Error = CoreError;

    fn try_from(details: MoveDetails) -> Result<Self, CoreError> {
        let field = "department";
        let department = details.department.as_deref().map(DepartmentId::parse);
        let department = department.transpose();
        Ok(Self {
            department: department.map_err(|why| ServiceError::Identifier { field, why })?,
            reason: details.reason,
            photos: photo::read_all(details.photos)?,
        })
    }
}

impl From<core::CasePage> for CasePage {
    fn from(page: core::CasePage) -> Self {
        Self {
            cases: page.cases.into_iter().map(Into::into).collect(),
            next: page.next,
        }
    }
}

impl From<core::CaseLine> for CaseLine {
    fn from(line: core::CaseLine) -> Self {
        Self {
            case_id: line.case_id,
            number: line.number,
            phase: key::phase(line.phase),
            class_code: line.class,
            grid: line.grid,
            updated: line.updated,
            is_provisional: line.provisional,
        }
    }
}

impl From<core::Acted> for Acted {
    fn from(acted: core::Acted) -> Self {
        Self {
            case_id: acted.case_id,
            commit: acted.commit,
            phase: key::phase(acted.phase),
        }
    }
}
