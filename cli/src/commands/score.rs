//! Scores of facts by a policy, with the reasons down to each count.

use std::path::Path;

use bading_core::rules::explain::{Catalogue, Language};
use bading_core::rules::facts::{Facts, read_facts};
use bading_core::rules::policy::Policy;
use bading_core::rules::score::{SCHEMA, SubjectScore, score};
use bading_hub::read_policy;
use serde::Serialize;

use super::read;
use crate::args;
use crate::output::{Exit, Failure, Output};

#[derive(Serialize)]
struct Answer {
    schema: &'static str,
    /// The policy's version.
    policy: String,
    results: Vec<SubjectScore>,
}

pub(super) fn run(given: &args::Score, output: &Output) -> Result<Exit, Failure> {
    let language = language(&given.lang)?;
    let policy = match &given.policy {
        Some(path) => read_policy(&read(path)?).map_err(|e| Failure::in_file(path, e))?,
        None => Policy::default(),
    };
    let path = &given.facts;
    let facts = read_facts(&read(path)?).map_err(|error| Failure::in_file(path, error))?;
    let results = facts
        .iter()
        .map(|facts| score(facts, &policy).map_err(|error| named(path, facts, &error)))
        .collect::<Result<Vec<_>, _>>()?;
    let answer = Answer {
        schema: SCHEMA,
        policy: policy.version,
        results,
    };
    output.answer(&answer, |answer| sheet(answer, Catalogue::of(language)))?;
    Ok(Exit::Done)
}

/// Reads the tag of a language that there is a catalogue for.
pub(super) fn language(tag: &str) -> Result<Language, Failure> {
    Language::parse(tag)
        .ok_or_else(|| Failure::input(format!("--lang: `{tag}` is not there; write zh-CN or en")))
}

fn named(path: &Path, facts: &Facts, error: &dyn std::fmt::Display) -> Failure {
    let (kind, id) = (facts.kind.as_str(), &facts.id);
    Failure::in_file(path, format!("{kind} {id}, {error}"))
}

fn sheet(answer: &Answer, catalogue: Catalogue) -> String {
    let mut text = String::new();
    for (index, result) in answer.results.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        let period = match &result.period {
            Some((from, to)) if from != to => format!("  {from} – {to}"),
            Some((from, _)) => format!("  {from}"),
            None => String::new(),
        };
        let (kind, id) = (result.kind.as_str(), &result.id);
        text += &format!("{kind} {id}{period}  ({})\n", answer.policy);
        text += &result.explanation.lines(catalogue);
    }
    text
}
