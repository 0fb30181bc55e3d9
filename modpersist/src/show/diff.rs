// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--diff FILE`: what has changed since `show --json` was saved.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use libmodfmt::values::{PathStep, parse_path};
use libmodsys::files;
use modcli::os_text;
use serde::{Deserialize, Serialize};

use super::shown::{SCHEMA, Shown, ShownField, ShownKind, ShownRun, ShownTarget};
use super::text::{Text, in_line};

/// A larger file is not read, in bytes.
const MAX_FILE_BYTES: u64 = 256 << 20;
/// More changes are not listed.
const MAX_CHANGES: usize = 10_000;

/// What was saved, as far as it matters here.
#[derive(Debug, Deserialize)]
pub(super) struct Saved {
    schema: u32,
    owner: String,
    #[serde(default)]
    sections: Vec<SavedSection>,
    selected: Option<SavedPart>,
}

#[derive(Debug, Deserialize)]
struct SavedPart {
    path: String,
    value: Option<Shown>,
}

#[derive(Debug, Deserialize)]
struct SavedSection {
    #[serde(default)]
    variables: Vec<SavedVariable>,
}

#[derive(Debug, Deserialize)]
struct SavedVariable {
    file: Option<String>,
    function: Option<String>,
    name: String,
    #[serde(default)]
    replaced: bool,
    value: Option<Shown>,
}

/// One difference.
#[derive(Debug, Serialize)]
struct Change {
    path: String,
    /// None if it is new.
    was: Option<String>,
    /// None if it is gone.
    now: Option<String>,
}

/// A field, also one of an anonymous structure or union.
fn field<'s>(fields: &'s [ShownField], name: &str) -> Option<&'s Shown> {
    fields.iter().find_map(|own| match &own.value.kind {
        _ if own.name == name => Some(&own.value),
        ShownKind::Struct { fields, .. } | ShownKind::Union { fields, .. } if own.name.is_empty() => {
            field(fields, name)
        }
        _ => None,
    })
}

/// All differences.
#[derive(Debug, Serialize)]
pub(super) struct Report<'r> {
    schema: u32,
    owner: &'r str,
    changes: Vec<Change>,
    /// There are more.
    cut: bool,
}

impl Saved {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let name = || os_text(path);
        let bytes = files::read_regular(path, MAX_FILE_BYTES).with_context(name)?;
        let saved: Self = serde_json::from_slice(&bytes)
            .with_context(|| format!("{}: not what `modpersist show --json` prints", name()))?;
        ensure!(
            saved.schema == SCHEMA,
            "{}: schema {} is not known; this version knows {SCHEMA}",
            name(),
            saved.schema
        );
        Ok(saved)
    }

    fn ensure_owner(&self, owner: &str) -> Result<()> {
        ensure!(self.owner == owner, "the file has the data of {}, not of {owner}", self.owner);
        Ok(())
    }

    /// A part of a variable, by the path that selects it.
    fn part(&self, path: &str) -> Option<&Shown> {
        if let Some(selected) = self.selected.as_ref().filter(|selected| selected.path == path) {
            return selected.value.as_ref();
        }
        let all = self.variables();
        let fits =
            all.iter().filter_map(|(name, value)| Some(((*value)?, path.strip_prefix(name.as_str())?)));
        let (value, rest) = fits.min_by_key(|(_, rest)| rest.len())?;
        parse_path(rest).ok()?.iter().try_fold(value, |at, step| match (step, &at.kind) {
            (PathStep::Field(name), ShownKind::Struct { fields, .. } | ShownKind::Union { fields, .. }) => {
                field(fields, name)
            }
            (PathStep::Element(index), ShownKind::Array { runs, .. }) => {
                let has = |run: &&ShownRun| index.checked_sub(run.first).is_some_and(|at| at < run.count);
                runs.iter().find(has).map(|run| &run.value)
            }
            _ => None,
        })
    }

    fn variables(&self) -> BTreeMap<String, Option<&Shown>> {
        let all = self.sections.iter().flat_map(|section| &section.variables);
        let in_force = all.filter(|variable| !variable.replaced);
        in_force
            .map(|variable| {
                let parts = [variable.file.as_deref(), variable.function.as_deref()];
                let qualifiers: String = parts.into_iter().flatten().map(|part| format!("{part}:")).collect();
                (format!("{qualifiers}{}", variable.name), variable.value.as_ref())
            })
            .collect()
    }
}

