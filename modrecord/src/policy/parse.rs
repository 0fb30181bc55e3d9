// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads the text of a configuration file.

use std::path::Path;

use libmodfmt::module_name::is_module_name;
use modkeep::KeepMode;

use super::problem::Problem;
use super::settings::{Origin, Policy, Setting};

impl Policy {
    /// What one text says.
    #[must_use]
    pub fn of_text(text: &str, file: &Path) -> Self {
        let mut policy = Self::default();
        policy.add(text, file);
        policy
    }

    /// Adds the settings of a text. They come before those that are there.
    pub(super) fn add(&mut self, text: &str, file: &Path) {
        for (index, line) in text.lines().enumerate() {
            let line_number = index.saturating_add(1);
            let setting = line.trim();
            if setting.is_empty() || setting.starts_with('#') {
                continue;
            }
            let Some((name, value)) = setting.split_once('=') else {
                self.problems.push(Problem::NoSetting { file: file.to_owned(), line: line_number });
                continue;
            };
            let at = Place { file, line: line_number, name: name.trim() };
            // A path may have this sign in it.
            let value = if at.name == "persistdir" { value } else { without_comment(value) };
            if let Err(problem) = self.set(&at, value.trim()) {
                self.problems.push(problem);
            }
        }
    }

    fn set(&mut self, at: &Place<'_>, value: &str) -> Result<(), Problem> {
        let (name, owner) = match at.name.split_once('.') {
            Some((name, owner)) => (name, Some(owner.replace('-', "_"))),
            None => (at.name, None),
        };
        if owner.as_ref().is_some_and(|owner| !is_module_name(owner)) {
            return Err(at.unknown());
        }
        match (name, owner) {
            ("keep", None) => self.keep = Some(at.setting(keep_mode(value), value, KEEP_MODES)?),
            ("keep", Some(owner)) => {
                self.keep_of.insert(owner, at.setting(keep_mode(value), value, KEEP_MODES)?);
            }
            ("strict", None) => self.strict = Some(at.setting(switch(value), value, SWITCH)?),
            ("strict", Some(owner)) => {
                self.strict_of.insert(owner, at.setting(switch(value), value, SWITCH)?);
            }
            ("journal", None) => self.journal = Some(at.setting(switch(value), value, SWITCH)?),
            ("persistdir", None) => {
                let is_path = value.is_empty() || value.starts_with('/');
                let directory = is_path.then(|| value.to_owned());
                self.persistdir = Some(at.setting(directory, value, "an absolute path, or empty")?);
            }
            _ => return Err(at.unknown()),
        }
        Ok(())
    }
}

const KEEP_MODES: &str = "auto, require or off";
const SWITCH: &str = "on or off";

fn keep_mode(value: &str) -> Option<KeepMode> {
    match value {
        "auto" => Some(KeepMode::Auto),
        "require" => Some(KeepMode::Require),
        "off" => Some(KeepMode::Off),
        _ => None,
    }
}

fn switch(value: &str) -> Option<bool> {
    match value {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

fn without_comment(value: &str) -> &str {
    value.split_once('#').map_or(value, |(value, _)| value)
}

/// A setting that is read.
struct Place<'a> {
    file: &'a Path,
    line: usize,
    name: &'a str,
}

impl Place<'_> {
    fn setting<T>(&self, read: Option<T>, value: &str, allowed: &'static str) -> Result<Setting<T>, Problem> {
        let origin = Origin::Line { file: self.file.to_owned(), line: self.line };
        read.map(|value| Setting { value, origin }).ok_or_else(|| Problem::Value {
            file: self.file.to_owned(),
            line: self.line,
            name: self.name.to_owned(),
            value: value.to_owned(),
            allowed,
        })
    }

    fn unknown(&self) -> Problem {
        Problem::Unknown { file: self.file.to_owned(), line: self.line, name: self.name.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy(text: &str) -> Policy {
        Policy::of_text(text, "conf".as_ref())
    }

    #[test]
    fn the_last_setting_counts_and_an_owner_s_own_before_all() {
        let policy = policy(
            "# site\n\nkeep = require\nkeep.my-meter=off # not yet\nkeep=auto\nstrict=on\nstrict.my_meter=off\n\
             journal=off\npersistdir=/srv/a#b\n",
        );
        assert_eq!(policy.problems, []);
        assert_eq!(
            (policy.keep("other").value, policy.keep("my_meter").value),
            (KeepMode::Auto, KeepMode::Off)
        );
        assert_eq!(policy.keep("my-meter").origin.to_string(), "conf:4");
        assert_eq!((policy.strict("other").value, policy.strict("my_meter").value), (true, false));
        assert!(!policy.journal().value);
        assert_eq!(policy.persistdir().unwrap().value, "/srv/a#b");
        assert_eq!(policy.owners().collect::<Vec<_>>(), ["my_meter"]);
    }

    #[test]
    fn nothing_is_set_by_default() {
        let policy = policy("# keep=off\n");
        assert_eq!((policy.keep("foo").value, policy.strict("foo").value), (KeepMode::Auto, false));
        assert!(policy.journal().value && policy.persistdir().is_none());
        assert_eq!(policy.keep("foo").origin.to_string(), "default");
    }

    #[test]
    fn problems_name_file_and_line() {
        let policy = policy(
            "keep=of\nkepp=off\nkeep.a/b=off\nkeep.=off\njournal.x=on\nhello\npersistdir=srv\nstrict=\n",
        );
        let texts: Vec<_> = policy.problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "conf:1: keep is auto, require or off, not 'of'",
                "conf:2: unknown setting 'kepp'",
                "conf:3: unknown setting 'keep.a/b'",
                "conf:4: unknown setting 'keep.'",
                "conf:5: unknown setting 'journal.x'",
                "conf:6: not a setting, which is NAME=VALUE",
                "conf:7: persistdir is an absolute path, or empty, not 'srv'",
                "conf:8: strict is on or off, not ''",
            ]
        );
        assert_eq!(policy.keep("a").value, KeepMode::Auto);
    }

    proptest! {
        #[test]
        fn any_text(text in "(keep|strict|journal|persistdir|\\PC){0,3}[.=#\n ]?\\PC{0,40}") {
            let _ = policy(&text);
        }
    }
}
