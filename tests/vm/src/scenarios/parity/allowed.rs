// SPDX-License-Identifier: MIT OR Apache-2.0
//! The entries of `differences.txt`: what may differ, and why.
//!
//! An entry that is no longer needed is an error: the file must stay accurate. The exception are entries
//! with `sometimes: yes`, where the peer's own result changes from run to run.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};

use super::case::{self, Case};
use super::outcome::ASPECTS;
use super::peer::Peer;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Its name.
    pub name: String,
    /// The aspects that may differ.
    pub aspects: Vec<String>,
    /// If any are given, only our lines that contain one of these may differ.
    ours: Vec<String>,
    /// The same for their lines.
    theirs: Vec<String>,
    peers: Vec<Peer>,
    /// `GROUP/NAME`; a `*` at the end matches any rest.
    cases: Vec<String>,
    reason: String,
    /// Whether the peer's result changes from run to run, so that no difference is fine, too.
    sometimes: bool,
    needed: BTreeSet<(u8, String)>,
}

/// Every entry.
pub fn all() -> Result<Vec<Allowed>> {
    let entries = parse(include_str!("differences.txt"))?;
    let cases = case::all()?;
    for entry in &entries {
        for pattern in &entry.cases {
            ensure!(cases.iter().any(|case| matches(pattern, case)), "{}: no case is {pattern}", entry.name);
        }
    }
    Ok(entries)
}

fn parse(text: &str) -> Result<Vec<Allowed>> {
    text.split("\n\n")
        .map(|entry| entry.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>())
        .filter(|lines| !lines.is_empty())
        .map(|lines| parse_entry(&lines).with_context(|| format!("differences.txt: {}", lines.join(" "))))
        .collect()
}

fn parse_entry(lines: &[&str]) -> Result<Allowed> {
    let field = |name: &str| {
        let found = lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        found.map(str::trim).with_context(|| format!("no line {name}: in an entry"))
    };
    let words =
        |name: &str| Ok::<_, anyhow::Error>(field(name)?.split_whitespace().map(str::to_owned).collect());
    let lines_with = |name: &str| {
        let found = lines.iter().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        found.map(|text| text.trim().to_owned()).collect()
    };
    let mut peers = Vec::new();
    for word in field("kmod")?.split_whitespace() {
        peers.push(match word {
            "34" => Peer::Kmod34,
            "30" => Peer::Kmod30,
            _ => bail!("kmod {word} is not one of the versions that are run"),
        });
    }
    let aspects: Vec<String> = words("differ")?;
    ensure!(aspects.iter().all(|aspect| ASPECTS.contains(&aspect.as_str())), "differ is some of {ASPECTS:?}");
    Ok(Allowed {
        name: field("name")?.to_owned(),
        aspects,
        ours: lines_with("ours"),
        theirs: lines_with("theirs"),
        peers,
        cases: words("cases")?,
        reason: field("reason")?.to_owned(),
        sometimes: match field("sometimes") {
            Ok("yes") => true,
            Ok(other) => bail!("sometimes: is yes or not there, not {other}"),
            Err(_) => false,
        },
        needed: BTreeSet::new(),
    })
}

fn matches(pattern: &str, case: &Case) -> bool {
    let name = format!("{}/{}", case.group, case.name);
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

/// Removes the lines that contain one of these.
fn remove_lines(text: &mut String, patterns: &[String]) {
    let keep = |line: &&str| !patterns.iter().any(|pattern| line.contains(pattern.as_str()));
    *text = text.split_inclusive('\n').filter(keep).collect();
}

impl Allowed {
    /// Leaves out peers that are not run.
    pub fn only(&mut self, peers: &[Peer]) {
        self.peers.retain(|peer| peers.contains(peer));
    }

    /// Whether this case may differ from this peer's result.
    pub fn covers(&self, case: &Case, peer: Peer) -> bool {
        self.peers.contains(&peer) && self.cases.iter().any(|pattern| matches(pattern, case))
    }

    /// Whether the entry explains all differences between two texts. If it is about lines, it removes them
    /// from both texts, and other entries see only the rest.
    pub fn settles(&self, ours: &mut String, theirs: &mut String) -> bool {
        if self.ours.is_empty() && self.theirs.is_empty() {
            return true;
        }
        remove_lines(ours, &self.ours);
        remove_lines(theirs, &self.theirs);
        ours == theirs
    }

    /// Remembers that the entry was needed.
    pub fn used(&mut self, case: &Case, peer: Peer) {
        self.needed.insert((peer as u8, format!("{}/{}", case.group, case.name)));
    }

    /// How many cases needed it.
    pub fn count(&self, peer: Peer) -> usize {
        self.needed.iter().filter(|(number, _)| *number == peer as u8).count()
    }

    /// The parts of the entry that no case in the group needed, as text.
    pub fn unused(&self, group: &str) -> Vec<String> {
        if self.sometimes {
            return Vec::new();
        }
        let of_group = self.cases.iter().filter(|pattern| pattern.starts_with(&format!("{group}/")));
        let idle = of_group.flat_map(|pattern| self.peers.iter().map(move |peer| (pattern, *peer))).filter(
            |(pattern, peer)| {
                let start = pattern.trim_end_matches('*');
                !self.needed.iter().any(|(number, name)| *number == *peer as u8 && name.starts_with(start))
            },
        );
        idle.map(|(pattern, peer)| {
            format!(
                "differences.txt: {}: {pattern} no longer differs from {peer}: remove it ({})",
                self.name, self.reason
            )
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_txt_is_valid() {
        all().unwrap();
    }

    #[test]
    fn only_the_named_lines_may_differ() {
        let entry = "name: a\nkmod: 34\ndiffer: stderr\nours: mine\ntheirs: b c\ncases: load/x\nreason: so";
        let entry = &parse(entry).unwrap()[0];
        let settles = |ours: &str, theirs: &str| entry.settles(&mut ours.to_owned(), &mut theirs.to_owned());
        assert!(settles("a mine\nsame\n", "b c d\nsame\n"));
        assert!(!settles("a mine\nsame\n", "b c d\nother\n"));
        assert!(!settles("a mine\nsame\n", "b d\nsame\n"));
    }

    #[test]
    fn only_an_entry_for_an_unpredictable_peer_may_be_unused() {
        let entry = "name: a\nkmod: 30\ndiffer: code\ncases: load/x\nreason: so";
        assert_eq!(parse(entry).unwrap()[0].unused("load").len(), 1);
        assert!(parse(&format!("{entry}\nsometimes: yes")).unwrap()[0].unused("load").is_empty());
        assert!(parse(&format!("{entry}\nsometimes: no")).is_err());
    }

    #[test]
    fn a_peer_that_is_not_run_needs_no_entry() {
        let entry = "name: a\nkmod: 34 30\ndiffer: code\ncases: load/x\nreason: so";
        let entry = &mut parse(entry).unwrap()[0];
        entry.only(&[Peer::Kmod34]);
        assert_eq!(entry.unused("load").len(), 1);
    }

    #[test]
    fn every_field_is_required() {
        let whole = "name: a\nkmod: 34 30\ndiffer: stderr\ncases: load/x load/y*\nreason: so";
        assert_eq!(parse(whole).unwrap().len(), 1);
        assert!(parse(&whole.replace("reason", "because")).is_err());
        assert!(parse(&whole.replace("stderr", "smell")).is_err());
    }
}
