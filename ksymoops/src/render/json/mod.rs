// SPDX-License-Identifier: MIT OR Apache-2.0
//! JSON: one object for each report, one on a line. `docs/ksymoops-json.md` is the reference.

mod answer;
mod finding;
mod listing;

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};

use liboops::explain::Statement;
use liboops::report::{Block, Hex, Report};
use modcli::escape;
use serde::Serialize;

use super::Render;
use crate::decode::{Annotation, statements};
pub(crate) use answer::Answer;
use finding::Finding;
pub(crate) use listing::Listing;
use serde_json::Value;

/// The version of the schema.
const SCHEMA: u32 = 1;

/// A JSON object for each report, each on a line of its own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json;

/// The object for one report.
#[derive(Debug, Serialize)]
struct DecodedReport<'a> {
    schema: u32,
    report: &'a Report,
    text: Vec<Cow<'a, str>>,
    findings: Vec<Finding<'a>>,
    explanations: &'a [Statement],
}

impl Render for Json {
    fn text(&mut self, _text: &[u8], _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn block(&mut self, block: &Block, annotations: &[Annotation], out: &mut dyn Write) -> io::Result<()> {
        for value in reports(block, annotations)? {
            writeln!(out, "{}", escape::json(value.to_string()))?;
        }
        Ok(())
    }

    fn finish(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// The objects for the reports of a block.
pub(crate) fn reports(block: &Block, annotations: &[Annotation]) -> serde_json::Result<Vec<Value>> {
    let mut all: HashMap<usize, Vec<Finding<'_>>> = HashMap::new();
    for annotation in annotations {
        if let Some(finding) = Finding::of(annotation) {
            all.entry(annotation.report).or_default().push(finding);
        }
    }
    let mut values = Vec::new();
    for (index, report) in block.reports.iter().enumerate() {
        let text = block.messages(index).map(String::from_utf8_lossy).collect();
        let findings = all.remove(&index).unwrap_or_default();
        let fault_address = serde_json::to_value(report.fault_address().map(Hex))?;
        let explanations = statements(annotations, index);
        let report = DecodedReport { schema: SCHEMA, report, text, findings, explanations };
        // By way of a value, whose fields are sorted by name: that order does not depend on the structs.
        let mut value = serde_json::to_value(report)?;
        if let Some(report) = value.get_mut("report").and_then(Value::as_object_mut) {
            report.insert("fault_address".to_owned(), fault_address);
        }
        values.push(value);
    }
    Ok(values)
}
