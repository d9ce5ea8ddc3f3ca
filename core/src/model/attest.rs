//! What a device says of how a report came about: which provider made the position, and
//! where its photos are from. It is the device's word, sealed with the report.

/// What made a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Provider {
    /// A receiver of satellites.
    Gps = 1,
    /// Cells and Wi-Fi.
    Network = 2,
    /// The platform's mixture of both.
    Fused = 3,
    /// A program that makes positions up.
    Mock = 4,
    /// Not told.
    #[default]
    Unknown = 5,
}

impl Provider {
    const ALL: [Self; 5] = [
        Self::Gps,
        Self::Network,
        Self::Fused,
        Self::Mock,
        Self::Unknown,
    ];

    /// The number that stands for it in formats.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The provider of a number.
    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|it| u64::from(it.code()) == code)
    }

    /// Its stable key.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gps => "gps",
            Self::Network => "network",
            Self::Fused => "fused",
            Self::Mock => "mock",
            Self::Unknown => "unknown",
        }
    }

    /// The provider of a key.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == key)
    }

    /// True when the time of its positions comes from satellites: a network's is the phone's.
    #[must_use]
    pub fn has_satellite_time(self) -> bool {
        matches!(self, Self::Gps | Self::Fused)
    }
}

/// Where the photos of a report are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum PhotoSource {
    /// Taken in the app.
    Camera = 1,
    /// Chosen from what was on the phone.
    Gallery = 2,
}

impl PhotoSource {
    /// The number that stands for it in formats.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The source of a number.
    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        match code {
            1 => Some(Self::Camera),
            2 => Some(Self::Gallery),
            _ => None,
        }
    }

    /// Its stable key.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Camera => "camera",
            Self::Gallery => "gallery",
        }
    }
}
