//! Cases from a shell.

use bading_core::model::case::{CaseId, Field};
use bading_core::model::identifiers::DepartmentId;
use bading_core::model::workflow::{Action, Phase};
use bading_core::services::case::{Acted, CaseDetail, CasePage, MoveDetails, parse_cursor};
use bading_core::storage::case::CaseFilter;

use super::open_existing;
use super::phone::{name_input, read_photos};
use crate::args::{Args, Case, Move};
use crate::output::{Exit, Failure, Output};

pub(super) fn run(args: &Args, command: &Case, output: &Output) -> Result<Exit, Failure> {
    match command {
        Case::List {
            phase,
            grid,
            class,
            after,
            limit,
        } => {
            let phase = phase.as_deref().map(|text| {
                Phase::parse(text)
                    .ok_or_else(|| Failure::input(format!("--phase: `{text}` is not a phase")))
            });
            let after = after.as_deref().map(|text| {
                parse_cursor(text).ok_or_else(|| {
                    Failure::input(format!("--after: `{text}` is not the `next` of a page"))
                })
            });
            let filter = CaseFilter {
                phase: phase.transpose()?,
                grid_prefix: grid.clone(),
                class: class.clone(),
            };
            let after = after.transpose()?;
            let page = open_existing(args)?.list_cases(&filter, after, *limit)?;
            output.answer(&page, list_lines)?;
        }
        Case::Show { case } => {
            let detail = open_existing(args)?.show_case(case_id(case)?)?;
            output.answer(&detail, show_lines)?;
        }
        Case::Comment { case, text } => {
            let acted = open_existing(args)?.comment(case_id(case)?, text)?;
            output.answer(&acted, acted_lines)?;
        }
        Case::Amend { case, field, value } => {
            let field = Field::parse(field)
                .ok_or_else(|| Failure::input(format!("--field: `{field}` is not a field")))?;
            let acted = open_existing(args)?.amend(case_id(case)?, field, value)?;
            output.answer(&acted, acted_lines)?;
        }
        Case::Withdraw(given) => act(args, Action::Withdraw, given, None, output)?,
        Case::Accept(given) => act(args, Action::Accept, given, None, output)?,
        Case::File(given) => act(args, Action::File, given, None, output)?,
        Case::Decline(given) => act(args, Action::Decline, given, None, output)?,
        Case::Dispatch { common, to } => act(args, Action::Dispatch, common, Some(to), output)?,
        Case::Handle(given) => act(args, Action::Handle, given, None, output)?,
        Case::Return(given) => act(args, Action::Return, given, None, output)?,
        Case::Check { common, fail } => {
            let action = if *fail { Action::Rework } else { Action::Check };
            act(args, action, common, None, output)?;
        }
        Case::Close(given) => act(args, Action::Close, given, None, output)?,
    }
    Ok(Exit::Done)
}

fn case_id(text: &str) -> Result<CaseId, Failure> {
    text.parse()
        .map_err(|_| Failure::input(format!("case: `{text}` is not a case id")))
}

fn act(
    args: &Args,
    action: Action,
    given: &Move,
    department: Option<&String>,
    output: &Output,
) -> Result<(), Failure> {
    let (files, photos) = read_photos(&given.photo)?;
    let department = department.map(|text| DepartmentId::parse(text)).transpose();
    let details = MoveDetails {
        department: department.map_err(|error| Failure::input(format!("--to: {error}")))?,
        reason: given.reason.clone(),
        photos,
    };
    let acted = open_existing(args)?
        .move_case(case_id(&given.case)?, action, &details)
        .map_err(|error| name_input(error, &files))?;
    output.answer(&acted, acted_lines)
}

fn acted_lines(acted: &Acted) -> String {
    format!("case {} is {}\n", acted.case_id, acted.phase)
}

fn list_lines(page: &CasePage) -> String {
    let mut lines = String::new();
    for case in &page.cases {
        lines.push_str(&format!(
            "{}  {:<10} {:<22} {:<8} {}{}\n",
            case.case_id,
            case.phase,
            case.number.as_deref().unwrap_or("-"),
            case.class.as_deref().unwrap_or("-"),
            case.grid.as_deref().unwrap_or("-"),
            if case.provisional {
                "  (not yet at the hub)"
            } else {
                ""
            }
        ));
    }
    if let Some(next) = &page.next {
        lines.push_str(&format!("more: --after {next}\n"));
    }
    lines
}

fn show_lines(case: &CaseDetail) -> String {
    let mut lines = format!(
        "case       {}\nnumber     {}\nphase      {}\ndepartment {}\nreported   {} by {}\n",
        case.line.case_id,
        case.line.number.as_deref().unwrap_or("-"),
        case.line.phase,
        case.department.as_deref().unwrap_or("-"),
        case.opened.as_deref().unwrap_or("-"),
        case.reporter.as_deref().unwrap_or("-")
    );
    if let Some(seen) = &case.seen {
        let to = seen.to.as_deref().unwrap_or("now");
        let time = if seen.from == to {
            seen.from.clone()
        } else {
            format!("{} to {to}", seen.from)
        };
        lines.push_str(&format!("seen       {time} ({})\n", seen.by.join(", ")));
    }
    for field in &case.fields {
        lines.push_str(&format!(
            "{:<10} {}\n",
            field.field,
            plain(&field.said.value)
        ));
        for also in &field.also_said {
            let by = also.by.as_deref().unwrap_or(&also.device);
            lines.push_str(&format!(
                "{:<10} also said by {by}: {}\n",
                "",
                plain(&also.value)
            ));
        }
    }
    for photo in &case.photos {
        let standing = match (photo.here, photo.at_hub) {
            (true, true) => "here and at the hub",
            (true, false) => "here, not yet at the hub",
            (false, true) => "at the hub",
            (false, false) => "not in this store",
        };
        lines.push_str(&format!(
            "photo      {} {} ({standing})\n",
            photo.role, photo.hash
        ));
    }
    for event in &case.timeline {
        let by = event.by.as_deref().unwrap_or(&event.device[..8]);
        let reason = event
            .reason
            .as_deref()
            .map(|why| format!(": {why}"))
            .unwrap_or_default();
        let text = event
            .text
            .as_deref()
            .map(|text| format!(" “{text}”"))
            .unwrap_or_default();
        let provisional = if event.provisional {
            " (not yet at the hub)"
        } else {
            ""
        };
        lines.push_str(&format!(
            "{}  {:<9} {by} {}{reason}{text}{provisional}\n",
            event.at, event.what, event.outcome
        ));
    }
    lines
}

fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}
