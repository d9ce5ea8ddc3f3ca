//! What is wrong, or odd, with a layer of grids: each with its codes, its place and its size.

use std::fmt;

/// What kind of finding it is. The name in [`FindingKind::as_str`] is a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FindingKind {
    /// The feature cannot be read as a cell, or its dates cannot.
    Feature,
    /// The code does not fit the city's profile.
    CodeProfile,
    /// Class or unit cannot be read.
    Attribute,
    /// A ring crosses itself.
    SelfCrossing,
    /// Two cells that are in force at one time have one code.
    DuplicateCode,
    /// Two cells that are in force at one time share ground.
    Overlap,
    /// Ground of the declared parent that no cell covers.
    GapInParent,
    /// Ground of a cell outside the declared parent.
    OutsideParent,
    /// Ground enclosed by cells that no cell covers, where no parent is declared.
    Gap,
    /// A ring is wound against RFC 7946: outlines run counter-clockwise, holes clockwise.
    Winding,
}

impl FindingKind {
    /// The name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::CodeProfile => "code_profile",
            Self::Attribute => "attribute",
            Self::SelfCrossing => "self_crossing",
            Self::DuplicateCode => "duplicate_code",
            Self::Overlap => "overlap",
            Self::GapInParent => "gap_in_parent",
            Self::OutsideParent => "outside_parent",
            Self::Gap => "gap",
            Self::Winding => "winding",
        }
    }

    /// True when a layer that has it is refused; the others are notices. A hole between cells
    /// may be a lake: only a declared parent says that it belongs to the city.
    #[must_use]
    pub fn refuses(self) -> bool {
        !matches!(self, Self::Gap | Self::Winding)
    }

    /// True when an operator may import the layer all the same. What leaves it open which
    /// cell is meant, or where or when it lies, is never accepted.
    #[must_use]
    pub fn is_acceptable(self) -> bool {
        match self {
            Self::Attribute | Self::Overlap | Self::GapInParent | Self::OutsideParent => true,
            Self::Gap | Self::Winding => true,
            Self::Feature | Self::CodeProfile | Self::SelfCrossing | Self::DuplicateCode => false,
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Its kind.
    pub kind: FindingKind,
    /// The cells that it is about.
    pub codes: Vec<String>,
    /// Their features in the file, from 1, in the order of `codes`.
    pub features: Vec<usize>,
    /// The member that is wrong, where it is one.
    pub field: Option<String>,
    /// A point of it, as latitude and longitude in degrees of WGS 84.
    pub at: Option<(f64, f64)>,
    /// Its geodesic area.
    pub area_m2: Option<f64>,
    /// What is wrong and what would be right, in one line.
    pub why: String,
}

impl Finding {
    /// A finding about one member of one feature.
    #[must_use]
    pub fn in_feature(
        kind: FindingKind,
        feature: usize,
        code: Option<&str>,
        field: &str,
        why: impl fmt::Display,
    ) -> Self {
        Self {
            kind,
            codes: code.map(str::to_owned).into_iter().collect(),
            features: vec![feature],
            field: Some(field.to_owned()),
            at: None,
            area_m2: None,
            why: why.to_string(),
        }
    }
}

/// One line: what, in which features and cells, where, how large, why.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        for (at, feature) in self.features.iter().enumerate() {
            let comma = if at == 0 { ": " } else { " and " };
            write!(f, "{comma}feature {feature}")?;
            if let Some(code) = self.codes.get(at) {
                write!(f, " ({code})")?;
            }
        }
        if let Some(field) = &self.field {
            write!(f, ", {field}")?;
        }
        write!(f, ": {}", self.why)?;
        if let Some(area_m2) = self.area_m2 {
            write!(f, ", {area_m2:.1} m²")?;
        }
        if let Some((lat, lon)) = self.at {
            write!(f, " at {lat:.7},{lon:.7}")?;
        }
        Ok(())
    }
}
