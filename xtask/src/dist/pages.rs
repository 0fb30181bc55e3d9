// SPDX-License-Identifier: MIT OR Apache-2.0
//! Manual pages and completions, from the definitions that the programs themselves use.

use std::fs;

use anyhow::{Context, Result};
use clap::Command;
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use super::VERSION;
use crate::workspace;

/// The commands with a definition of their own.
pub fn commands() -> Vec<Command> {
    vec![insmod::command(), rmmod::command(), modpersist::command()]
}

/// The page of a command: options from its definition, then what `packaging/man/NAME.roff` says.
pub fn page(command: &Command) -> Result<Vec<u8>> {
    let name = command.get_name().to_owned();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let (short, rest) = about.split_once("\n\n").unwrap_or((&about, ""));
    let short = short.trim_end_matches('.').to_owned();
    let long = if rest.is_empty() { format!("{short}.") } else { rest.to_owned() };
    let command = command.clone().about(short).long_about(long).version(VERSION).after_help(None);
    let command = command.disable_help_subcommand(true);
    let man = Man::new(command.clone()).section("8").manual("System Administration");
    let mut page = b".\\\" SPDX-License-Identifier: MIT OR Apache-2.0\n".to_vec();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    for sub in command.get_subcommands() {
        page.extend(
            format!(".SH \"{}\"\n", format!("{name} {}", sub.get_name()).to_uppercase()).into_bytes(),
        );
        let sub = Man::new(sub.clone().disable_help_flag(true));
        sub.render_description_section(&mut page)?;
        sub.render_options_section(&mut page)?;
    }
    page.extend(hand_written(&format!("{name}.roff"))?);
    Ok(page)
}

/// A page, or part of one, that nothing generates.
pub fn hand_written(file: &str) -> Result<Vec<u8>> {
    let path = workspace::root().join("packaging/man").join(file);
    fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// Completions, each with the name that its shell looks for.
pub fn completions(command: &Command) -> Vec<(String, Vec<u8>)> {
    let name = command.get_name().to_owned();
    let shells = [
        (Shell::Bash, format!("{name}.bash")),
        (Shell::Zsh, format!("_{name}")),
        (Shell::Fish, format!("{name}.fish")),
    ];
    let make = |(shell, file)| {
        let mut script = Vec::new();
        generate(shell, &mut command.clone(), &name, &mut script);
        (file, script)
    };
    shells.into_iter().map(make).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_in_the_page() {
        for command in commands() {
            let text = String::from_utf8(page(&command).unwrap()).unwrap().replace("\\-", "-");
            for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
                if let Some(long) = arg.get_long() {
                    assert!(text.contains(&format!("--{long}")), "{}: --{long}", command.get_name());
                }
            }
            assert!(text.contains("SEE ALSO"), "{}", command.get_name());
            assert_eq!(completions(&command).len(), 3);
        }
    }
}
