// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line of ksymoops.

use std::path::PathBuf;

use clap::{ArgAction, Command, CommandFactory, Parser, ValueEnum};

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
  ksymoops -A 'ffffffff81234567'          only an address";

/// The command line.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "ksymoops", about = ABOUT, long_about = None, disable_version_flag = true)]
#[command(override_usage = "ksymoops [OPTIONS] [FILE...]", after_help = EXAMPLES)]
pub struct Args {
    /// The kernel's file with symbols; *r in it stands for the running release
    #[arg(short = 'v', long, value_name = "FILE")]
    pub vmlinux: Option<PathBuf>,

    /// Use no vmlinux
    #[arg(short = 'V', long, overrides_with = "vmlinux")]
    pub no_vmlinux: bool,

    /// A copy of /proc/kallsyms of the boot
    #[arg(short = 'k', long, value_name = "FILE")]
    pub ksyms: Option<PathBuf>,

    /// Use no such copy
    #[arg(short = 'K', long, overrides_with = "ksyms")]
    pub no_ksyms: bool,

    /// A copy of /proc/modules of the boot
    #[arg(short = 'l', long, value_name = "FILE")]
    pub lsmod: Option<PathBuf>,

    /// Use no such copy
    #[arg(short = 'L', long, overrides_with = "lsmod")]
    pub no_lsmod: bool,

    /// A module, or a folder that is searched for modules; may be repeated
    #[arg(short = 'o', long, value_name = "PATH")]
    pub object: Vec<PathBuf>,

    /// Use no modules
    #[arg(short = 'O', long, overrides_with = "object")]
    pub no_object: bool,

    /// The kernel's System.map
    #[arg(short = 'm', long, value_name = "FILE")]
    pub system_map: Option<PathBuf>,

    /// Use no System.map
    #[arg(short = 'M', long, overrides_with = "system_map")]
    pub no_system_map: bool,

    /// Decode the addresses in TEXT, too; may be repeated
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
