//! Reads facts from JSON, naming every field that is wrong by its path.

use std::collections::BTreeMap;

use serde_json::Value;

use super::node::{Node, Read, wrong};
use super::{
    CoverageFacts, DoneFacts, Facts, FactsError, Given, LoopFacts, MAX_SUBJECTS, QuantityFacts,
    SCHEMA, StaffingFacts, TimeFacts, strict::Strict,
};
use crate::model::grid::GridCode;
use crate::model::person::PersonId;
use crate::model::quality::{IndicatorKey, SubjectKind};
use crate::model::quantity::{Proration, QuotaKey};
use crate::model::verdict::{Score, Share};
use crate::rules::evaluation::EvaluationFacts;
use crate::rules::quality::formulas::{GridClass, SubjectFacts};
use crate::rules::quantity::{Excluded, ExclusionReason};
use crate::rules::staffing::{Assignment, Leave, Vacancy};
use crate::rules::verdict::{Deduction, Veto};

/// Reads the facts of one subject, of a list of subjects, or of an object with `subjects`.
///
/// # Errors
/// [`FactsError`] names the field by its path, what is wrong and what would be right.
pub fn read_facts(bytes: &[u8]) -> Result<Vec<Facts>, FactsError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Strict(value) = serde_json::from_slice(bytes)
        .map_err(|error| wrong("the file", format!("not JSON of facts: {error}")))?;
    let subjects = match &value {
        Value::Array(list) => list.iter().collect(),
        Value::Object(object) if object.contains_key("subjects") => {
            let node = Node::root(&value);
            node.only(&["schema", "subjects"])?;
            check_schema(&node)?;
            let list = node.need("subjects")?;
            list.value
                .as_array()
                .ok_or_else(|| list.wrong("a list of subjects is needed"))?
                .iter()
                .collect()
        }
        Value::Object(_) => vec![&value],
        _ => return Err(wrong("the file", "an object or a list is needed")),
    };
    if subjects.is_empty() || subjects.len() > MAX_SUBJECTS {
        return Err(wrong(
            "subjects",
            "there must be at least one, a million at most",
        ));
    }
    let is_one = matches!(&value, Value::Object(object) if !object.contains_key("subjects"));
    let read = |(index, value): (usize, &Value)| {
        let path = match is_one {
            true => String::new(),
            false => format!("subjects[{index}]"),
        };
        subject(&Node { path, value })
    };
    subjects.into_iter().enumerate().map(read).collect()
}

fn check_schema(node: &Node<'_>) -> Read<()> {
    match node.find("schema") {
        Some(schema) if schema.text()? != SCHEMA => {
            Err(schema.wrong(format!("must be `{SCHEMA}`")))
        }
        _ => Ok(()),
    }
}

fn subject(node: &Node<'_>) -> Read<Facts> {
    node.only(&[
        "schema",
        "subject",
        "period",
        "staffing",
        "coverage",
        "checkpoints",
        "loops",
        "time",
        "quantity",
        "quality",
        "cards",
        "on_site",
        "questionnaire",
        "vetoes",
        "deductions",
    ])?;
    check_schema(node)?;
    let about = node.need("subject")?;
    about.only(&["kind", "id", "class"])?;
    let kind = about.need("kind")?;
    let known = || SubjectKind::ALL.map(SubjectKind::as_str).join(", ");
    let kind = SubjectKind::parse(&kind.text()?)
        .ok_or_else(|| kind.wrong(format!("must be one of {}", known())))?;
    let grid_class = match about.find("class") {
        None => GridClass::One,
        Some(class) if kind != SubjectKind::Grid => {
            return Err(class.wrong("only a grid has a class"));
        }
        Some(class) => match class.value.as_u64() {
            Some(1) => GridClass::One,
            Some(2) => GridClass::Two,
            _ => return Err(class.wrong("a grid's class is 1 or 2")),
        },
    };
    // What only inspectors do is a mistake for others, not a fact to leave out silently.
    if kind != SubjectKind::Inspector {
        for name in [
            "staffing",
            "coverage",
            "checkpoints",
            "loops",
            "time",
            "quantity",
        ] {
            if let Some(field) = node.find(name) {
                let why = format!("is counted for an inspector, not for {}", kind.as_str());
                return Err(field.wrong(why));
            }
        }
    }
    let (vetoes, lifted) = vetoes(node)?;
    Ok(Facts {
        kind,
        id: about.need("id")?.text()?,
        grid_class,
        period: node.find("period").map(|node| period(&node)).transpose()?,
        staffing: node
            .find("staffing")
            .map(|node| staffing(&node))
            .transpose()?,
        coverage: node
            .find("coverage")
            .map(|node| given(&node, coverage))
            .transpose()?,
        checkpoints: node
            .find("checkpoints")
            .map(|node| checkpoints(&node))
            .transpose()?,
        loops: node.find("loops").map(|node| loops(&node)).transpose()?,
        time: node
            .find("time")
            .map(|node| given(&node, time))
            .transpose()?,
        quantity: node
            .find("quantity")
            .map(|node| given(&node, quantity))
            .transpose()?,
        quality: node
            .find("quality")
            .map(|node| given(&node, |node| quality(node, kind)))
            .transpose()?,
        cards: match node.find("cards") {
            None => BTreeMap::new(),
            Some(cards) => cards
                .members()?
                .into_iter()
                .map(|(code, counts)| Ok((code, quality(&counts, kind)?)))
                .collect::<Read<_>>()?,
        },
        digest: *blake3::hash(node.value.to_string().as_bytes()).as_bytes(),
        evaluation: EvaluationFacts {
            on_site: node
                .find("on_site")
                .map_or(Ok(Default::default()), |n| n.counts())?,
            questionnaire: node
                .find("questionnaire")
                .map_or(Ok(Default::default()), |n| n.counts())?,
        },
        vetoes,
        lifted,
        deductions: deductions(node)?,
    })
}

