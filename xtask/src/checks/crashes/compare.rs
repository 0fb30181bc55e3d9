// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds the report of each stop, and compares them kind by kind.

use serde_json::Value;

use super::kinds;
use super::registers::{hex, register, register_of};
use super::tally::Tally;

/// Registers that tell one crash from another.
const COMPARED: [&str; 15] =
    ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];

/// Compares all; a stop without a report, or the other way round, is wrong.
pub fn all(stops: &[Value], reports: &[Value]) -> Tally {
    let mut tally = Tally::default();
    let mut is_used = vec![false; reports.len()];
    for stop in stops {
        let way = stop["way"].as_str().unwrap_or("?");
        let unused = reports.iter().zip(&mut is_used).filter(|(_, is_used)| !**is_used);
        let Some((report, is_used)) = unused.into_iter().find(|(report, _)| has_registers(report, stop))
        else {
            tally.wrong.push(format!("{way}: there is no report with these registers"));
            continue;
        };
        *is_used = true;
        tally.crashes += 1;
        kinds::compare(way, stop, report, &mut tally);
    }
    for (report, _) in reports.iter().zip(is_used).filter(|(_, is_used)| !is_used) {
        let text = report["text"].as_array().and_then(|lines| lines.first()).cloned().unwrap_or_default();
        tally.wrong.push(format!("gdb did not stop for the report {text}"));
    }
    tally
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
