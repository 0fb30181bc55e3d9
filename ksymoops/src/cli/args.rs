// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line of ksymoops.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches, Parser, ValueEnum};

const ABOUT: &str = "\
Decode kernel oops reports.

Reads logs (standard input, if no FILE is given) and prints them with what they
mean put under each line, after `;;`: functions, source lines and inlined
calls, the instructions of a Code line, and the fields of persistent variables
that registers and other addresses point to.

Files of the kernel and its modules are found by themselves, by release and
build id, in the places where distributions put them; what is not of the same
build is not used. What is not known is said to be unknown.";

const EXAMPLES: &str = "\
Examples:
  dmesg | ksymoops                        with the files of this machine
  ksymoops --dmesg                        the running kernel's own log
  ksymoops -v vmlinux -o modules/ oops    with files that are named
  ksymoops --persist journal/ oops        with another machine's journal
  ksymoops -A 'ffffffff81234567'          only an address
  ksymoops --format=json oops | jq .      for other programs

Of -v and -V, -k and -K, -l and -L, -o and -O, -m and -M the last one counts.
Exit status: 0; 1 after a warning or an error; 2 where nothing was done; 3
where --one-shot found no report.";

/// The command line.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "ksymoops", about = ABOUT, long_about = None, disable_version_flag = true)]
#[command(override_usage = "ksymoops [OPTIONS] [FILE...]", after_help = EXAMPLES)]
pub struct Args {
    /// The kernel's file with symbols; *r in it stands for the running release
    #[arg(short = 'v', long, value_name = "FILE")]
    pub vmlinux: Option<PathBuf>,

    /// Use no vmlinux
    #[arg(short = 'V', long)]
    pub no_vmlinux: bool,

    /// A copy of /proc/kallsyms of the boot
    #[arg(short = 'k', long, value_name = "FILE")]
    pub ksyms: Option<PathBuf>,

    /// Use no such copy
    #[arg(short = 'K', long)]
    pub no_ksyms: bool,

    /// A copy of /proc/modules of the boot
    #[arg(short = 'l', long, value_name = "FILE")]
    pub lsmod: Option<PathBuf>,

    /// Use no such copy
    #[arg(short = 'L', long)]
    pub no_lsmod: bool,

    /// A module, or a folder that is searched for modules; may be repeated
    #[arg(short = 'o', long, value_name = "PATH")]
    pub object: Vec<PathBuf>,

    /// Use no modules
    #[arg(short = 'O', long)]
    pub no_object: bool,

    /// The kernel's System.map
    #[arg(short = 'm', long, value_name = "FILE")]
    pub system_map: Option<PathBuf>,

    /// Use no System.map
    #[arg(short = 'M', long)]
    pub no_system_map: bool,

    /// Decode the addresses in TEXT, words of at least 4 hexadecimal digits; may be repeated
    #[arg(short = 'A', long, value_name = "TEXT")]
    pub addresses: Vec<String>,

    /// A folder laid out like /usr/lib/debug; may be repeated
    #[arg(long, value_name = "DIR")]
    pub debug_dir: Vec<PathBuf>,

    /// The folder that the usual places are in, such as another machine's disk
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub root: PathBuf,

    /// Use only files that are named
    #[arg(long)]
    pub no_discovery: bool,

    /// The kernel's release, where the log does not say
    #[arg(long, value_name = "RELEASE")]
    pub release: Option<String>,

    /// How far the kernel was moved at boot, in hexadecimal digits
    #[arg(long, value_name = "HEX")]
    pub kaslr_offset: Option<String>,

    /// What tells of persistent data: files of the journal, folders of them, copies of /sys/module/KEEPER and of /sys/kernel/btf/vmlinux; may be repeated
    #[arg(long, value_name = "PATH")]
    pub persist: Vec<PathBuf>,

    /// Do not look into /var/log/ksymoops
    #[arg(long)]
    pub no_journal: bool,

    /// The boot of the journal that the log is of, by the beginning of its id
    #[arg(long, value_name = "ID")]
    pub boot: Option<String>,

    /// Read the running kernel's log, and use what the running kernel tells
    #[arg(long)]
    pub dmesg: bool,

    /// Stop after the first report; exit with 3 if there is none
    #[arg(short = '1', long)]
    pub one_shot: bool,

    /// The form of the output
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Annotated)]
    pub format: Format,

    /// Colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Colour::Auto)]
    pub color: Colour,

    /// Print the version
    #[arg(long, action = ArgAction::SetTrue)]
    pub version: bool,

    /// Logs
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

impl Args {
    /// From what was given. Of two options that exclude each other the last one counts, and `warnings` names them.
    ///
    /// # Errors
    /// Those of clap.
    pub fn new(matches: &ArgMatches, warnings: &mut Vec<String>) -> Result<Self, clap::Error> {
        let mut args = Self::from_arg_matches(matches)?;
        let last = |name: &str| {
            let given = matches.value_source(name) == Some(ValueSource::CommandLine);
            given.then(|| matches.indices_of(name).and_then(Iterator::max)).flatten()
        };
        let mut wins = |yes: &str, no: &str, letter: char| {
            let (Some(yes), Some(no)) = (last(yes), last(no)) else { return None };
            let (lower, upper) = (letter, letter.to_ascii_uppercase());
            let winner = if yes > no { lower } else { upper };
            warnings
                .push(format!("-{lower} and -{upper} exclude each other: -{winner}, the last one, counts"));
            Some(yes > no)
        };
        let mut settle = |yes: &str, no: &str, letter, flag: &mut bool| {
            if let Some(wins) = wins(yes, no, letter) {
                *flag = !wins;
            }
        };
        settle("vmlinux", "no_vmlinux", 'v', &mut args.no_vmlinux);
        settle("ksyms", "no_ksyms", 'k', &mut args.no_ksyms);
        settle("lsmod", "no_lsmod", 'l', &mut args.no_lsmod);
        settle("object", "no_object", 'o', &mut args.no_object);
        settle("system_map", "no_system_map", 'm', &mut args.no_system_map);
        Ok(args)
    }
}

/// `--format`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The log with annotations
    Annotated,
    /// An object for each report, a line each
    Json,
}

/// `--color`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal
    Auto,
    /// Yes
    Always,
    /// No
    Never,
}

/// The definition, for help, manual page and completions.
#[must_use]
pub fn command() -> Command {
    Args::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(words: &[&str]) -> (Args, Vec<String>) {
        let matches = command().args_override_self(true).get_matches_from(words);
        let mut warnings = Vec::new();
        (Args::new(&matches, &mut warnings).unwrap(), warnings)
    }

    #[test]
    fn of_a_pair_the_last_one_counts() {
        let (last, warnings) = args(&["ksymoops", "-V", "-v", "vmlinux", "-o", "a", "-o", "b", "-O"]);
        assert!(!last.no_vmlinux && last.no_object && last.object.len() == 2);
        assert_eq!(
            warnings,
            [
                "-v and -V exclude each other: -v, the last one, counts",
                "-o and -O exclude each other: -O, the last one, counts"
            ]
        );
        assert_eq!(args(&["ksymoops", "-VKLO", "-m", "System.map"]).1, [""; 0]);
    }
}
