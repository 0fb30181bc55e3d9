// SPDX-License-Identifier: MIT OR Apache-2.0
//! `decode`: the reports of a log, as `--format=json` prints them.

use std::io::{self, Read};

use liboops::{Event, panic_code, pstore, stream};
use serde::Serialize;
use serde_json::Value;

use super::error::{ErrorCode, ServeError};
use super::kept::KeptKernel;
use super::limits::MAX_REPORT_BYTES;
use super::request;
use super::value::value;
use crate::input;
use crate::render;

#[derive(Serialize)]
struct Decoded {
    reports: Vec<Value>,
    /// Whether the log was read to its end.
    complete: bool,
    /// What there is to say about the codes of panic screens in it.
    notes: Vec<String>,
}

pub(super) fn answer(request: &request::Decode, kernel: &KeptKernel) -> Result<Value, ServeError> {
    let unreadable = |error: io::Error| ServeError::new(ErrorCode::Unreadable, error);
    match (&request.log, &request.file) {
        (Some(log), None) => decoded(&mut log.as_bytes(), kernel).map_err(unreadable)?,
        (None, Some(path)) => {
            let file = libmodsys::files::open_regular(path).map_err(unreadable)?;
            decoded(&mut input::text(file).map_err(unreadable)?, kernel).map_err(unreadable)?
        }
        _ => Err(ServeError::bad_request("it takes a log or a file")),
    }
}

fn decoded(log: &mut dyn Read, kernel: &KeptKernel) -> io::Result<Result<Value, ServeError>> {
    let (input, codes) = panic_code::reader(pstore::reader(log)?);
    let mut decoded = Decoded { reports: Vec::new(), complete: true, notes: Vec::new() };
    let mut bytes = 0_usize;
    let end = stream(input, |event| {
        let Event::Block(mut block) = event else { return Ok(()) };
        block.reports.iter_mut().for_each(|report| codes.complete(report));
        for report in render::reports(&block, &kernel.decoder().decode(&block))? {
            bytes = bytes.saturating_add(report.to_string().len());
            decoded.reports.push(report);
        }
        decoded.complete = bytes < MAX_REPORT_BYTES;
        if decoded.complete { Ok(()) } else { Err(io::ErrorKind::Interrupted.into()) }
    });
    if decoded.complete {
        end?;
    }
    decoded.notes = codes.take_new().iter().map(|code| input::code_words("the log", code).1).collect();
    Ok(value(&decoded))
}
