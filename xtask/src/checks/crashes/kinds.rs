// SPDX-License-Identifier: MIT OR Apache-2.0
//! One report against one stop: function and line, variables, members, persistent data, modules that are
//! gone.

use serde_json::Value;

use super::registers::{hex, register, register_of};
use super::tally::Tally;

/// Compares everything that both know.
pub fn compare(way: &str, stop: &Value, report: &Value, tally: &mut Tally) {
    place(way, stop, report, tally);
    variables(way, stop, report, tally);
    members(way, stop, report, tally);
    persistent(way, stop, report, tally);
    gone(way, stop, report, tally);
}

/// The same where the log has the words of the stack, and what gdb knows of callers.
pub fn compare_with_stack(way: &str, stop: &Value, report: &Value, tally: &mut Tally) {
    compare(way, stop, report, tally);
    callers(way, stop, report, tally);
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Statements of a kind about the cause.
fn statements<'a>(report: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    array(&report["explanations"]).iter().filter(move |statement| statement["kind"] == kind)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The functions at the instruction, the innermost first, and their lines.
fn place(way: &str, stop: &Value, report: &Value, tally: &mut Tally) {
    let is_pc = |finding: &&Value| finding["kind"] == "place" && finding["label"] == "RIP";
    let found = array(&report["findings"]).iter().find(is_pc);
    let candidates =
        found.and_then(|found| found.pointer("/answer/candidates")).map(array).unwrap_or_default();
    let own = candidates.first().map(|first| array(&first["frames"])).unwrap_or_default();
    let gdb: Vec<&Value> = array(&stop["frames"]).iter().filter(|frame| frame["line"] != 0).collect();
    let gdb_has = gdb.iter().any(|frame| frame["function"].is_string());
    if !gdb_has {
        tally.judge("places that are no code", own.is_empty(), || format!("{way}: {own:?}"));
        return;
    }
    if own.is_empty() {
        tally.leave_out("places without a line", way.to_owned());
        return;
    }
    let said = |frame: &Value| {
        let file = text(&frame["file"]).rsplit('/').next().unwrap_or_default().to_owned();
        (text(&frame["function"]).to_owned(), file, frame["line"].as_u64())
    };
    let own: Vec<_> = own.iter().map(said).collect();
    let gdb: Vec<_> = gdb.into_iter().map(said).collect();
    if own.len() > 1 {
        tally.judge("chains of inlined calls", own == gdb, || format!("{way}: {own:?}, gdb {gdb:?}"));
    } else {
        let also = stop.pointer("/frames/0/lines").map(array).unwrap_or_default();
        let is_row = |own: &(String, String, Option<u64>), gdb: &(String, String, Option<u64>)| {
            (&own.0, &own.1) == (&gdb.0, &gdb.1) && also.iter().any(|line| line.as_u64() == own.2)
        };
        // Several lines may begin at an address: gdb takes one that begins a statement, ksymoops and
        // addr2line the last one, whose instruction it is.
        let is_same = own == gdb || own.iter().zip(&gdb).all(|(own, gdb)| is_row(own, gdb));
        tally.judge("functions and lines", is_same, || format!("{way}: {own:?}, gdb {gdb:?}"));
    }
}

/// Variables of gdb by function and name: at the fault, or in a caller, counted from 1.
fn of_gdb<'a>(stop: &'a Value, caller: usize, function: &'a str, name: &'a str) -> Vec<&'a Value> {
    let frames = match caller.checked_sub(1) {
        None => &stop["frames"],
        Some(index) => stop["callers"].get(index).unwrap_or(&Value::Null),
    };
    let frames = array(frames).iter().filter(|frame| frame["function"] == function);
    let all = frames.flat_map(|frame| array(&frame["variables"]));
    all.filter(|variable| variable["name"] == name).collect()
}

