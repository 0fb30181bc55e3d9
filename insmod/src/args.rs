// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line of insmod.

use std::ffi::OsString;

use clap::{Command, CommandFactory, Parser};
use libmodsys::LoadFlags;
use modcli::CommonArgs;
use modkeep::KeepMode;

use crate::modutils::ModutilsArgs;

const ABOUT: &str = "\
Insert a module into the Linux kernel.

The module in FILE, which may be compressed, is loaded with the parameters
given. Data that it marks __persistent keeps its value and its address while the
module is unloaded.";

const USAGE: &str = "insmod [OPTIONS] FILE [NAME[=VALUE]]...";

const EXAMPLES: &str = "\
Options may follow FILE; put -- before parameters that look like options.

Examples:
  insmod ./foo.ko                      load a module
  insmod ./foo.ko debug=1 label='a b'  with parameters
  insmod --keep=require ./foo.ko       only if its persistent data is kept
  insmod --fresh ./foo.ko              start again from the initial values

Nothing is searched for and no dependencies are loaded: modprobe does that.
When a module is refused, the kernel log (dmesg) often has the details.";

/// The command line.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "insmod", version = modcli::long_version(), about = ABOUT, long_about = None)]
#[command(override_usage = USAGE, after_help = EXAMPLES)]
pub struct Args {
    /// Same as --force-modversion --force-vermagic; taints the kernel
    #[arg(short, long)]
    pub force: bool,

    /// Ignore symbol versions
    #[arg(long)]
    pub force_modversion: bool,

    /// Ignore the version magic
    #[arg(long)]
    pub force_vermagic: bool,

    /// Keep persistent data: auto (where possible, else warn), require (or load nothing), off
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = KeepMode::Auto, hide_possible_values = true)]
    pub keep: KeepMode,

    /// Drop what is kept for this module and start from its initial values
    #[arg(long)]
    pub fresh: bool,

    /// What both commands have.
    #[command(flatten)]
    pub common: CommonArgs,

    /// File of the module
    // Not required for clap: that it is missing is to be said in kmod's words.
    #[arg(value_name = "FILE")]
    pub file: Option<OsString>,

    /// Parameters for the module
    #[arg(value_name = "NAME[=VALUE]")]
    pub params: Vec<OsString>,

    /// What modutils had.
    // Last, as its heading would hold for what follows.
    #[command(flatten)]
    pub modutils: ModutilsArgs,
}

impl Args {
    /// The flags that the force options stand for.
    #[must_use]
    pub fn load_flags(&self) -> LoadFlags {
        let mut flags = LoadFlags::NONE;
        if self.force || self.force_modversion {
            flags |= LoadFlags::IGNORE_MODVERSIONS;
        }
        if self.force || self.force_vermagic {
            flags |= LoadFlags::IGNORE_VERMAGIC;
        }
        flags
    }
}

/// The definition, for help, manual page and completions.
#[must_use]
pub fn command() -> Command {
    Args::command()
}
