// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds the report of each stop, and compares them kind by kind.

use serde_json::Value;

use super::registers::{hex, register, register_of};
use super::tally::Tally;

/// Registers that tell one crash from another.
const COMPARED: [&str; 15] =
    ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];

/// Stops with their reports.
pub struct Pairs<'a> {
    /// In the order of the stops.
    pub both: Vec<(&'a Value, &'a Value)>,
    /// A stop without a report, or the other way round.
    wrong: Vec<String>,
}

/// The report of each stop.
pub fn pairs<'a>(stops: &'a [Value], reports: &'a [Value]) -> Pairs<'a> {
    let mut pairs = Pairs { both: Vec::new(), wrong: Vec::new() };
    let mut is_used = vec![false; reports.len()];
    for stop in stops {
        let unused = reports.iter().zip(&mut is_used).filter(|(_, is_used)| !**is_used);
        match unused.into_iter().find(|(report, _)| has_registers(report, stop)) {
            Some((report, is_used)) => {
                *is_used = true;
                pairs.both.push((stop, report));
            }
            None => pairs.wrong.push(format!("{}: there is no report with these registers", way(stop))),
        }
    }
    for (report, _) in reports.iter().zip(is_used).filter(|(_, is_used)| !is_used) {
        let text = report["text"].as_array().and_then(|lines| lines.first()).cloned().unwrap_or_default();
        pairs.wrong.push(format!("gdb did not stop for the report {text}"));
    }
    pairs
}

/// Compares each pair by `compare`.
pub fn all(pairs: &Pairs<'_>, compare: impl Fn(&str, &Value, &Value, &mut Tally)) -> Tally {
    let mut tally = Tally { crashes: pairs.both.len(), wrong: pairs.wrong.clone(), ..Tally::default() };
    for (stop, report) in &pairs.both {
        compare(way(stop), stop, report, &mut tally);
    }
    tally
}

fn way(stop: &Value) -> &str {
    stop["way"].as_str().unwrap_or("?")
}

/// Whether the report has all registers of the stop.
fn has_registers(report: &Value, stop: &Value) -> bool {
    let Some(state) = fault(report) else { return false };
    let shown = state["registers"].as_array().map(Vec::as_slice).unwrap_or_default();
    COMPARED.iter().all(|name| {
        let has = |one: &&Value| one["name"].as_str().is_some_and(|own| register(own) == *name);
        let value = shown.iter().find(has).and_then(|one| hex(&one["value"]));
        value.is_some() && value == register_of(stop, name)
    })
}

/// The registers and code of the fault.
pub fn fault(report: &Value) -> Option<&Value> {
    let states = report.pointer("/report/states")?.as_array()?;
    let is_fault = |state: &&Value| state["origin"].as_str().is_some_and(|origin| origin == "fault");
    states.iter().find(is_fault).or(states.first())
}