fn variables(way: &str, stop: &Value, report: &Value, tally: &mut Tally) {
    for statement in statements(report, "variable") {
        let said = text(&statement["text"]);
        let of_caller = said.strip_prefix("caller ").and_then(|rest| rest.split_once(": "));
        let caller = of_caller.map_or(0, |(number, _)| number.parse().unwrap_or(usize::MAX));
        match known(of_caller.map_or(said, |(_, rest)| rest)) {
            Some((role, name, function)) => {
                let value = statement.pointer("/values/0/value").and_then(hex);
                let gdb = of_gdb(stop, caller, function, name);
                let is_same = |one: &&Value| {
                    let bytes = one["size"].as_u64().and_then(|size| u32::try_from(size).ok()).unwrap_or(8);
                    let mask = u64::MAX.checked_shr(64_u32.saturating_sub(8 * bytes)).unwrap_or_default();
                    value.is_some_and(|value| one["value"].as_u64() == Some(value & mask))
                        && one["parameter"] == (role == "parameter")
                };
                let kind = if caller == 0 { "variables" } else { "variables of callers" };
                tally
                    .judge(kind, gdb.iter().any(is_same), || format!("{way}: {said}; gdb: {}", states(&gdb)));
            }
            None => {
                let Some((names, words)) = said.split_once(": ") else { continue };
                for (name, function) in names.split(", ").filter_map(|one| one.split_once(" of ")) {
                    unknown(way, name, function, words, &of_gdb(stop, 0, function, name), tally);
                }
            }
        }
    }
}

/// Numbers in callers that gdb knows, and ksymoops does not say.
fn callers(way: &str, stop: &Value, report: &Value, tally: &mut Tally) {
    let said: Vec<&str> = statements(report, "variable").map(|statement| text(&statement["text"])).collect();
    for (index, frames) in array(&stop["callers"]).iter().enumerate() {
        let number = index.saturating_add(1);
        for frame in array(frames) {
            let function = text(&frame["function"]);
            for variable in array(&frame["variables"]).iter().filter(|one| one["value"].is_u64()) {
                let name = text(&variable["name"]);
                let is_this = |said: &&str| {
                    let own = said.strip_prefix(&format!("caller {number}: ")).and_then(known);
                    own.is_some_and(|(_, own, of)| (own, of) == (name, function))
                };
                if !said.iter().any(is_this) {
                    let what = format!("{way} {number} {name} of {function} ({})", variable["value"]);
                    tally.leave_out("variables of callers, unknown while gdb has a value", what);
                }
            }
        }
    }
}

/// A variable of which ksymoops says that it is unknown, and why.
fn unknown(way: &str, name: &str, function: &str, words: &str, gdb: &[&Value], tally: &mut Tally) {
    let what = || format!("{way} {name} of {function}");
    if gdb.is_empty() {
        tally.wrong.push(format!("variables: {} is none of gdb's", what()));
    } else if let Some(known) = gdb.iter().find(|one| one["value"].is_u64()) {
        // By what the callers' code says, which the log does not have.
        let is_said = words == "optimised out";
        let kind =
            if is_said { "optimised out, while gdb has a value" } else { "unknown, while gdb has a value" };
        tally.leave_out(kind, format!("{} ({})", what(), known["value"]));
    } else {
        let is_out = |one: &&Value| one["state"] == "optimised out";
        let kind = if gdb.iter().all(is_out) {
            "variables that are optimised out"
        } else {
            "variables that are no number"
        };
        tally.agree(kind);
    }
}

/// `parameter NAME of FUNCTION is ...`
fn known(said: &str) -> Option<(&str, &str, &str)> {
    let (kind, rest) = said.split_once(' ').filter(|(kind, _)| ["parameter", "local"].contains(kind))?;
    let (name, rest) = rest.split_once(" of ")?;
    let (function, _) = rest.split_once(" is ")?;
    Some((kind, name, function))
}

fn states(gdb: &[&Value]) -> String {
    let all = gdb.iter().map(|one| format!("{} {} {}", one["parameter"], one["state"], one["value"]));
    all.collect::<Vec<_>>().join(", ")
}

/// `OPERAND is NAME->MEMBER (TYPE, a parameter of FUNCTION)`
fn members(way: &str, stop: &Value, report: &Value, tally: &mut Tally) {
    for statement in statements(report, "member") {
        let said = text(&statement["text"]);
        let offset = statement.pointer("/values/1/value").and_then(hex);
        let (Some((_, rest)), Some(offset)) = (said.split_once(" is "), offset) else { continue };
        let name_and_member = rest.split_once(" (").map_or(rest, |(first, _)| first);
        let (name, member) = name_and_member.split_once("->").unwrap_or((name_and_member, ""));
        let function = rest.rsplit_once(" of ").map_or("", |(_, last)| last.trim_end_matches(')'));
        let gdb = of_gdb(stop, 0, function, name);
        let is_same = gdb.iter().flat_map(|one| array(&one["members"])).any(|one| {
            let (path, start, size) = (text(&one[0]), one[1].as_u64(), one[2].as_u64());
            let Some((start, size)) = start.zip(size) else { return false };
            start <= offset && offset < start + size && is_named(member, path, offset - start)
        });
        tally.judge("members", is_same, || format!("{way}: {said}"));
    }
}