fn period(node: &Node<'_>) -> Read<(String, String)> {
    if let Value::String(_) = node.value {
        let text = node.text()?;
        return Ok((text.clone(), text));
    }
    node.only(&["from", "to"])?;
    Ok((node.need("from")?.text()?, node.need("to")?.text()?))
}

/// A part as counts, or `{"score": "92.00"}`.
fn given<T>(node: &Node<'_>, counted: impl FnOnce(&Node<'_>) -> Read<T>) -> Read<Given<T>> {
    let Some(score) = node.find("score") else {
        return counted(node).map(Given::Counted);
    };
    node.only(&["score"])?;
    let text = match score.value {
        Value::Number(number) => number.to_string(),
        _ => score.text()?,
    };
    let padded = match text.split_once('.') {
        None => format!("{text}.00"),
        Some((_, rest)) if rest.len() == 1 => format!("{text}0"),
        Some(_) => text.clone(),
    };
    Score::parse(&padded)
        .map(Given::Published)
        .ok_or_else(|| score.wrong("a published score is from 0.00 to 100.00, with two decimals"))
}

fn staffing(node: &Node<'_>) -> Read<StaffingFacts> {
    if node.find("planned").is_some() {
        node.only(&["staffed", "planned", "vacancies"])?;
        let share = node.share("staffed", "planned")?;
        let vacancies = node.list("vacancies", |one| {
            one.only(&["grid", "slot"])?;
            Ok(Vacancy {
                grid: grid_code(&one.need("grid")?)?,
                slot: one.need("slot")?.text()?,
            })
        })?;
        return Ok(StaffingFacts::Counts { share, vacancies });
    }
    node.only(&["grids", "slots", "assignments", "leaves"])?;
    let grids = node.need("grids")?.each(|one| grid_code(&one))?;
    let slots = node.need("slots")?.each(|one| one.text())?;
    let mut assignments: Vec<Assignment> = Vec::new();
    node.list("assignments", |one| {
        one.only(&["person", "grid", "grids", "slot", "backup"])?;
        let person = person(&one.need("person")?)?;
        let backup = one.find("backup").map(|b| self::person(&b)).transpose()?;
        let slot = one.need("slot")?;
        let slot_name = slot.text()?;
        if !slots.contains(&slot_name) {
            return Err(slot.wrong(format!("`{slot_name}` is not among the slots")));
        }
        let cells = match one.find("grids") {
            Some(list) => list.each(|cell| known_cell(&cell, &grids))?,
            None => vec![known_cell(&one.need("grid")?, &grids)?],
        };
        assignments.extend(cells.into_iter().map(|grid| Assignment {
            person: person.clone(),
            backup: backup.clone(),
            grid,
            slot: slot_name.clone(),
        }));
        Ok(())
    })?;
    let leaves = node.list("leaves", |one| {
        one.only(&["person", "slot"])?;
        let slot = one.need("slot")?;
        let slot_name = slot.text()?;
        if !slots.contains(&slot_name) {
            return Err(slot.wrong(format!("`{slot_name}` is not among the slots")));
        }
        Ok(Leave {
            person: person(&one.need("person")?)?,
            slot: slot_name,
        })
    })?;
    Ok(StaffingFacts::Plan {
        grids,
        slots,
        assignments,
        leaves,
    })
}

