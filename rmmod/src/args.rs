// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line of rmmod.

use std::ffi::OsString;

use clap::{Command, CommandFactory, Parser};
use modcli::CommonArgs;

const ABOUT: &str = "\
Remove modules from the Linux kernel.

Each MODULE is a name, or the path of a file that exists, whose name then
counts. Data that a module marks __persistent stays in the kernel until the
module is loaded again, or until it is discarded.";

const USAGE: &str = "rmmod [OPTIONS] MODULE...";

const EXAMPLES: &str = "\
Examples:
  rmmod foo            remove a module; its persistent data stays
  rmmod --discard foo  and drop that data; also when foo is not loaded
  rmmod ./foo.ko bar   several, in this order

A module that others use must go after them. modprobe -r finds the order itself.";

/// The command line.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "rmmod", version = modcli::long_version(), about = ABOUT, long_about = None)]
#[command(override_usage = USAGE, after_help = EXAMPLES)]
pub struct Args {
    /// Remove even what is in use; taints the kernel and can crash it
    #[arg(short, long)]
    pub force: bool,

    /// Drop the persistent data as well
    #[arg(long)]
    pub discard: bool,

    /// What both commands have.
    #[command(flatten)]
    pub common: CommonArgs,

    /// Wait until the module is unused, at most SECONDS
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        help_heading = modcli::SCRIPTS_HEADING
    )]
    pub wait: Option<OsString>,

    /// Remove what the module used as well, where nothing else uses it
    #[arg(short = 'r', long, help_heading = "From modutils")]
    pub stacks: bool,

    /// Save the parameters that insmod --persist keeps, of all such modules if none is named; remove nothing
    #[arg(short = 'e', long, help_heading = "From modutils")]
    pub persist: bool,

    /// Names of modules, or paths of their files
    // Not required for clap: that it is missing is to be said in kmod's words.
    #[arg(value_name = "MODULE")]
    pub modules: Vec<OsString>,
}

/// The definition, for help, manual page and completions.
#[must_use]
pub fn command() -> Command {
    Args::command()
}