/// Whether a name with a possible offset is that of a path and an offset.
fn is_named(name: &str, path: &str, rest: u64) -> bool {
    if rest == 0 { name == path } else { name == format!("{path}+{rest:#x}") }
}

fn persistent(way: &str, stop: &Value, report: &Value, tally: &mut Tally) {
    let is_hit = |finding: &&Value| finding["kind"] == "persistent";
    let hits: Vec<&Value> = array(&report["findings"]).iter().filter(is_hit).collect();
    for hit in &hits {
        let label = register(text(&hit["label"]));
        let gdb = stop["persistent"].get(&label).unwrap_or(&Value::Null);
        if gdb.is_null() {
            // Registers are all that gdb was asked of.
            if register_of(stop, &label).is_some() {
                tally
                    .wrong
                    .push(format!("persistent data: {way}: {label} is not in it for gdb: {}", hit["words"]));
            }
            continue;
        }
        let name = hit.pointer("/hit/path").or(hit.pointer("/hit/variable")).map(text).unwrap_or_default();
        let is_same = hit.pointer("/hit/owner").map(text) == gdb["module"].as_str()
            && array(&gdb["paths"])
                .iter()
                .any(|one| one[1].as_u64().is_some_and(|rest| is_named(name, text(&one[0]), rest)));
        tally.judge("persistent data", is_same, || format!("{way}: {}, gdb {gdb}", hit["words"]));
    }
    let said = |label: &str| hits.iter().any(|hit| register(text(&hit["label"])) == label);
    for label in stop["persistent"].as_object().into_iter().flatten().map(|(label, _)| label) {
        if !said(label) {
            tally.leave_out("pointers into persistent data", format!("{way} {label}"));
        }
    }
}

