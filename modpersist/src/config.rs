// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist config [OWNER]`: what the site has decided, and where that stands.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use modcli::{Output, escape};
use modkeep::KeepMode;
use modrecord::Paths;
use modrecord::paths::PERSIST_DIRECTORY;
use modrecord::policy::{Origin, Policy, Setting};
use serde::Serialize;

/// The version of the JSON schema.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Config {
    schema: u32,
    settings: Vec<Row>,
    problems: Vec<String>,
}

/// A setting, its value and why it has that.
#[derive(Serialize)]
struct Row {
    name: String,
    value: String,
    /// `None` for the default.
    file: Option<String>,
    line: Option<usize>,
    #[serde(skip)]
    origin: String,
}

impl Row {
    fn new(name: &str, value: &str, origin: &Origin) -> Self {
        let (file, line) = match origin {
            Origin::Default => (None, None),
            Origin::Line { file, line } => (Some(file.to_string_lossy().into_owned()), Some(*line)),
        };
        Self { name: name.to_owned(), value: value.to_owned(), file, line, origin: origin.to_string() }
    }
}

/// Prints the settings, or those that hold for one owner. What is wrong with the files goes to `output`.
///
/// # Errors
/// The result cannot be printed.
pub(crate) fn run(
    paths: &Paths,
    owner: Option<&str>,
    json: bool,
    out: &mut dyn Write,
    output: &mut Output,
) -> Result<ExitCode> {
    let policy = Policy::read(&paths.config);
    let settings = rows(&policy, owner);
    let problems: Vec<String> = policy.problems.iter().map(ToString::to_string).collect();
    problems.iter().for_each(|problem| output.error(problem));
    let code = if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if json {
        let value = serde_json::to_value(Config { schema: SCHEMA, settings, problems })?;
        writeln!(out, "{}", escape::json(value.to_string()))?;
        return Ok(code);
    }
    let texts: Vec<String> = settings.iter().map(|row| format!("{}={}", row.name, row.value)).collect();
    let width = texts.iter().map(|text| text.chars().count()).max().unwrap_or_default();
    for (text, row) in texts.iter().zip(&settings) {
        escape::write_line(out, format_args!("{text:width$}  {}", row.origin))?;
    }
    Ok(code)
}

fn rows(policy: &Policy, owner: Option<&str>) -> Vec<Row> {
    let keep = |name: &str, setting: Setting<KeepMode>| Row::new(name, mode(setting.value), &setting.origin);
    let switch = |name: &str, setting: Setting<bool>| {
        Row::new(name, if setting.value { "on" } else { "off" }, &setting.origin)
    };
    let mut rows = vec![keep("keep", policy.keep(owner.unwrap_or_default()))];
    if owner.is_none() {
        let own = policy.owners().filter(|owner| policy.has_own(owner).0);
        rows.extend(own.map(|owner| keep(&format!("keep.{owner}"), policy.keep(owner))));
    }
    rows.push(switch("strict", policy.strict(owner.unwrap_or_default())));
    if owner.is_none() {
        let own = policy.owners().filter(|owner| policy.has_own(owner).1);
        rows.extend(own.map(|owner| switch(&format!("strict.{owner}"), policy.strict(owner))));
        rows.push(switch("journal", policy.journal()));
        rows.push(match policy.persistdir() {
            Some(setting) => Row::new("persistdir", &setting.value, &setting.origin),
            None => Row::new("persistdir", PERSIST_DIRECTORY, &Origin::Default),
        });
    }
    rows
}

const fn mode(keep: KeepMode) -> &'static str {
    match keep {
        KeepMode::Auto => "auto",
        KeepMode::Require => "require",
        KeepMode::Off => "off",
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// Exit status, output and errors for a configuration, with FOLDER for its folder.
    fn config(text: &str, owner: Option<&str>, json: bool) -> (ExitCode, String, String) {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths { config: folder.path().join("modpersist.conf"), ..Paths::default() };
        fs::write(&paths.config, text).unwrap();
        fs::set_permissions(&paths.config, PermissionsExt::from_mode(0o644)).unwrap();
        let (mut out, mut output) = (Vec::new(), Output::captured("modpersist"));
        let code = run(&paths, owner, json, &mut out, &mut output).unwrap();
        let plain = |text: &str| text.replace(folder.path().to_str().unwrap(), "FOLDER");
        (code, plain(&String::from_utf8(out).unwrap()), plain(&output.stderr()))
    }

    #[test]
    fn what_holds_and_why() {
        let text = "keep=require\nkeep.meter=off\nstrict.other=on\n";
        let (code, out, err) = config(text, None, false);
        assert_eq!((code, err.as_str()), (ExitCode::SUCCESS, ""));
        assert_eq!(
            out,
            "keep=require                         FOLDER/modpersist.conf:1\n\
             keep.meter=off                       FOLDER/modpersist.conf:2\n\
             strict=off                           default\n\
             strict.other=on                      FOLDER/modpersist.conf:3\n\
             journal=on                           default\n\
             persistdir=/var/lib/modules/persist  default\n"
        );
        let (_, out, _) = config(text, Some("meter"), false);
        assert_eq!(out, "keep=off    FOLDER/modpersist.conf:2\nstrict=off  default\n");
    }

    #[test]
    fn what_is_wrong_is_an_error() {
        let (code, out, err) = config("kepp=off\nkeep=\x1b\n", None, false);
        assert_eq!(code, ExitCode::FAILURE);
        assert!(out.starts_with("keep=auto "), "{out}");
        assert!(err.contains("FOLDER/modpersist.conf:1: unknown setting 'kepp'"), "{err}");
        assert!(err.contains(":2: keep is auto, require or off, not '\\x1b'"), "{err}");
    }

    #[test]
    fn as_json() {
        let (_, out, _) = config("keep=off\nx=1\n", Some("meter"), true);
        let value: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(value["schema"], 1);
        assert_eq!(value["settings"][0]["value"], "off");
        assert_eq!(value["settings"][0]["line"], 1);
        assert!(value["settings"][1]["file"].is_null());
        assert_eq!(value["problems"].as_array().unwrap().len(), 1);
    }
}
