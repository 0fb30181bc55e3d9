// SPDX-License-Identifier: MIT OR Apache-2.0
//! The log with annotations: every line as it is, and behind those that something is known of, lines that begin with `;;`. The parser passes over
//! such lines, so the output can be put in again.

use std::collections::{BTreeSet, HashSet};
use std::io::{self, Write};

use super::words::{self, Style, Words};
use super::{Render, clean};
use crate::decode::{Finding, What};
use libksym::Unresolved;
use liboops::report::Block;

/// Begins each line that is ours.
const MARK: &str = ";; ";

/// The annotated log.
#[derive(Debug, Clone, Copy, Default)]
pub struct Annotated {
    /// With colours.
    pub colour: bool,
    /// The output is a terminal: control characters of the log are made visible. Otherwise every byte is kept.
    pub terminal: bool,
}

impl Annotated {
    fn log(&self, text: &[u8], out: &mut dyn Write) -> io::Result<()> {
        if self.terminal { clean::write(text, out) } else { out.write_all(text) }
    }

    fn words(&self, words: &Words, indent: &str, out: &mut dyn Write) -> io::Result<()> {
        let colour = match words.style {
            Style::Plain => "2",
            Style::Found => "36",
            Style::Persistent => "1;35",
            Style::Trap => "1;31",
            Style::Unknown => "33",
        };
        let (on, off) =
            if self.colour { (format!("\x1b[{colour}m"), "\x1b[0m") } else { (String::new(), "") };
        write!(out, "{indent}{on}{MARK}")?;
        // Names come from files and from the log: they are no more to be trusted.
        let text = words.text.as_bytes();
        if self.terminal {
            clean::write(text, out)?
        } else {
            out.write_all(text)?
        }
        writeln!(out, "{off}")
    }
}

impl Render for Annotated {
    fn text(&mut self, text: &[u8], out: &mut dyn Write) -> io::Result<()> {
        self.log(text, out)
    }

    fn block(&mut self, block: &Block, findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
        let reasons = without_symbols(findings);
        let mut rest = findings;
        let mut first = 0_usize;
        for (index, line) in block.lines.iter().enumerate() {
            let text = block.slice(line.span);
            self.log(text, out)?;
            let count = rest.iter().take_while(|finding| finding.line <= index).count();
            let (here, later) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            rest = later;
            let places = first..first.saturating_add(count);
            first = places.end;
            let mut said = HashSet::new();
            let mut lines: Vec<Words> = here.iter().flat_map(|finding| words::of(&finding.what)).collect();
            lines.retain(|words| said.insert(words.clone()));
            lines.extend(places.filter(|place| reasons.contains(place)).map(|_| Words {
                style: Style::Unknown,
                text: format!("symbols unknown: {}", Unresolved::NoKernel),
            }));
            if !lines.is_empty() && !text.ends_with(b"\n") {
                writeln!(out)?;
            }
            for words in &lines {
                self.words(words, "  ", out)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// The first places of the reports whose kernel has no symbols: the reason is said behind them, once.
fn without_symbols(findings: &[Finding]) -> BTreeSet<usize> {
    let lacks = |finding: &Finding| matches!(&finding.what, What::Place { answer, .. } if answer.unresolved == Some(Unresolved::NoKernel));
    let mut reports = HashSet::new();
    let all = findings.iter().enumerate();
    all.filter(|(_, finding)| lacks(finding) && reports.insert(finding.report)).map(|(at, _)| at).collect()
}
