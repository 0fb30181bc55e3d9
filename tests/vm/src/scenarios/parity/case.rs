// SPDX-License-Identifier: MIT OR Apache-2.0
//! The lines of `cases.txt`.
//!
//! Words in the second column:
//! - `+NAME`, `+NAME:PARAMETERS`: the fixture NAME is loaded first; `+NAME!` if loading is disabled later
//!   (the module stays loaded between runs)
//! - `user`: run by an unprivileged user
//! - `log`: a syslog daemon listens, and what it receives is compared
//! - `index`, `no-index`: with or without an index of built-in modules
//! - `no-sysfs`: /sys is not mounted
//! - `no-proc`: /proc is not mounted
//! - `zlib`: kmod, which Debian builds without zlib, gets the content of each gzip file compressed with zstd,
//!   under the same name
//! - `short`: the command may never end, and gets a short time limit
//! - `disabled`: loading and unloading are disabled until reboot

use anyhow::{Context, Result, bail};

/// One command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// The group it is run with.
    pub group: String,
    /// Its name, unique in the group.
    pub name: String,
    /// Modules to load first, with parameters.
    pub loaded: Vec<(String, String)>,
    /// Run by an unprivileged user.
    pub user: bool,
    /// With a syslog daemon.
    pub log: bool,
    /// With or without an index of built-in modules; `None` if it does not matter.
    pub index: Option<bool>,
    /// Without /sys.
    pub no_sysfs: bool,
    /// Without /proc.
    pub no_proc: bool,
    /// kmod gets gzip files as zstd files.
    pub zlib: bool,
    /// With a short time limit.
    pub short: bool,
    /// With loading and unloading disabled.
    pub disabled: bool,
    /// The command, for a shell.
    pub command: String,
}

/// Every case, in the order of the file.
pub fn all() -> Result<Vec<Case>> {
    parse(include_str!("cases.txt"))
}

fn parse(text: &str) -> Result<Vec<Case>> {
    let mut group = String::new();
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            group = name.to_owned();
            continue;
        }
        let case = parse_case(&group, line).with_context(|| format!("cases.txt: {line}"))?;
        if cases.iter().any(|other| (&other.group, &other.name) == (&case.group, &case.name)) {
            bail!("cases.txt: two cases {}/{}", case.group, case.name);
        }
        cases.push(case);
    }
    Ok(cases)
}

fn parse_case(group: &str, line: &str) -> Result<Case> {
    let mut columns = line.splitn(3, '|').map(str::trim);
    let mut next = || columns.next().context("expected three columns");
    let (name, words, command) = (next()?, next()?, next()?);
    let mut case = Case {
        group: group.to_owned(),
        name: name.to_owned(),
        command: command.to_owned(),
        ..Case::default()
    };
    for word in words.split_whitespace() {
        match word {
            "user" => case.user = true,
            "log" => case.log = true,
            "index" => case.index = Some(true),
            "no-index" => case.index = Some(false),
            "no-sysfs" => case.no_sysfs = true,
            "no-proc" => case.no_proc = true,
            "zlib" => case.zlib = true,
            "short" => case.short = true,
            "disabled" => case.disabled = true,
            _ => {
                let module = word.strip_prefix('+').with_context(|| format!("no such word: {word}"))?;
                let (name, parameters) = module.split_once(':').unwrap_or((module, ""));
                case.loaded.push((name.trim_end_matches('!').to_owned(), parameters.to_owned()));
            }
        }
    }
    Ok(case)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_txt_is_valid() {
        assert!(all().unwrap().len() >= 150);
    }

    #[test]
    fn words_are_parsed() {
        let cases = parse("[g]\na-b | user +params:num=2 +smoke! | insmod x | cat\n").unwrap();
        let loaded = vec![("params".into(), "num=2".into()), ("smoke".into(), String::new())];
        let wanted = Case {
            group: "g".into(),
            name: "a-b".into(),
            loaded,
            user: true,
            command: "insmod x | cat".into(),
            ..Case::default()
        };
        assert_eq!(cases, [wanted]);
        assert!(parse("[g]\na | bogus | x").is_err());
        assert!(parse("[g]\na | | x\na | | y").is_err());
    }
}