/// `LABEL 0xADDRESS was SYMBOL+0xOFFSET [MODULE], unloaded ...`
fn gone(way: &str, stop: &Value, report: &Value, tally: &mut Tally) {
    let known = || stop["gone"].as_object().into_iter().flatten();
    let mut said_of = Vec::new();
    for statement in statements(report, "unloaded-module") {
        let said = text(&statement["text"]);
        let address = statement.pointer("/values/0/value").and_then(hex);
        let gdb = known().find(|(name, _)| register_of(stop, name) == address);
        // The freed init memory of a module that is there.
        let places = gdb.map(|(_, places)| array(places)).unwrap_or_default();
        let is_same = places.iter().any(|place| {
            let symbol = place.pointer("/symbol/0").map_or("", text);
            let offset = place.pointer("/symbol/1").and_then(Value::as_u64).unwrap_or(0);
            let module = text(&place["module"]);
            let in_section = address.zip(place["start"].as_u64()).map(|(address, start)| address - start);
            said.contains(&format!(" was {symbol}+{offset:#x} [{module}]"))
                || in_section.is_some_and(|offset| {
                    said.contains(&format!(" was {}+{offset:#x} of module {module}", text(&place["section"])))
                })
        });
        said_of.push(address);
        tally.judge("modules that are gone", is_same, || format!("{way}: {said}, gdb {places:?}"));
    }
    for (name, _) in known() {
        if !said_of.contains(&register_of(stop, name)) {
            tally.leave_out("addresses in modules that are gone", format!("{way} {name}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stop() -> Value {
        json!({
            "registers": { "rbx": 0x1010, "rip": 0x2004 },
            "frames": [{
                "function": "f", "file": "a/m.c", "line": 7, "lines": [7],
                "variables": [
                    { "name": "dev", "parameter": true, "state": "known", "value": 0x1010_u64, "size": 8,
                      "members": [["queue", 8, 16], ["queue.next", 8, 8]] },
                    { "name": "n", "parameter": false, "state": "known", "value": 0xffff_ffff_u64, "size": 4 },
                    { "name": "gone", "parameter": false, "state": "optimised out", "value": null },
                ],
            }],
            "callers": [[{ "function": "g", "variables": [
                { "name": "at", "parameter": true, "state": "known", "value": 5_u64, "size": 8 },
            ] }]],
            "persistent": { "rbx": { "module": "m", "paths": [["stats", 16], ["stats.hits[1]", 0]] } },
            "gone": { "rip": [{ "module": "g", "section": ".text", "start": 0x2000, "symbol": ["run", 4] }] },
        })
    }

    fn report(line: u64, variables: &[Value], path: &str, ghost: &str) -> Value {
        let mut explanations = variables.to_vec();
        explanations.push(json!({
            "kind": "unloaded-module", "text": ghost, "values": [{ "name": "address", "value": "0x2004" }],
        }));
        json!({
            "findings": [
                { "kind": "place", "label": "RIP",
                  "answer": { "candidates": [{ "frames": [{ "function": "f", "file": "/b/m.c", "line": line }] }] } },
                { "kind": "persistent", "label": "RBX", "words": [], "hit": { "owner": "m", "path": path } },
            ],
            "explanations": explanations,
        })
    }

    fn variable(text: &str, value: &str) -> Value {
        json!({ "kind": "variable", "text": text, "values": [{ "name": "x", "value": value }] })
    }

    fn wrong(report: &Value) -> Vec<String> {
        let mut tally = Tally::default();
        compare("way", &stop(), report, &mut tally);
        tally.wrong
    }

    #[test]
    fn what_is_the_same_is_counted() {
        let variables = [
            variable("parameter dev of f is 0x1010 (struct d *, in rbx)", "0x1010"),
            variable("local n of f is -1 (int)", "0xffffffffffffffff"),
            variable("caller 1: parameter at of g is 0x5 (long *, still in rbx)", "0x5"),
            json!({ "kind": "variable", "text": "gone of f: optimised out", "values": [] }),
            json!({ "kind": "member", "text": "8(%rbx) is dev->queue.next (struct d *, a parameter of f)",
                    "values": [{ "value": "0x1010" }, { "value": "0x8" }] }),
        ];
        let report = report(7, &variables, "stats.hits[1]", "RIP 0x2004 was run+0x4 [g], unloaded");
        let mut tally = Tally::default();
        compare("way", &stop(), &report, &mut tally);
        assert_eq!(tally.wrong, [""; 0]);
        assert_eq!(tally.agreed.values().sum::<usize>(), 8, "{:?}", tally.agreed);
        assert!(tally.left_out.is_empty(), "{:?}", tally.left_out);
    }

    #[test]
    fn what_is_not_said_of_callers_is_counted() {
        for (said, left_out) in [("caller 1: parameter at of g is 0x5 (int *)", 0), ("", 1)] {
            let report = report(7, &[variable(said, "0x5")], "stats.hits[1]", "");
            let mut tally = Tally::default();
            callers("way", &stop(), &report, &mut tally);
            assert_eq!(tally.left_out.values().map(Vec::len).sum::<usize>(), left_out, "{said}");
        }
    }

    #[test]
    fn each_difference_is_wrong() {
        let ghost = "RIP 0x2004 was run+0x4 [g], unloaded";
        let right = |variables: &[Value]| report(7, variables, "stats.hits[1]", ghost);
        for (report, what) in [
            (report(8, &[], "stats.hits[1]", ghost), "functions and lines"),
            (report(7, &[], "stats.hits[2]", ghost), "persistent data"),
            (
                report(7, &[], "stats.hits[1]", "RIP 0x2004 was walk+0x4 [g], unloaded"),
                "modules that are gone",
            ),
            (right(&[variable("parameter dev of f is 0x1018 (struct d *)", "0x1018")]), "variables"),
            (right(&[variable("local dev of f is 0x1010 (struct d *)", "0x1010")]), "variables"),
            (right(&[variable("parameter dev of g is 0x1010 (struct d *)", "0x1010")]), "variables"),
            (right(&[variable("local gone of f is 1 (int)", "0x1")]), "variables"),
            (right(&[variable("caller 1: parameter at of g is 0x6 (int *)", "0x6")]), "variables of callers"),
            (right(&[variable("caller 2: parameter at of g is 0x5 (int *)", "0x5")]), "variables of callers"),
            (
                right(&[
                    json!({ "kind": "member", "text": "8(%rbx) is dev->name (struct d *, a parameter of f)",
                                "values": [{ "value": "0x1010" }, { "value": "0x8" }] }),
                ]),
                "members",
            ),
        ] {
            let wrong = wrong(&report);
            assert!(wrong.len() == 1 && wrong[0].starts_with(what), "{what}: {wrong:?}");
        }
    }

    #[test]
    fn what_only_gdb_knows_is_left_out_not_wrong() {
        let unknown = json!({ "kind": "variable", "text": "dev of f: optimised out", "values": [] });
        let report = report(7, &[unknown], "stats.hits[1]", "RIP 0x2004 was run+0x4 [g], unloaded");
        let mut tally = Tally::default();
        compare("way", &stop(), &report, &mut tally);
        assert!(tally.wrong.is_empty() && tally.left_out.len() == 1, "{tally:?}");
    }
}
