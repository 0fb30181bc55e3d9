// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist save OWNER FILE`

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use libmodfmt::elf::ByteOrder;
use libmodsys::{Kernel, files};
use modcli::{escape, os_text};
use modrecord::saved_values::{MAX_SAVED_BYTES, SavedFile, SavedFileError};
use serde::Serialize;

use crate::{json, show};

/// Most lines about one thing.
const MAX_LINES: usize = 20;

pub(crate) fn run(kernel: &dyn Kernel, owner: &str, file: &Path, out: &mut dyn Write) -> Result<ExitCode> {
    let saved = show::saved(kernel, owner)?;
    let text = in_json(&saved.json)?;
    let mut lines = Vec::new();
    let unstable = saved.unstable.iter().map(|path| format!("{path}: changed while it was read"));
    lines.extend(listed(unstable.collect()));
    // While the data is still there is the time to hear it.
    match SavedFile::parse(&text)?.prepare(ByteOrder::NATIVE, &[]) {
        Ok(_) => {}
        Err(SavedFileError::Refused { refusals }) => {
            lines.push("modpersist restore refuses, unless they are dropped (--drop=FIELD):".to_owned());
            lines.extend(listed(refusals.iter().map(|refusal| format!("  {refusal}")).collect()));
        }
        Err(error) => return Err(error.into()),
    }
    if file == Path::new("-") {
        out.write_all(&text)?;
        let mut errors = io::stderr();
        for line in lines {
            escape::write_line(&mut errors, format_args!("modpersist: {line}"))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    write(file, &text).with_context(|| os_text(file))?;
    let name = os_text(file);
    escape::write_line(out, format_args!("{owner}: {} variables saved in {name}", saved.count))?;
    for line in lines {
        escape::write_line(out, line)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What restore can read: with a line for each thing, so that a person finds it, or else without blanks.
fn in_json(saved: &impl Serialize) -> Result<Vec<u8>> {
    let is_small = |text: &Vec<u8>| u64::try_from(text.len()).is_ok_and(|length| length <= MAX_SAVED_BYTES);
    let mut text = Vec::new();
    json::print(saved, &mut text)?;
    if !is_small(&text) {
        text.clear();
        json::print_without_blanks(saved, &mut text)?;
    }
    let (size, most) = (text.len().div_ceil(1 << 20), MAX_SAVED_BYTES >> 20);
    ensure!(
        is_small(&text),
        "its values take {size} MiB, and modpersist restore reads {most} MiB at most; nothing was saved"
    );
    Ok(text)
}

/// Only root may read it: it has addresses and data. Whatever else has the name is left alone.
fn write(file: &Path, text: &[u8]) -> Result<()> {
    if let Ok(found) = fs::symlink_metadata(file) {
        ensure!(found.is_file(), "it exists and is not a regular file");
    }
    Ok(files::replace_private(file, text)?)
}

fn listed(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(MAX_LINES);
    if more > 0 {
        lines.truncate(MAX_LINES);
        lines.push(format!("  ... and {more} more"));
    }
    lines
}