impl<'r> Report<'r> {
    /// What differs between what was saved and the variables now, by name. What was saved and is not among
    /// them is gone.
    pub(super) fn of(saved: &Saved, owner: &'r str, now: &[(String, Option<&Shown>)]) -> Result<Self> {
        saved.ensure_owner(owner)?;
        let was = saved.variables();
        let mut changes = Changes(Vec::new());
        for (name, value) in now {
            match was.get(name) {
                Some(was) => changes.any(name, *was, *value),
                None => changes.add(name, None, Some(value.map_or_else(not_read, brief))),
            }
        }
        let known: HashSet<&str> = now.iter().map(|(name, _)| &**name).collect();
        for (name, value) in was.iter().filter(|(name, _)| !known.contains(&***name)) {
            changes.add(name, Some(value.map_or_else(not_read, brief)), None);
        }
        Ok(Self::new(owner, changes))
    }

    /// The same for one part of a variable.
    pub(super) fn of_part(saved: &Saved, owner: &'r str, path: &str, now: Option<&Shown>) -> Result<Self> {
        saved.ensure_owner(owner)?;
        let was = saved.part(path).with_context(|| format!("the file has no value of {path}"))?;
        let mut changes = Changes(Vec::new());
        changes.any(path, Some(was), now);
        Ok(Self::new(owner, changes))
    }

    fn new(owner: &'r str, changes: Changes) -> Self {
        let mut changes = changes.0;
        let cut = changes.len() > MAX_CHANGES;
        changes.truncate(MAX_CHANGES);
        Self { schema: SCHEMA, owner, changes, cut }
    }

    pub(super) fn print(&self, text: &mut Text<'_>) -> io::Result<()> {
        if self.changes.is_empty() {
            text.line(0, "Nothing has changed.")?;
        }
        for change in &self.changes {
            let line = match (&change.was, &change.now) {
                (Some(was), Some(now)) => format!("{}: {now}, was {was}", change.path),
                (None, Some(now)) => format!("{}: {now}, is new", change.path),
                (Some(was), None) => format!("{}: gone, was {was}", change.path),
                (None, None) => continue,
            };
            text.line(0, &line)?;
        }
        if self.cut {
            text.line(0, "... (more changes)")?;
        }
        Ok(())
    }
}

struct Changes(Vec<Change>);

fn not_read() -> String {
    "not read".to_owned()
}

impl Changes {
    fn any(&mut self, path: &str, was: Option<&Shown>, now: Option<&Shown>) {
        match (was, now) {
            (Some(was), Some(now)) => self.value(path, was, now),
            (Some(was), None) => self.add(path, Some(brief(was)), Some(not_read())),
            (None, Some(now)) => self.add(path, Some(not_read()), Some(brief(now))),
            (None, None) => {}
        }
    }

    fn add(&mut self, path: &str, was: Option<String>, now: Option<String>) {
        // One more than are listed, so that it is known that there are more.
        if self.0.len() <= MAX_CHANGES {
            self.0.push(Change { path: path.to_owned(), was, now });
        }
    }

    fn value(&mut self, path: &str, was: &Shown, now: &Shown) {
        match (&was.kind, &now.kind) {
            (
                ShownKind::Struct { fields: was, .. } | ShownKind::Union { fields: was, .. },
                ShownKind::Struct { fields: now, .. } | ShownKind::Union { fields: now, .. },
            ) => self.fields(path, was, now),
            (ShownKind::Array { runs: was, len: old_len, .. }, ShownKind::Array { runs: now, len, .. }) => {
                if len != old_len {
                    let text = |len: &u64| Some(format!("{len} elements"));
                    self.add(path, text(old_len), text(len));
                }
                self.runs(path, was, now);
            }
            (ShownKind::Pointer { address: was_at, to: was_to }, ShownKind::Pointer { address, to }) => {
                // What it is may have got another name, and what has a name another address: after a reboot.
                let has_lasting_name =
                    |to: &ShownTarget| matches!(&*to.kind, "kept" | "symbol") && was_to.as_ref() == Some(to);
                if was_at != address && !to.as_ref().is_some_and(has_lasting_name) {
                    self.add(path, Some(brief(was)), Some(brief(now)));
                }
            }
            (was_kind, now_kind) if was_kind == now_kind => {}
            _ => self.add(path, Some(brief(was)), Some(brief(now))),
        }
    }

