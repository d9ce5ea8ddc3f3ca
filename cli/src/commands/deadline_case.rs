//! One case's handling against its limit, with everything that moved the deadline.

use std::path::Path;

use bading_core::rules::clock::WorkingClock;
use bading_core::rules::handling_file::{HandlingAnswer, HandlingCase, SpanAnswer};

use super::{deadline, read};
use crate::output::{Exit, Failure, Output};

pub(super) fn run(path: &Path, clock: &WorkingClock, output: &Output) -> Result<Exit, Failure> {
    let case = HandlingCase::read(&read(path)?).map_err(|e| Failure::in_file(path, e))?;
    let answer = case.judge(clock).map_err(|error| {
        let why = deadline::told(clock, &error);
        Failure::in_file(path, format!("events and limit: {why}"))
    })?;
    output.answer(&answer, lines)?;
    Ok(Exit::Done)
}

fn lines(answer: &HandlingAnswer) -> String {
    let told = |at: &Option<String>| at.clone().unwrap_or_else(|| "-".to_owned());
    let mut text = format!(
        "{} ({})\n  limit       {}, extended {} times\n  dispatched  {}\n",
        answer.judgement,
        answer.why,
        answer.limit,
        answer.extensions,
        told(&answer.start)
    );
    for pause in &answer.pauses {
        text.push_str(&format!(
            "  {:<11} {} to {}\n",
            pause.why, pause.from, pause.to
        ));
    }
    text.push_str(&format!("  due         {}\n", told(&answer.due)));
    if let Some(earliest) = &answer.due_earliest {
        text.push_str(&format!("  or already  {earliest}\n"));
    }
    if let Some(why) = &answer.provisional {
        text.push_str(&format!("  no due yet  {why}\n"));
    }
    match &answer.handed_back {
        None => {}
        Some(SpanAnswer::At { at }) => text.push_str(&format!("  handed back {at}\n")),
        Some(SpanAnswer::Between { earliest, latest }) => {
            text.push_str(&format!("  handed back {earliest} to {latest}\n"));
        }
    }
    let lamp = answer.lamp.unwrap_or("-");
    text.push_str(&format!("  lamp        {lamp}, as of {}\n", answer.as_of));
    for ignored in &answer.ignored {
        let (event, what, why) = (ignored.event, ignored.what, ignored.why);
        text.push_str(&format!("  ignored     events[{event}] {what}: {why}\n"));
    }
    text
}
