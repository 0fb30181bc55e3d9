// SPDX-License-Identifier: MIT OR Apache-2.0
//! The results: what happened to each version, and the table of shares.

use std::collections::{BTreeMap, BTreeSet};

use vmguest::histories::Step;

use super::judge::Verdict;
use crate::ui;

/// The result of one module.
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// Commits that touch the module's files, from the oldest version on.
    pub commits: usize,
    /// Commits that were tried and do not build.
    pub failed: usize,
    /// The names of its versions.
    pub versions: Vec<String>,
    /// What was said of each.
    pub steps: Vec<Step>,
    /// What became of each; the first one started with nothing.
    pub verdicts: Vec<Verdict>,
    /// Why the machine did not get to the end, if it did not.
    pub error: Option<String>,
}

/// Numbers of versions, and of variables in them.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    versions: usize,
    /// Versions that were loaded with everything that was kept.
    carried: usize,
    /// Those among them where something has grown in place or was converted.
    converted: usize,
    refused: usize,
    misread: usize,
    /// Variables that were kept, in the versions that were refused.
    kept: usize,
    /// Those among them that are a reason.
    named: usize,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.versions += other.versions;
        self.carried += other.carried;
        self.converted += other.converted;
        self.refused += other.refused;
        self.misread += other.misread;
        self.kept += other.kept;
        self.named += other.named;
    }
}

impl Outcome {
    /// Whether every version was reached, nothing was misread, and insmod did what check had said.
    pub fn is_good(&self) -> bool {
        let kept_promise = self.steps.iter().all(|step| step.promised == step.loaded);
        self.error.is_none() && self.counts().misread == 0 && kept_promise
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for (number, (verdict, step)) in self.verdicts.iter().zip(&self.steps).enumerate() {
            let named: BTreeSet<&str> = account(step).filter_map(variable).collect();
            let is_misread = !verdict.misread.is_empty();
            let is_carried = !verdict.refused && !is_misread;
            // The first version follows no other.
            let is_step = number > 0;
            counts.add(Counts {
                versions: is_step.into(),
                carried: (is_step && is_carried).into(),
                converted: (is_step && is_carried && verdict.converted + verdict.resized > 0).into(),
                refused: (is_step && verdict.refused && !is_misread).into(),
                misread: is_misread.into(),
                kept: if verdict.refused { verdict.known } else { 0 },
                named: named.len(),
            });
        }
        counts
    }

    /// Why versions were refused, and how many of them.
    fn reasons(&self) -> BTreeMap<String, usize> {
        let mut reasons = BTreeMap::new();
        for step in self.steps.iter().filter(|step| !step.loaded) {
            let of_step: BTreeSet<String> = account(step).filter_map(reason).collect();
            for reason in of_step {
                *reasons.entry(reason).or_default() += 1;
            }
        }
        reasons
    }
}

/// The lines with what a version was refused for: `FILE.c:VARIABLE.FIELD: TEXT`, or `struct TAG: TEXT`.
fn account(step: &Step) -> impl Iterator<Item = &str> {
    let lines = step.said.lines().filter(|_| !step.loaded);
    lines.filter_map(|line| line.strip_prefix("insmod: ERROR:   "))
}

/// File and variable in a line of the account.
fn variable(line: &str) -> Option<&str> {
    let place = line.split(": ").next()?;
    let name = place.find(".c:")? + ".c:".len();
    let length = place.get(name..)?.find(['.', '[', '-']);
    length.map_or(Some(place), |length| place.get(..name + length))
}

/// The reason in a line of the account, without names and numbers.
fn reason(line: &str) -> Option<String> {
    // Details are in parentheses.
    let line = line.split(" (").next()?;
    let (_, text) = line.rsplit_once(": ")?;
    let mut words = Vec::new();
    for word in text.split(" from ").next()?.split_whitespace() {
        let is_named = matches!(words.last(), Some(&("member" | "enumerator" | "into")))
            || words.ends_with(&["new", "field"]);
        let is_name = word.contains(|c: char| c.is_ascii_digit() || c == '_') || word.contains(".c:");
        words.push(if is_named || is_name { "..." } else { word });
    }
    Some(words.join(" "))
}

/// Prints what happened to each version of a module.
pub fn print_steps(outcome: &Outcome) {
    for (name, (verdict, step)) in outcome.versions.iter().zip(outcome.verdicts.iter().zip(&outcome.steps)) {
        let Verdict { bound, resized, converted, new, .. } = verdict;
        let text = if verdict.refused {
            "refused".to_owned()
        } else {
            format!("{bound} bound, {resized} resized, {converted} converted, {new} new")
        };
        ui::line(&format!("    {name}: {text}"));
        if verdict.refused {
            for line in account(step) {
                ui::line(&format!("        {line}"));
            }
        }
        if step.promised != step.loaded {
            ui::line("        `modpersist check` had said otherwise");
        }
        for text in &verdict.misread {
            ui::line(&format!("        misread: {text}"));
        }
    }
    if let Some(error) = &outcome.error {
        ui::line(&format!("    stopped: {error}"));
    }
}

/// Prints the table.
pub fn print(outcomes: &[Outcome]) {
    let mut all = Counts::default();
    ui::line("");
    ui::line("module         commits  do not build  replayed  carried  (converted)  refused  misread");
    for outcome in outcomes {
        let counts = outcome.counts();
        all.add(counts);
        print_row(&outcome.name, &outcome.commits.to_string(), &outcome.failed.to_string(), counts);
    }
    print_row("all", "", "", all);
    let share = |part: usize| (part * 1000).checked_div(all.versions).unwrap_or_default();
    let percent = |part: usize| format!("{}.{} %", share(part) / 10, share(part) % 10);
    ui::line(&format!(
        "carried {}, refused {}, misread {}",
        percent(all.carried),
        percent(all.refused),
        percent(all.misread)
    ));
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for (reason, count) in outcomes.iter().flat_map(Outcome::reasons) {
        *reasons.entry(reason).or_default() += count;
    }
    let mut reasons: Vec<(String, usize)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(*count), reason.clone()));
    if !reasons.is_empty() {
        ui::line(&format!(
            "the refused versions have {} variables that were kept; {} of them are a reason:",
            all.kept, all.named
        ));
    }
    for (reason, count) in reasons {
        ui::line(&format!("  {count:3}  {reason}"));
    }
}

fn print_row(name: &str, commits: &str, failed: &str, counts: Counts) {
    let Counts { versions, carried, converted, refused, misread, .. } = counts;
    ui::line(&format!(
        "{name:13}  {commits:>7}  {failed:>12}  {versions:8}  {carried:7}  {converted:11}  {refused:7}  {misread:7}"
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_has_one_name() {
        for line in ["f-g.c:a_b: grew", "f-g.c:a_b.c[2].d: is gone", "f-g.c:a_b[].c: is gone"] {
            assert_eq!(variable(line), Some("f-g.c:a_b"));
        }
    }

    #[test]
    fn reasons_have_no_names() {
        for (line, expected) in [
            ("a.c:p: *p->conf: member x_y moved from offset 0x34 to 0x38 (struct c)", "member ... moved"),
            (
                "a.c:p.q: what it points to still has the old shape (struct c: member d is new)",
                "what it points to still has the old shape",
            ),
            ("a.c:p: points into q, which has to move", "points into ... which has to move"),
            ("a.c:v: grew from 760 to 1552 bytes", "grew"),
            ("a.c:v: v.kind: enumerator A_COUNT changed from 16 to 17 (enum k)", "enumerator ... changed"),
        ] {
            assert_eq!(reason(line).as_deref(), Some(expected));
        }
    }
}