    /// Members are found by name and, as several may have none, by their number among those of that name.
    fn fields(&mut self, path: &str, was: &[ShownField], now: &[ShownField]) {
        fn numbered(fields: &[ShownField]) -> impl Iterator<Item = ((&str, usize), &ShownField)> {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            fields.iter().map(move |field| {
                let count = counts.entry(&*field.name).or_default();
                *count = count.saturating_add(1);
                ((&*field.name, *count), field)
            })
        }
        let mut old: BTreeMap<_, _> = numbered(was).collect();
        for (key, field) in numbered(now) {
            let path = if field.name.is_empty() { path.to_owned() } else { format!("{path}.{}", field.name) };
            match old.remove(&key) {
                Some(was) => self.value(&path, &was.value, &field.value),
                None => self.add(&path, None, Some(brief(&field.value))),
            }
        }
        for ((name, _), field) in old {
            self.add(&format!("{path}.{name}"), Some(brief(&field.value)), None);
        }
    }

    /// Both arrays in pieces in which neither changes its value.
    fn runs(&mut self, path: &str, was: &[ShownRun], now: &[ShownRun]) {
        let (mut was, mut now) = (was.iter().peekable(), now.iter().peekable());
        let mut at = 0_u64;
        while let (Some(old), Some(new)) = (was.peek(), now.peek()) {
            let end = |run: &ShownRun| run.first.saturating_add(run.count);
            let next = end(old).min(end(new));
            if next <= at {
                // Damaged.
                break;
            }
            let last = next.saturating_sub(1);
            let index = if last == at { format!("[{at}]") } else { format!("[{at}..{last}]") };
            self.value(&format!("{path}{index}"), &old.value, &new.value);
            let (old_ends, new_ends) = (end(old) <= next, end(new) <= next);
            if old_ends {
                was.next();
            }
            if new_ends {
                now.next();
            }
            at = next;
        }
    }
}

/// A value in one line, of bounded length.
fn brief(value: &Shown) -> String {
    const MOST: usize = 160;
    let text = in_line(value);
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: i64) -> Shown {
        Shown { kind: ShownKind::Number { value: value.to_string() }, unstable: false }
    }

    fn array(runs: &[(u64, u64, i64)]) -> Shown {
        let runs: Vec<_> = runs
            .iter()
            .map(|(first, count, value)| ShownRun { first: *first, count: *count, value: number(*value) })
            .collect();
        let len = runs.iter().map(|run| run.count).sum();
        Shown { kind: ShownKind::Array { len, runs, cut: false }, unstable: false }
    }

    fn changes(was: &Shown, now: &Shown) -> Vec<String> {
        let mut changes = Changes(Vec::new());
        changes.value("v", was, now);
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        changes
            .0
            .iter()
            .map(|change| format!("{} {}>{}", change.path, text(&change.was), text(&change.now)))
            .collect()
    }

    #[test]
    fn runs_are_compared_piece_by_piece() {
        let was = array(&[(0, 3, 1), (3, 61, 0)]);
        assert_eq!(changes(&was, &was), Vec::<String>::new());
        let now = array(&[(0, 1, 1), (1, 1, 5), (2, 1, 1), (3, 60, 0), (63, 1, 7)]);
        assert_eq!(changes(&was, &now), ["v[1] 1>5", "v[63] 0>7"]);
        let zero = array(&[(0, 64, 0)]);
        assert_eq!(changes(&was, &zero), ["v[0..2] 1>0"]);
        let short = array(&[(0, 3, 1)]);
        assert_eq!(changes(&was, &short), ["v 64 elements>3 elements"]);
    }

    #[test]
    fn fields_come_and_go() {
        let field = |name: &str, value: Shown| ShownField {
            name: name.into(),
            type_name: "int".into(),
            bits: None,
            value,
            declaration: String::new(),
        };
        let record = |fields| Shown { kind: ShownKind::Struct { fields, cut: false }, unstable: false };
        let was = record(vec![field("a", number(1)), field("", record(vec![field("b", number(2))]))]);
        let now = record(vec![field("", record(vec![field("b", number(3))])), field("c", number(4))]);
        assert_eq!(changes(&was, &now), ["v.b 2>3", "v.c >4", "v.a 1>"]);
    }
}
