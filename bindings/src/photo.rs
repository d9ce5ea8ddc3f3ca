//! Photos as a host hands them over.

use std::fs::File;
use std::io::{self, Read};

use bading_core::engine::ErrorKind;
use bading_core::model::photo::PhotoRole;
use bading_core::photo::MAX_BYTES;
use bading_core::services::capture::PhotoInput;

use crate::CoreError;

/// What a photo shows of the case.
#[uniffi::remote(Enum)]
pub enum PhotoRole {
    /// 近景: the thing itself.
    Near,
    /// 远景: the thing in its surroundings.
    Far,
    /// 参照物: something known beside it.
    Reference,
    /// 处置前: before the repair.
    Before,
    /// 处置后: after the repair.
    After,
}

/// A photo (JPEG, PNG or HEIC, at most 64 MiB) and what it shows.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PhotoFile {
    /// Where its original bytes are.
    pub source: PhotoSource,
    /// What it shows; by its place among the photos where nobody says.
    #[uniffi(default = None)]
    pub role: Option<PhotoRole>,
}

/// Where the original bytes of a photo are.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum PhotoSource {
    /// In a file, which is read and left alone.
    Path {
        /// The file.
        path: String,
    },
    /// Here.
    Bytes {
        /// The whole file's content.
        bytes: Vec<u8>,
    },
}

impl PhotoSource {
    /// Reads at most one byte more than a photo may have: the core then says that it is too
    /// large, and no file fills the memory.
    fn read(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Bytes { bytes } => Ok(bytes),
            Self::Path { path } => {
                let mut bytes = Vec::new();
                let file = File::open(path)?;
                file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
                Ok(bytes)
            }
        }
    }
}

impl TryFrom<PhotoFile> for PhotoInput {
    type Error = CoreError;

    fn try_from(photo: PhotoFile) -> Result<Self, CoreError> {
        let bytes = photo.source.read().map_err(|_| ErrorKind::InvalidInput)?;
        let role = photo.role;
        Ok(Self { bytes, role })
    }
}

/// Reads photos in their order.
pub(crate) fn read_all(photos: Vec<PhotoFile>) -> Result<Vec<PhotoInput>, CoreError> {
    photos.into_iter().map(PhotoInput::try_from).collect()
}
