// SPDX-License-Identifier: MIT OR Apache-2.0
//! Completions for bash, zsh and fish, from the programs' clap definitions.
//!
//! clap_complete is not used: its scripts know options only, and offer `[FILE]` as a word to type. What
//! people complete are module files, names of loaded modules, and parameters of the module that they have
//! just named.

mod bash;
mod fish;
mod zsh;

use clap::{Arg, ArgAction, Command};

/// The scripts of a command, each with the file name that its shell looks for.
pub fn scripts(command: &Command) -> Vec<(String, Vec<u8>)> {
    // clap adds --help and --version here.
    let mut command = command.clone().disable_help_subcommand(true);
    command.build();
    let name = command.get_name();
    vec![
        (format!("{name}.bash"), bash::script(&command).into_bytes()),
        (format!("_{name}"), zsh::script(&command).into_bytes()),
        (format!("{name}.fish"), fish::script(&command).into_bytes()),
    ]
}

/// What an operand or the value of an option is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// A module's file.
    ModuleFile,
    /// Parameters of the module whose file is on the command line.
    Parameter,
    /// The name of a loaded module.
    Module,
    /// The name of a module whose data is kept.
    Owner,
    /// Any file.
    File,
    /// One of these.
    Words(Vec<String>),
    /// Something that cannot be completed.
    Text,
}

impl Kind {
    fn of(command: &Command, arg: &Arg) -> Self {
        let words: Vec<String> =
            arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
        if !words.is_empty() {
            return Self::Words(words);
        }
        let value = arg.get_value_names().and_then(<[_]>::first).map_or("", |name| name.as_str());
        let takes_modules = command.get_name() != "ksymoops";
        match value {
            "FILE" | "FILE|OWNER" if arg.is_positional() && takes_modules => Self::ModuleFile,
            "FILE" | "DATA" | "PATH" | "DIR" => Self::File,
            "NAME[=VALUE]" => Self::Parameter,
            "MODULE" => Self::Module,
            "OWNER" => Self::Owner,
            _ => Self::Text,
        }
    }
}

/// One option.
struct Choice {
    short: Option<char>,
    long: Option<String>,
    help: String,
    /// The kind of its value, if it takes one.
    value: Option<Kind>,
    /// Whether the value may be left out. If it is given, it follows `=`.
    optional: bool,
    /// Whether the option may be repeated.
    repeats: bool,
}

impl Choice {
    fn new(command: &Command, arg: &Arg) -> Self {
        let takes = arg.get_action().takes_values();
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        Self {
            short: arg.get_short(),
            long: arg.get_long().map(str::to_owned),
            help: help.lines().next().unwrap_or_default().to_owned(),
            value: takes.then(|| Kind::of(command, arg)),
            optional: takes && arg.get_num_args().is_some_and(|count| count.min_values() == 0),
            repeats: matches!(arg.get_action(), ArgAction::Count | ArgAction::Append),
        }
    }

    /// Its names with dashes, the short one first.
    fn spellings(&self) -> Vec<String> {
        let short = self.short.map(|letter| format!("-{letter}"));
        short.into_iter().chain(self.long.iter().map(|long| format!("--{long}"))).collect()
    }
}

/// The options that the help shows.
fn choices(command: &Command) -> Vec<Choice> {
    let shown = command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set());
    shown.map(|arg| Choice::new(command, arg)).collect()
}

fn operands(command: &Command) -> Vec<Kind> {
    command.get_positionals().map(|arg| Kind::of(command, arg)).collect()
}

