//! Who moves a case, and where it can stand. The enums are the core's own; the lists here
//! only tell the generator their variants, and stop the build when the core has another.

use bading_core::model::person::Role;
use bading_core::model::workflow::{Action, Phase};

/// Where a case stands.
#[uniffi::remote(Enum)]
pub enum Phase {
    /// 信息收集: reported, nobody has looked at it yet.
    Reported,
    /// 受理: taken up by the supervision centre.
    Accepted,
    /// 立案: a case with an official number.
    Filed,
    /// 不予立案: not filed, with a reason that the reporter sees.
    Declined,
    /// 任务派遣: with a department.
    Dispatched,
    /// 处理反馈: the department says it is done.
    Handled,
    /// 核查: a person on site has seen that it is done.
    Checked,
    /// 结案.
    Closed,
    /// Withdrawn by its reporter before anybody took it up.
    Withdrawn,
}

/// What a person does to move a case.
#[uniffi::remote(Enum)]
pub enum Action {
    /// 受理.
    Accept,
    /// 立案.
    File,
    /// 不予立案; needs a reason.
    Decline,
    /// 任务派遣; needs a department.
    Dispatch,
    /// 处理反馈.
    Handle,
    /// 核查, passed.
    Check,
    /// 返工: checked, not done; back to the department, with a reason.
    Rework,
    /// 结案.
    Close,
    /// The reporter takes the report back.
    Withdraw,
    /// 回退: the department says that it is not theirs; needs a reason.
    Return,
}

/// What a person is to the city. 监督员 is the inspector in the trade, not the supervisor.
#[uniffi::remote(Enum)]
pub enum Role {
    /// 市民, 随手拍: reports and follows what became of it.
    Citizen,
    /// 网格员, 信息采集员: patrols, reports, verifies, checks.
    Inspector,
    /// 处置部门: repairs and answers.
    Handler,
    /// 派遣员: sends a filed case to a department.
    Dispatcher,
    /// 受理员, 值班长: accepts, files, decides and closes.
    Supervisor,
    /// The city's IT office: people, devices, imports.
    Administrator,
    /// Reads everything, changes nothing.
    Auditor,
}
