// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist compat FILE FILE...`: each version of a module on the data of each other one.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use libmodfmt::file::{ModuleFile, Persistent};
use libmodfmt::persist::{Account, Fate};
use libmodsys::files;
use modcli::{escape, os_text};
use modkeep::compatibility;
use serde::Serialize;

use crate::account_text::{VariableVerdict, unused, verdicts};
use crate::args::CompatArgs;
use crate::json;

/// Limit for a module, as it is and decompressed, in bytes.
const MAX_MODULE_BYTES: u64 = 512 << 20;

#[derive(Debug, Serialize)]
struct Matrix {
    owner: String,
    files: Vec<String>,
    /// One for each file on the data of each other one.
    pairs: Vec<Pair>,
}

#[derive(Debug, Serialize)]
struct Pair {
    /// The file that has left the data, by its place in `files`.
    from: usize,
    /// The file that would be loaded.
    to: usize,
    verdict: Verdict,
    /// Why it would be refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
    variables: Vec<VariableVerdict>,
    /// Variables of `from` that `to` does not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unused: Vec<String>,
    /// How many of the variables were bound although their types were not compared.
    types_not_compared: usize,
    /// Whether it also depends on values, which only a kernel has.
    depends_on_values: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    /// Every variable stays where it is, or is new.
    Kept,
    /// Some are converted, and get another address.
    Converted,
    Refused,
}

impl Verdict {
    fn of(account: &Account) -> Self {
        let is_converted = |fate: &Fate| matches!(fate, Fate::Converted { .. } | Fate::ByHand { .. });
        if !account.is_allowed() {
            Self::Refused
        } else if account.variables.iter().any(|own| is_converted(&own.fate)) {
            Self::Converted
        } else {
            Self::Kept
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Converted => "converted",
            Self::Refused => "refused",
        }
    }
}

impl Pair {
    fn of(from: usize, to: usize, account: &Account) -> Self {
        let verdict = Verdict::of(account);
        let mut reasons: Vec<String> = account.differences().map(ToString::to_string).collect();
        if verdict == Verdict::Refused && reasons.is_empty() {
            reasons.push("its variables have no place in what is kept".to_owned());
        }
        Self {
            from,
            to,
            verdict,
            reasons,
            variables: verdicts(account),
            unused: unused(account),
            types_not_compared: account.bound().1,
            depends_on_values: account.is_allowed() && account.unread.is_some(),
        }
    }
}

pub(crate) fn run(args: &CompatArgs, out: &mut dyn Write) -> Result<ExitCode> {
    let files = args.files.iter().map(|file| read(file)).collect::<Result<Vec<_>>>()?;
    let mut versions = Vec::new();
    for (file, path) in files.iter().zip(&args.files) {
        let name = || os_text(path);
        let Some(persistent) = file.persistent().with_context(name)? else {
            bail!("{}: has no persistent data", name());
        };
        let reasons = persistent.refusals().with_context(name)?.reasons;
        if !reasons.is_empty() {
            let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            bail!("{}: its persistent data cannot be kept: {}", name(), reasons.join("; "));
        }
        versions.push(persistent);
    }
    let matrix = compare(&versions, args)?;
    let is_wanted = |pair: &&Pair| args.back || pair.from < pair.to;
    let is_bad = matrix.pairs.iter().filter(is_wanted).any(|pair| pair.verdict == Verdict::Refused);
    if args.json {
        json::print(&matrix, out)?;
    } else {
        print(&matrix, out)?;
    }
    Ok(if is_bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn read(path: &Path) -> Result<ModuleFile> {
    let content = files::read_regular(path, MAX_MODULE_BYTES).with_context(|| os_text(path))?;
    Ok(ModuleFile::new(content, MAX_MODULE_BYTES))
}

fn compare(versions: &[Persistent<'_>], args: &CompatArgs) -> Result<Matrix> {
    let names: Vec<String> = args.files.iter().map(os_text).collect();
    let owner = versions.first().map(|first| first.header().owner.clone()).unwrap_or_default();
    for (version, name) in versions.iter().zip(&names) {
        let other = &version.header().owner;
        ensure!(*other == owner, "{name}: is of module {other}, and the files before it are of {owner}");
    }
    let mut pairs = Vec::new();
    for (from, old) in versions.iter().enumerate() {
        for (to, new) in versions.iter().enumerate().filter(|(to, _)| *to != from) {
            let name = || names.get(to).cloned().unwrap_or_default();
            pairs.push(Pair::of(from, to, &compatibility(old, new).with_context(name)?));
        }
    }
    Ok(Matrix { owner, files: names, pairs })
}

/// Files by number, the verdicts as a table, and below it what changes.
fn print(matrix: &Matrix, out: &mut dyn Write) -> Result<()> {
    for (number, file) in (1..).zip(&matrix.files) {
        escape::write_line(out, format_args!("{number:>3}  {file}"))?;
    }
    let count = matrix.files.len();
    let headings: String = (1..=count).map(|number| format!("  {:<9}", format!("then {number}"))).collect();
    writeln!(out, "\n         {}", headings.trim_end())?;
    for from in 0..count {
        let mut line = format!("first {:<3}", from.saturating_add(1));
        for to in 0..count {
            let pair = matrix.pairs.iter().find(|pair| (pair.from, pair.to) == (from, to));
            line.push_str(&format!("  {:<9}", pair.map_or("-", |pair| pair.verdict.word())));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    for pair in &matrix.pairs {
        details(pair, out)?;
    }
    Ok(())
}

fn details(pair: &Pair, out: &mut dyn Write) -> Result<()> {
    let mut lines = pair.reasons.clone();
    if pair.verdict != Verdict::Refused {
        for variable in &pair.variables {
            let name = &variable.variable;
            match variable.fate {
                "converted" => lines.push(format!("{name}: converted, gets another address")),
                "by-hand" => lines.push(format!("{name}: converted by the module's init")),
                _ => {}
            }
            lines.extend(variable.changes.iter().cloned());
        }
    }
    if pair.types_not_compared > 0 {
        let count = match pair.types_not_compared {
            1 => "1 variable".to_owned(),
            count => format!("{count} variables"),
        };
        lines.push(format!("the types of {count} were not compared: build with -g, do not strip"));
    }
    if pair.depends_on_values {
        lines.push("depends on the values at run time".to_owned());
    }
    if lines.is_empty() {
        return Ok(());
    }
    let (from, to) = (pair.from.saturating_add(1), pair.to.saturating_add(1));
    writeln!(out, "\n{from} then {to}: {}", pair.verdict.word())?;
    for line in &lines {
        escape::write_line(out, format_args!("  {line}"))?;
    }
    Ok(())
}