fn coverage(node: &Node<'_>) -> Read<CoverageFacts> {
    node.only(&["planned_m", "exempted_m", "covered_m"])?;
    let mm = |field: &Node<'_>| Ok::<_, FactsError>(field.amount()?.get());
    Ok(CoverageFacts {
        planned_mm: mm(&node.need("planned_m")?)?,
        exempted_mm: node.find("exempted_m").map_or(Ok(0), |field| mm(&field))?,
        covered_mm: mm(&node.need("covered_m")?)?,
    })
}

fn checkpoints(node: &Node<'_>) -> Read<Share> {
    if node.value.is_array() {
        let counted = node.counted()?;
        return Ok(Share {
            part: counted.numerator,
            whole: counted.denominator,
        });
    }
    node.only(&["visited", "planned"])?;
    node.share("visited", "planned")
}

fn loops(node: &Node<'_>) -> Read<LoopFacts> {
    node.only(&["walked_percent", "required"])?;
    let walked = node.need("walked_percent")?;
    Ok(LoopFacts {
        walked: walked.each(|one| {
            let percent = one.amount()?;
            if percent.get() > 100_000 {
                return Err(one.wrong("a loop is walked for 100 percent at most"));
            }
            Ok(Share {
                part: percent.get(),
                whole: 100_000,
            })
        })?,
        required: node.need("required")?.count()?,
    })
}

/// Minutes or seconds, all in the same unit: `scheduled_min` or `scheduled_s` and so on.
fn time(node: &Node<'_>) -> Read<TimeFacts> {
    let names = [
        "scheduled",
        "in_grid",
        "outside",
        "over_dwell",
        "no_fix",
        "excused",
    ];
    let (suffix, per) = match node.find("scheduled_s") {
        Some(_) => ("_s", 1),
        None => ("_min", 60),
    };
    let fields = names.map(|name| format!("{name}{suffix}"));
    node.only(&fields.each_ref().map(String::as_str))?;
    let [
        scheduled,
        in_grid,
        outside,
        over_dwell,
        no_fix,
        excused_name,
    ] = &fields;
    let seconds = |field: &Node<'_>| Ok::<_, FactsError>(field.count()? * per);
    let of = |name: &String| node.find(name).map_or(Ok(0), |field| seconds(&field));
    let excused = match node.find(excused_name) {
        None => Vec::new(),
        Some(field) if field.value.is_object() => field
            .members()?
            .into_iter()
            .map(|(reason, value)| Ok((reason, seconds(&value)?)))
            .collect::<Read<Vec<_>>>()?,
        Some(field) => vec![("given".to_owned(), seconds(&field)?)],
    };
    let facts = TimeFacts {
        scheduled_s: seconds(&node.need(scheduled)?)?,
        in_grid_s: seconds(&node.need(in_grid)?)?,
        outside_s: of(outside)?,
        over_dwell_s: of(over_dwell)?,
        no_fix_s: of(no_fix)?,
        excused,
    };
    let rest = facts.outside_s + facts.over_dwell_s + facts.no_fix_s;
    if facts.in_grid_s + rest != facts.scheduled_s {
        let (sum, all) = ((facts.in_grid_s + rest) / per, facts.scheduled_s / per);
        return Err(node.wrong(format!(
            "in grid, outside, over dwell and no fix sum to {sum}, scheduled are {all}"
        )));
    }
    let excused = facts.excused.iter().map(|(_, s)| u128::from(*s));
    let (excused, rest) = (excused.sum::<u128>(), u128::from(rest));
    if excused > rest {
        return Err(node.wrong(format!(
            "{} are excused of {} that were not in the grid",
            excused / u128::from(per),
            rest / u128::from(per)
        )));
    }
    Ok(facts)
}

fn quantity(node: &Node<'_>) -> Read<QuantityFacts> {
    node.only(&["proration", "items"])?;
    let proration = match node.find("proration") {
        None => Proration::FULL,
        Some(field) => self::proration(&field)?,
    };
    let items = node.need("items")?;
    let mut done = Vec::new();
    for (name, item) in items.members()? {
        let known = || QuotaKey::ALL.map(QuotaKey::as_str).join(", ");
        let key = QuotaKey::ALL
            .into_iter()
            .find(|key| key.as_str() == name)
            .ok_or_else(|| item.wrong(format!("is no item; write one of {}", known())))?;
        if !item.value.is_object() {
            done.push(DoneFacts {
                key,
                done: item.amount()?,
                quota: None,
                excluded: Vec::new(),
            });
            continue;
        }
        item.only(&["done", "quota", "excluded"])?;
        done.push(DoneFacts {
            key,
            done: item.need("done")?.amount()?,
            quota: item.find("quota").map(|quota| quota.amount()).transpose()?,
            excluded: item.list("excluded", |one| {
                one.only(&["what", "reason", "detail"])?;
                let reason = one.need("reason")?;
                let known: Result<ExclusionReason, _> =
                    serde_json::from_value(reason.value.clone());
                Ok(Excluded {
                    what: one.need("what")?.text()?,
                    reason: known.map_err(|_| {
                        reason.wrong(
                            "must be duplicate, void, self_split, photo_seen or not_valid_yet",
                        )
                    })?,
                    detail: one.find("detail").map_or(Ok(String::new()), |d| d.text())?,
                })
            })?,
        });
    }
    Ok(QuantityFacts { proration, done })
}

