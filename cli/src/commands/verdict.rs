//! Verdicts from a shell: facts and exemptions, publication, appeals and decisions.

use bading_core::engine::Engine;
use bading_core::model::case::{CaseId, OpId};
use bading_core::model::identifiers::{Hash, PersonId, ReasonKey, RouteCode};
use bading_core::model::quantity::Thousandths;
use bading_core::model::time::UtcMs;
use bading_core::oplog::verdict_act::Exemption;
use bading_core::services::review::ReviewScope;
use bading_core::services::verdict::{
    Acted, AppealDecision, Deducting, Exempting, Finding, Period, Published, VerdictLine,
    VerdictView,
};
use bading_hub::Hub;
use serde::Serialize;

use super::hub::failure;
use super::open_existing;
use super::review::scope;
use crate::args::{self, Args, Verdict as Command, VerdictPeriod};
use crate::output::{Exit, Failure, Output};

pub(super) fn run(
    args: &Args,
    offset: i32,
    command: &Command,
    output: &Output,
) -> Result<Exit, Failure> {
    let engine = open_existing(args)?;
    match command {
        Command::Show {
            person,
            period,
            as_of,
        } => {
            let (period, as_of) =
                period_of(&engine, person.as_deref(), period, as_of.as_deref(), offset)?;
            let view = engine.show_verdict(&period, as_of, offset)?;
            output.answer(&view, view_lines)?;
        }
        Command::Publish { person, period } => {
            let (period, _) = period_of(&engine, Some(person), period, None, offset)?;
            let published = engine.publish_verdict(&period, offset)?;
            output.answer(&published, published_lines)?;
        }
        Command::Appeal {
            person,
            period,
            reason,
        } => {
            let (period, _) = period_of(&engine, person.as_deref(), period, None, offset)?;
            tell(&engine.appeal(&period, reason, offset)?, output)?;
        }
        Command::Decide {
            appeal,
            uphold,
            reject: _,
            exempt,
            reason,
        } => {
            let exemptions = exempt.iter().map(|text| exemption(text));
            let decision = AppealDecision {
                appeal: read("--appeal", appeal)?,
                is_upheld: *uphold,
                exemptions: exemptions.collect::<Result<_, _>>()?,
                reason: reason.clone(),
            };
            tell(&engine.decide_appeal(&decision, offset)?, output)?;
        }
        Command::Find {
            person,
            reason,
            case,
            photo,
            at,
            note,
        } => {
            let finding = Finding {
                person: read("--person", person)?,
                reason: read("--reason", reason)?,
                case: maybe("--case", case.as_deref())?,
                photo: maybe::<Hash>("--photo", photo.as_deref())?,
                at: at.as_deref().map(|at| instant("--at", at)).transpose()?,
                note: note.clone(),
            };
            tell(&engine.find_against(&finding)?, output)?;
        }
        Command::Deduct {
            person,
            points,
            reason,
            case,
            at,
            note,
        } => {
            let deducting = Deducting {
                person: read("--person", person)?,
                reason: read("--reason", reason)?,
                points_hundredths: hundredths(points)?,
                at: at.as_deref().map(|at| instant("--at", at)).transpose()?,
                case: maybe("--case", case.as_deref())?,
                note: note.clone(),
            };
            tell(&engine.deduct(&deducting)?, output)?;
        }
        Command::Exempt {
            person,
            all: _,
            from,
            to,
            reason,
            note,
            ..
        } => {
            let time = match from {
                Some(from) => {
                    let (from, to) = (Some(from.clone()), to.clone());
                    let scope = span(&engine, from, to, None, offset)?;
                    Some((scope.from, scope.to))
                }
                None => None,
            };
            let exempting = Exempting {
                person: maybe("--person", person.as_deref())?,
                reason: read::<ReasonKey>("--reason", reason)?,
                what: what_of(command, time)?,
                note: note.clone(),
            };
            tell(&engine.exempt(&exempting)?, output)?;
        }
        Command::Withdraw { op, reason } => {
            let op = read("the operation", op)?;
            tell(&engine.withdraw_act(op, reason.as_deref())?, output)?;
        }
    }
    Ok(Exit::Done)
}

