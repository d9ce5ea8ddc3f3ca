//! Fix two, the person (定人): roles, and what the city lets a person do where.

use crate::model::grid::GridScope;
pub use crate::model::identifiers::{DepartmentId, PersonId};

/// What a person is to the city. 监督员 is the inspector in the trade, not the supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// 市民, 随手拍: reports and follows what became of it.
    Citizen = 1,
    /// 网格员, 信息采集员: patrols, reports, verifies, checks.
    Inspector = 2,
    /// 处置部门: repairs and answers.
    Handler = 3,
    /// 派遣员: sends a filed case to a department.
    Dispatcher = 4,
    /// 受理员, 值班长: accepts, files, decides and closes.
    Supervisor = 5,
    /// The city's IT office: people, devices, imports.
    Administrator = 6,
    /// Reads everything, changes nothing.
    Auditor = 7,
}

impl Role {
    /// Every role, in the order of the codes.
    pub const ALL: [Self; 7] = [
        Self::Citizen,
        Self::Inspector,
        Self::Handler,
        Self::Dispatcher,
        Self::Supervisor,
        Self::Administrator,
        Self::Auditor,
    ];

    /// The number that stands for it in formats.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The role of a code, or nothing for one that a newer version added.
    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|role| u64::from(role.code()) == code)
    }

    /// The key in JSON and in the command.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Citizen => "citizen",
            Self::Inspector => "inspector",
            Self::Handler => "handler",
            Self::Dispatcher => "dispatcher",
            Self::Supervisor => "supervisor",
            Self::Administrator => "administrator",
            Self::Auditor => "auditor",
        }
    }

    /// Reads the key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// What a signer may do at one moment: who they are, in which roles, for which cells and
/// which department. A device that nobody granted anything has the [`Authority::unknown`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Authority {
    /// The person, or nobody for a device that has not enrolled.
    pub person: Option<PersonId>,
    /// The roles granted.
    pub roles: Vec<Role>,
    /// The cells the roles are for.
    pub grids: GridScope,
    /// The department of a handler.
    pub department: Option<DepartmentId>,
}

impl Authority {
    /// The authority of a device without a certificate: it may report, and nothing else.
    #[must_use]
    pub fn unknown() -> Self {
        Self::default()
    }

    /// True when one of the roles is among those asked for.
    #[must_use]
    pub fn has_any(&self, roles: &[Role]) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_reads_back_from_its_code_and_its_key() {
        for role in Role::ALL {
            assert_eq!(Role::from_code(role.code().into()), Some(role));
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::from_code(0), None);
        assert_eq!(Role::from_code(257), None);
    }
}