/// `"7/10"`, `[7, 10]` or a decimal such as `0.7`.
fn proration(field: &Node<'_>) -> Read<Proration> {
    let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    let (part, whole) = match field.value {
        Value::Array(pair) if pair.len() == 2 => {
            let counts = field.each(|one| one.count())?;
            (counts[0], counts[1])
        }
        Value::String(text) if text.contains('/') => {
            let parse = |text: &str| text.trim().parse::<u64>().ok();
            text.split_once('/')
                .and_then(|(part, whole)| parse(part).zip(parse(whole)))
                .ok_or_else(|| field.wrong("write a part of full time such as 7/10"))?
        }
        _ => (field.amount()?.get(), 1000),
    };
    Proration::try_new(small(part), small(whole))
        .map_err(|error| field.wrong(format!("{error}; write a part such as 7/10")))
}

fn quality(node: &Node<'_>, kind: SubjectKind) -> Read<SubjectFacts> {
    let known = IndicatorKey::of_subject(kind);
    let mut facts = SubjectFacts::default();
    for (name, field) in node.members()? {
        // The counts of volumes are also known by the names of their counts.
        let key = match name.as_str() {
            "filed_count" => Some(IndicatorKey::FiledVolume),
            "accepted_count" => Some(IndicatorKey::AcceptedVolume),
            "dispatched_count" => Some(IndicatorKey::DispatchedVolume),
            name => IndicatorKey::parse(name),
        };
        let Some(key) = key.filter(|key| known.contains(key)) else {
            let known: Vec<_> = known.iter().map(|key| key.as_str()).collect();
            let why = format!(
                "is not counted for {}; write {}",
                kind.as_str(),
                known.join(", ")
            );
            return Err(field.wrong(why));
        };
        if key.is_volume() {
            if facts.volumes.insert(key, field.count()?).is_some() {
                return Err(field.wrong("stands twice, under two names"));
            }
        } else {
            facts.counted.insert(key, field.counted()?);
        }
    }
    Ok(facts)
}

fn vetoes(node: &Node<'_>) -> Read<(Vec<Veto>, Vec<Veto>)> {
    let (mut holding, mut lifted) = (Vec::new(), Vec::new());
    node.list("vetoes", |one| {
        one.only(&["reason", "what", "appeal"])?;
        let veto = Veto {
            reason: one.need("reason")?.text()?,
            what: one
                .find("what")
                .map_or(Ok(String::new()), |what| what.text())?,
        };
        match one.find("appeal").map(|appeal| (appeal.text(), appeal)) {
            None => holding.push(veto),
            Some((Ok(state), _)) if state == "upheld" => lifted.push(veto),
            Some((Ok(state), _)) if state == "rejected" => holding.push(veto),
            Some((_, appeal)) => return Err(appeal.wrong("must be upheld or rejected")),
        }
        Ok(())
    })?;
    Ok((holding, lifted))
}

fn deductions(node: &Node<'_>) -> Read<Vec<Deduction>> {
    node.list("deductions", |one| {
        one.only(&["reason", "points", "what"])?;
        let points = one.need("points")?;
        let thousandths = points.amount()?.get();
        if !thousandths.is_multiple_of(10) || thousandths > 100_000 {
            return Err(points.wrong("points are from 0.00 to 100.00, with two decimals"));
        }
        Ok(Deduction {
            reason: one.need("reason")?.text()?,
            points_hundredths: u32::try_from(thousandths / 10).unwrap_or(u32::MAX),
            what: one
                .find("what")
                .map_or(Ok(String::new()), |what| what.text())?,
        })
    })
}

fn known_cell(node: &Node<'_>, grids: &[GridCode]) -> Read<GridCode> {
    let code = grid_code(node)?;
    match grids.contains(&code) {
        true => Ok(code),
        false => Err(node.wrong(format!("`{code}` is not among the grids"))),
    }
}

fn grid_code(node: &Node<'_>) -> Read<GridCode> {
    GridCode::parse(&node.text()?).map_err(|error| node.wrong(error.to_string()))
}

fn person(node: &Node<'_>) -> Read<PersonId> {
    PersonId::parse(&node.text()?).map_err(|error| node.wrong(error.to_string()))
}