/// The verdicts that a hub has sequenced.
pub(super) fn of_hub(hub: &Hub, as_of: Option<&str>, output: &Output) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Verdicts {
        verdicts: Vec<VerdictLine>,
    }
    let as_of = match as_of {
        Some(text) => instant("--as-of", text)?,
        None => hub.now(),
    };
    let verdicts = hub.verdicts(as_of).map_err(failure)?;
    output.answer(&Verdicts { verdicts }, |answer| {
        let line = |line: &VerdictLine| {
            let state = key(&line.state);
            let (from, to) = (&line.from, &line.to);
            let score = told(line.score.map(|score| score.to_string()));
            let grade = told(line.grade.clone());
            format!(
                "{}  {from} to {to}  {state}  version {}  {score} {grade}\n",
                line.person, line.version
            )
        };
        answer.verdicts.iter().map(line).collect()
    })?;
    Ok(Exit::Done)
}

fn span(
    engine: &Engine,
    from: Option<String>,
    to: Option<String>,
    as_of: Option<&str>,
    offset: i32,
) -> Result<ReviewScope, Failure> {
    let now = engine.now()?;
    let given = args::Review {
        from,
        to,
        as_of: as_of.map(str::to_owned),
        person: None,
        grid: None,
        route: None,
        format: None,
        out: None,
        lang: "en".to_owned(),
    };
    scope(&given, offset, now, now)
}

/// The period of a verdict, and when it is looked at.
fn period_of(
    engine: &Engine,
    person: Option<&str>,
    given: &VerdictPeriod,
    as_of: Option<&str>,
    offset: i32,
) -> Result<(Period, UtcMs), Failure> {
    let scope = span(
        engine,
        Some(given.from.clone()),
        given.to.clone(),
        as_of,
        offset,
    )?;
    let person: PersonId = match person {
        Some(person) => read("--person", person)?,
        None => {
            let own = engine.status()?.person;
            let own = own.ok_or_else(|| {
                Failure::input("--person: this device belongs to nobody yet (bading enrol)")
            })?;
            read("--person", &own)?
        }
    };
    let period = Period {
        person,
        from: scope.from,
        to: scope.to,
    };
    Ok((period, scope.as_of))
}

pub(super) fn read<T: std::str::FromStr<Err: std::fmt::Display>>(
    flag: &str,
    text: &str,
) -> Result<T, Failure> {
    text.parse()
        .map_err(|error| Failure::input(format!("{flag}: `{text}`: {error}")))
}

fn maybe<T: std::str::FromStr<Err: std::fmt::Display>>(
    flag: &str,
    text: Option<&str>,
) -> Result<Option<T>, Failure> {
    text.map(|text| read(flag, text)).transpose()
}

fn instant(flag: &str, text: &str) -> Result<UtcMs, Failure> {
    UtcMs::parse_rfc3339(text)
        .ok_or_else(|| Failure::input(format!("{flag}: `{text}` is not RFC 3339 with an offset")))
}

/// Metres with at most three decimals, as millimetres.
fn millimetres(flag: &str, text: &str) -> Result<u64, Failure> {
    Ok(read::<Thousandths>(flag, text)?.get())
}

/// Points with at most two decimals, as hundredths.
fn hundredths(text: &str) -> Result<u32, Failure> {
    let thousandths = read::<Thousandths>("--points", text)?.get();
    let hundredths = u32::try_from(thousandths / 10).ok();
    hundredths
        .filter(|_| thousandths % 10 == 0)
        .ok_or_else(|| Failure::input(format!("--points: `{text}` has more than two decimals")))
}

/// What `verdict exempt` names; the grammar has it that exactly one thing is.
fn what_of(command: &Command, time: Option<(UtcMs, UtcMs)>) -> Result<Exemption, Failure> {
    let Command::Exempt {
        route,
        from_m,
        to_m,
        overtime,
        act,
        ..
    } = command
    else {
        return Err(Failure::input("exempt: nothing is named"));
    };
    if let Some(act) = act {
        return Ok(Exemption::Act(read::<OpId>("--act", act)?));
    }
    if let Some(case) = overtime {
        return Ok(Exemption::Overtime(read::<CaseId>("--overtime", case)?));
    }
    let (from, to) = time.ok_or_else(|| Failure::input("--from, --to: a time is needed"))?;
    let (Some(route), Some(from_m), Some(to_m)) = (route, from_m, to_m) else {
        return Ok(Exemption::Time { from, to });
    };
    Ok(Exemption::Stretch {
        route: read::<RouteCode>("--route", route)?,
        from_mm: millimetres("--from-m", from_m)?,
        to_mm: millimetres("--to-m", to_m)?,
        from,
        to,
    })
}

