// SPDX-License-Identifier: MIT OR Apache-2.0
//! JSON: one object a report, one a line. `docs/ksymoops-json.md` is the reference.

use std::collections::HashMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Render, clean, words};
use crate::decode::{Finding, What};
use libksym::code::Listing;
use libksym::{Answer, Location};
use liboops::report::{Block, Hex};

/// The version of the schema.
const SCHEMA: u32 = 1;

/// A JSON object for each report, each in a line of its own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json;

impl Render for Json {
    fn text(&mut self, _text: &[u8], _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn block(&mut self, block: &Block, findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
        let mut all: HashMap<usize, Vec<Value>> = HashMap::new();
        for one in findings {
            all.entry(one.report).or_default().push(finding(one));
        }
        for (index, report) in block.reports.iter().enumerate() {
            let text: Vec<_> = block.messages(index).map(String::from_utf8_lossy).collect();
            let found = all.remove(&index).unwrap_or_default();
            let value = json!({ "schema": SCHEMA, "report": report, "text": text, "findings": found });
            let mut line = serde_json::to_string(&value)?;
            // JSON needs not escape them, but a terminal may obey them. They can only be in strings.
            if line.contains(clean::steers) {
                line = line.chars().fold(String::with_capacity(line.len()), |mut line, letter| {
                    if clean::steers(letter) {
                        line.push_str(&format!("\\u{:04x}", u32::from(letter)));
                    } else {
                        line.push(letter);
                    }
                    line
                });
            }
            line.push('\n');
            out.write_all(line.as_bytes())?;
        }
        Ok(())
    }

    fn finish(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

fn finding(finding: &Finding) -> Value {
    let what = match &finding.what {
        What::Summary(lines) => json!({ "kind": "summary", "lines": lines }),
        What::Place { label, name, answer } => {
            json!({ "kind": "place", "label": label, "name": name, "answer": self::answer(answer) })
        }
        What::Persistent { label, hit } => json!({ "kind": "persistent", "label": label, "hit": hit }),
        What::Data { label, address, answer } => {
            json!({ "kind": "data", "label": label, "address": Hex(*address), "answer": self::answer(answer) })
        }
        What::Code(listing) => json!({ "kind": "code", "listing": self::listing(listing) }),
        What::NoCode(why) => json!({ "kind": "no-code", "why": why }),
    };
    let lines: Vec<String> = words::of(&finding.what).into_iter().map(|words| words.text).collect();
    let mut value = json!({ "span": finding.span, "words": lines });
    if let (Value::Object(all), Value::Object(what)) = (&mut value, what) {
        all.extend(what);
    }
    value
}

fn answer(answer: &Answer) -> Value {
    let candidates: Vec<Value> = answer.candidates.iter().map(location).collect();
    json!({ "candidates": candidates, "unknown": answer.unresolved.as_ref().map(ToString::to_string) })
}

fn location(location: &Location) -> Value {
    let frame = |frame: &libksym::Frame| json!({ "function": frame.function, "file": frame.file, "line": frame.line, "column": frame.column });
    json!({
        "module": location.module,
        "symbol": location.symbol,
        "offset": location.offset,
        "size": location.size,
        "section": location.section,
        "link_address": Hex(location.link_address),
        "address": location.address.map(Hex),
        "frames": location.frames.iter().map(frame).collect::<Vec<_>>(),
        "symbol_source": location.symbol_source.to_string_lossy(),
        "line_source": location.line_source.as_ref().map(|path| path.to_string_lossy()),
    })
}

fn listing(listing: &Listing) -> Value {
    let instruction = |instruction: &libksym::code::Instruction| {
        let bytes: String = instruction.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        json!({
            "offset": instruction.offset,
            "address": Hex(instruction.address),
            "bytes": bytes,
            "text": instruction.text,
            "valid": instruction.valid,
            "target": instruction.target.map(Hex),
            "symbol": instruction.symbol,
        })
    };
    let access = |access: &libksym::code::Access| {
        let registers: Vec<Value> = access
            .registers
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value.map(Hex) }))
            .collect();
        json!({
            "operand": access.operand,
            "kind": format!("{:?}", access.kind).to_lowercase(),
            "size": access.size,
            "repeated": access.repeated,
            "registers": registers,
            "address": access.address.map(Hex),
            "is_fault": access.is_fault,
        })
    };
    json!({
        "skipped": listing.skipped,
        "trap": listing.marked,
        "trap_kind": listing.trap.map(|kind| kind.to_string()),
        "instructions": listing.instructions.iter().map(instruction).collect::<Vec<_>>(),
        "access": listing.access.iter().map(access).collect::<Vec<_>>(),
    })
}
