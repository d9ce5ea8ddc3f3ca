//! Capture: a report with photos, offline, before any enrolment.

use bading_core::model::attest::Provider;
use bading_core::model::case::ClassCode;
use bading_core::model::photo::PhotoRole;
use bading_core::model::place::LatLon as CoreLatLon;
use bading_core::model::time::UtcMs;
use bading_core::services::ServiceError;
use bading_core::services::capture as core;

use crate::{CoreError, FieldCore, LatLon, PhotoFile, key, photo};

/// A report as it comes in.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct ReportRequest {
    /// At least one.
    pub photos: Vec<PhotoFile>,
    /// Where; else the first photo that knows its place.
    #[uniffi(default = None)]
    pub at: Option<LatLon>,
    /// Radius of 68 % around `at`, in metres.
    #[uniffi(default = None)]
    pub accuracy_m: Option<f64>,
    /// The small class of the duty list.
    #[uniffi(default = None)]
    pub class_code: Option<String>,
    /// The reporter's words.
    #[uniffi(default = None)]
    pub note: Option<String>,
    /// When the problem was seen, milliseconds of UTC; nothing for now.
    #[uniffi(default = None)]
    pub taken_at_ms: Option<u64>,
    /// True when the platform says that a mock provider made the position.
    #[uniffi(default = false)]
    pub is_mock: bool,
    /// What made the position, where the platform tells.
    #[uniffi(default = None)]
    pub provider: Option<Provider>,
    /// The satellites' time of the position, milliseconds of UTC.
    #[uniffi(default = None)]
    pub gnss_time_ms: Option<u64>,
    /// True for photos from the gallery, false for photos taken in the app, where known.
    #[uniffi(default = None)]
    pub is_from_gallery: Option<bool>,
}

/// What made a position.
#[uniffi::remote(Enum)]
pub enum Provider {
    /// A receiver of satellites.
    Gps,
    /// Cells and Wi-Fi.
    Network,
    /// The platform's mixture of both.
    Fused,
    /// A program that makes positions up.
    Mock,
    /// Not told.
    Unknown,
}

/// What the reporter is told.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ReportOutcome {
    /// The case, named at once.
    pub case_id: String,
    /// The commit that seals it, hex.
    pub commit: String,
    /// The photos, in the report's order.
    pub photos: Vec<ReportedPhoto>,
    /// The cell: the city's, an `h3:` one where it has no grid, nothing outside its grid.
    pub grid: Option<String>,
    /// What looks odd; nothing here turned the report away.
    pub hints: Vec<Hint>,
}

/// A photo that was sealed.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ReportedPhoto {
    /// BLAKE3 of the original bytes, hex.
    pub hash: String,
    /// What it shows.
    pub role: PhotoRole,
}

/// Something that looks odd, for a person to judge.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Hint {
    /// The stable code.
    pub kind: String,
    /// The figures behind it.
    pub detail: String,
}

#[uniffi::export]
impl FieldCore {
    /// Reports a problem, offline. When it answers, report and photos are on the disk. It
    /// blocks while photos are read and written: not for a thread that draws.
    ///
    /// # Errors
    /// [`CoreError::InvalidInput`] for bytes that are no photo, a place that is none or a class
    /// that the duty list has not; the store is unchanged.
    pub fn report(&self, request: ReportRequest) -> Result<ReportOutcome, CoreError> {
        Ok(self.engine.report(&request.try_into()?)?.into())
    }
}

impl TryFrom<ReportRequest> for core::Report {
    type Error = CoreError;

    fn try_from(request: ReportRequest) -> Result<Self, CoreError> {
        let at = request.at.map(CoreLatLon::try_from).transpose();
        let class = request.class_code.as_deref().map(ClassCode::parse);
        let class = class.transpose().map_err(|why| ServiceError::Identifier {
            field: "class",
            why,
        });
        Ok(Self {
            at: at.map_err(ServiceError::from)?,
            class: class?,
            photos: photo::read_all(request.photos)?,
            accuracy_m: request.accuracy_m,
            note: request.note,
            taken_at: request.taken_at_ms.map(UtcMs),
            is_mock: request.is_mock,
            provider: request.provider.unwrap_or_default(),
            gnss_time: request.gnss_time_ms.map(UtcMs),
            is_from_gallery: request.is_from_gallery,
        })
    }
}

impl From<core::Reported> for ReportOutcome {
    fn from(reported: core::Reported) -> Self {
        Self {
            case_id: reported.case_id,
            commit: reported.commit,
            photos: reported.photos.into_iter().map(Into::into).collect(),
            grid: reported.grid,
            hints: reported.hints.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<core::ReportedPhoto> for ReportedPhoto {
    fn from(photo: core::ReportedPhoto) -> Self {
        Self {
            hash: photo.hash,
            role: key::photo_role(photo.role),
        }
    }
}

impl From<core::Hint> for Hint {
    fn from(hint: core::Hint) -> Self {
        Self {
            kind: hint.kind.to_owned(),
            detail: hint.detail,
        }
    }
}