/// What a decision exempts, as `--exempt` says it. A stretch holds for the verdict's period,
/// to which the use case cuts it.
fn exemption(text: &str) -> Result<Exemption, Failure> {
    const FLAG: &str = "--exempt";
    let wrong = || {
        Failure::input(format!(
            "{FLAG}: `{text}` is none of act=OP, time=FROM/TO, stretch=ROUTE:FROM_M-TO_M, \
             overtime=CASE"
        ))
    };
    let (kind, rest) = text.split_once('=').ok_or_else(wrong)?;
    match kind {
        "act" => Ok(Exemption::Act(read(FLAG, rest)?)),
        "overtime" => Ok(Exemption::Overtime(read(FLAG, rest)?)),
        "time" => {
            let (from, to) = rest.split_once('/').ok_or_else(wrong)?;
            Ok(Exemption::Time {
                from: instant(FLAG, from)?,
                to: instant(FLAG, to)?,
            })
        }
        "stretch" => {
            let (route, metres) = rest.rsplit_once(':').ok_or_else(wrong)?;
            let (from_m, to_m) = metres.split_once('-').ok_or_else(wrong)?;
            Ok(Exemption::Stretch {
                route: read(FLAG, route)?,
                from_mm: millimetres(FLAG, from_m)?,
                to_mm: millimetres(FLAG, to_m)?,
                from: UtcMs(0),
                to: UtcMs::MAX,
            })
        }
        _ => Err(wrong()),
    }
}

fn tell(acted: &Acted, output: &Output) -> Result<(), Failure> {
    output.answer(acted, |acted| {
        let whom = acted.person.as_deref().unwrap_or("everybody");
        format!("{} {whom}\noperation {}\n", acted.what, acted.op)
    })
}

/// A key as JSON has it.
fn key<T: Serialize>(value: &T) -> String {
    let json = serde_json::to_value(value).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}

fn told(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

fn published_lines(published: &Published) -> String {
    let score = told(published.score.map(|score| score.to_string()));
    let grade = told(published.grade.clone());
    let new = if published.new {
        ""
    } else {
        " (was so already)"
    };
    let until = told(published.appeal_until.clone());
    format!(
        "version {}{new}: {score} {grade}\nappeals until {until}\noperation {}\n",
        published.version, published.op
    )
}

fn view_lines(view: &VerdictView) -> String {
    let mut text = format!(
        "{}  {} to {}: {}\n",
        view.person,
        view.from,
        view.to,
        key(&view.state)
    );
    if let Some(closes) = &view.cut_off {
        text.push_str(&format!("closes at {closes}\n"));
    }
    if let Some(draft) = &view.draft {
        let score = told(draft.score.map(|score| score.to_string()));
        let grade = told(draft.grade.map(|grade| format!("{grade:?}")));
        text.push_str(&format!("now {score} {grade}, inputs {}\n", draft.inputs));
    }
    for version in &view.versions {
        let score = told(version.score.map(|score| score.to_string()));
        let grade = told(version.grade.clone());
        text.push_str(&format!(
            "version {}  {score} {grade}  published {} by {}  {}\n  operation {}\n",
            version.version,
            version.published,
            told(version.by.clone()),
            version.outcome,
            version.op
        ));
        if let Some(until) = &version.appeal_until {
            text.push_str(&format!("  appeals until {until}\n"));
        }
        for appeal in &version.appeals {
            text.push_str(&format!(
                "  appeal {}  {}  {}\n    operation {}\n",
                appeal.at,
                appeal.standing,
                told(appeal.reason.clone()),
                appeal.op
            ));
            if let Some(decision) = &appeal.decision {
                text.push_str(&format!(
                    "    decided {} by {}: {}\n",
                    decision.at,
                    told(decision.by.clone()),
                    told(decision.reason.clone())
                ));
            }
        }
    }
    for act in &view.acts {
        let holds = if act.holds { "" } else { "  (does not hold)" };
        let points = act.points_hundredths.map_or_else(String::new, |points| {
            format!(" {}.{:02}", points / 100, points % 100)
        });
        text.push_str(&format!(
            "{} {}{points}: {}{holds}\n  operation {}\n",
            act.what, act.reason, act.about, act.op
        ));
    }
    text
}