/// Quotes text for a POSIX shell, in single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::process::Command as Process;

    use super::super::pages;
    use super::*;

    /// Writes all scripts to a folder of their own, with some files to complete.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("modpersist-complete-{}-{name}", std::process::id()));
        fs::create_dir_all(folder.join("modules.d")).unwrap();
        for file in ["one.ko", "other.ko.zst", "one.txt", "b c.ko"] {
            fs::write(folder.join(file), "").unwrap();
        }
        for command in pages::commands() {
            for (file, script) in scripts(&command) {
                fs::write(folder.join(file), script).unwrap();
            }
        }
        folder
    }

    /// The completions that bash offers for the last of these words.
    fn offers(folder: &std::path::Path, words: &[&str]) -> Vec<String> {
        let tool = words[0];
        let list = words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        let script = format!(
            "compopt() {{ :; }}; . ./{tool}.bash; COMP_WORDS=({list}); COMP_CWORD={}; \
             function=$(complete -p {tool} | sed 's/.*-F \\([^ ]*\\).*/\\1/'); $function; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words.len() - 1
        );
        let output = Process::new("bash").args(["-uc", &script]).current_dir(folder).output().unwrap();
        assert!(output.stderr.is_empty(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn bash_knows_files_modules_options_and_values() {
        let folder = folder("bash");
        assert_eq!(offers(&folder, &["insmod", "o"]), ["one.ko", "other.ko.zst"]);
        assert_eq!(offers(&folder, &["insmod", "m"]), ["modules.d"]);
        assert_eq!(offers(&folder, &["insmod", "-f", "b"]), ["b c.ko"]);
        assert_eq!(offers(&folder, &["insmod", "--force-"]), ["--force-modversion", "--force-vermagic"]);
        assert_eq!(offers(&folder, &["insmod", "--keep", ""]), ["auto", "require", "off"]);
        assert_eq!(offers(&folder, &["insmod", "--keep", "=", "r"]), ["require"]);
        assert_eq!(offers(&folder, &["insmod", "--keep", "="]), ["auto", "require", "off"]);
        assert_eq!(offers(&folder, &["insmod", "-e", "one"]), ["one.ko", "one.txt"]);
        assert_eq!(offers(&folder, &["rmmod", "--dis"]), ["--discard"]);
        assert_eq!(offers(&folder, &["modpersist", "ch"]), ["check"]);
        assert_eq!(offers(&folder, &["modpersist", "check", "oth"]), ["other.ko.zst"]);
        assert_eq!(offers(&folder, &["modpersist", "show", "--j"]), ["--json"]);
        assert_eq!(offers(&folder, &["ksymoops", "one."]), ["one.ko", "one.txt"]);
        assert!(offers(&folder, &["ksymoops", "--format", ""]).contains(&"json".to_owned()));
        // Names of loaded modules depend on the machine, which may have none.
        let loaded = fs::read_to_string("/proc/modules").unwrap_or_default();
        let mut wanted: Vec<_> = loaded.lines().filter_map(|line| line.split(' ').next()).collect();
        let mut offered = offers(&folder, &["rmmod", ""]);
        wanted.sort_unstable();
        offered.sort_unstable();
        assert_eq!(offered, wanted);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn every_shell_that_is_there_accepts_its_script() {
        let folder = folder("syntax");
        for (shell, file) in [("bash", ".bash"), ("zsh", "_"), ("fish", ".fish")] {
            for command in pages::commands() {
                let name = command.get_name();
                let file = if file == "_" { format!("_{name}") } else { format!("{name}{file}") };
                let ran = Process::new(shell).arg("-n").arg(folder.join(&file)).output();
                // The shells are not needed to build.
                let Ok(output) = ran else { continue };
                assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
            }
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn every_option_is_in_every_script() {
        for command in pages::commands() {
            let mut built = command.clone();
            built.build();
            for (file, script) in scripts(&command) {
                let text = String::from_utf8(script).unwrap();
                for long in choices(&built).into_iter().filter_map(|choice| choice.long) {
                    let wanted =
                        if file.ends_with(".fish") { format!("-l {long} ") } else { format!("--{long}") };
                    assert!(text.contains(&wanted), "{file}: {long}");
                }
                assert!(!text.contains("[FILE]"), "{file} offers a placeholder");
            }
        }
    }
}
