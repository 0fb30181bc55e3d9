// SPDX-License-Identifier: MIT OR Apache-2.0
//! Manual pages: options come from the programs' clap definitions, the rest from `packaging/man`.

use std::fs;

use anyhow::{Context, Result};
use clap::Command;

use super::man;
use super::release::{DATE, VERSION};
use crate::workspace;

/// The page of the one command that needs dpkg.
pub const TAKEOVER: &str = "modpersist-takeover.8";

/// Pages that are written entirely by hand.
pub const BY_HAND: &[&str] = &["persistent.7", TAKEOVER];

/// The commands that have a clap definition.
pub fn commands() -> Vec<Command> {
    vec![insmod::command(), rmmod::command(), modpersist::command(), ksymoops::cli::command()]
}

/// The page of a command: the generated part, then `packaging/man/NAME.roff`.
pub fn page(command: &Command) -> Result<Vec<u8>> {
    let mut page = man::head(command).into_bytes();
    page.extend(hand_written(&format!("{}.roff", command.get_name()))?);
    Ok(page)
}

/// A page, or the part of one, that is written by hand.
pub fn hand_written(file: &str) -> Result<Vec<u8>> {
    let path = workspace::root().join("packaging/man").join(file);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.replace("@DATE@", DATE).replace("@VERSION@", VERSION).into_bytes())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command as Process, Stdio};

    use super::*;

    fn all() -> Vec<(String, String)> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let made = commands()
            .into_iter()
            .map(|command| (command.get_name().to_owned(), text(page(&command).unwrap())));
        let by_hand = BY_HAND.iter().map(|name| ((*name).to_owned(), text(hand_written(name).unwrap())));
        made.chain(by_hand).collect()
    }

    #[test]
    fn every_option_is_in_the_page() {
        for command in commands() {
            let text = String::from_utf8(page(&command).unwrap()).unwrap().replace("\\-", "-");
            for arg in command.get_arguments() {
                if let Some(long) = arg.get_long() {
                    assert!(text.contains(&format!("--{long}")), "{}: --{long}", command.get_name());
                }
            }
            for sub in command.get_subcommands() {
                assert!(text.contains(&format!(".SS \"{}", sub.get_name())), "{}", sub.get_name());
            }
            assert!(!text.contains("see a summary"), "clap's words are in {}", command.get_name());
        }
    }

    #[test]
    fn every_page_has_the_usual_sections_and_nothing_to_fill_in() {
        for (name, text) in all() {
            for section in [".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH EXAMPLES", ".SH \"SEE ALSO\""]
            {
                assert!(text.lines().any(|line| line == section), "{name}: no {section}");
            }
            assert!(text.contains(DATE) && !text.contains('@'), "{name}");
        }
    }

    #[test]
    fn groff_has_no_complaint_where_it_is_installed() {
        for (name, text) in all() {
            let ran = Process::new("groff")
                .args(["-ww", "-man", "-Tutf8"])
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn();
            // groff is not needed to build.
            let Ok(mut child) = ran else { continue };
            child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
            let output = child.wait_with_output().unwrap();
            assert!(output.stderr.is_empty(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}
