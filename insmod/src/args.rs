// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line of insmod.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Command, CommandFactory, Parser};
use libmodsys::LoadFlags;
use modcli::CommonArgs;
use modkeep::KeepMode;

use crate::ModutilsArgs;

const ABOUT: &str = "\
Insert a module into the Linux kernel.

Loads the module in FILE, which may be compressed, with the given parameters.
Data that the module marks __persistent keeps its value and its address while
the module is unloaded.";

const USAGE: &str = "insmod [OPTIONS] FILE [NAME[=VALUE]]...";

const EXAMPLES: &str = "\
Options may follow FILE; put -- before parameters that look like options.

Examples:
  insmod ./foo.ko                      load a module
  insmod ./foo.ko debug=1 label='a b'  with parameters
  insmod --keep=require ./foo.ko       only if its persistent data can be kept
  insmod --fresh ./foo.ko              start over from the initial values

insmod does not search for the file and loads no dependencies; modprobe does.
If a module is refused, the kernel log (dmesg) often has the details.";

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

    /// Keep persistent data: auto (if possible, else warn), require (or load nothing), off; else as
    /// /etc/modpersist.conf says, or auto
    #[arg(long, value_name = "WHEN", value_parser = keep_mode())]
    #[arg(hide_possible_values = true)]
    pub keep: Option<KeepMode>,

    /// Start from the initial values, all or those of VAR; then drop what was kept
    // Nothing stands for all.
    #[arg(long, value_name = "VAR", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub fresh: Vec<String>,

    /// Load nothing while kept data points into the module as it was loaded before; off overrides
    /// /etc/modpersist.conf
    #[arg(long, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    #[arg(value_parser = switch(), hide_possible_values = true)]
    pub strict: Option<bool>,

    /// Start from values that `modpersist save` has written to SAVED, at the first load
    #[arg(long, value_name = "SAVED")]
    pub restore: Option<PathBuf>,

    /// Convert or restore a variable without FIELD
    #[arg(long, value_name = "FIELD")]
    pub drop: Vec<String>,

    /// Bind what is kept as OLD to the variable NEW
    #[arg(long, value_name = "OLD=NEW", value_parser = rename())]
    pub renamed: Vec<(String, String)>,

    /// The options shared with rmmod.
    #[command(flatten)]
    pub common: CommonArgs,

    /// File of the module
    // Optional for clap, as kmod's message is to appear if it is missing.
    #[arg(value_name = "FILE")]
    pub file: Option<OsString>,

    /// Parameters for the module
    #[arg(value_name = "NAME[=VALUE]")]
    pub params: Vec<OsString>,

    /// The options that modutils had.
    // Last, since its heading holds for all options that follow.
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

/// Two names.
fn rename() -> impl TypedValueParser<Value = (String, String)> {
    |text: &str| match text.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => Ok((old.to_owned(), new.to_owned())),
        _ => Err("it takes OLD=NEW"),
    }
}

/// The values of `--strict`.
fn switch() -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new(["on", "off"]).map(|word| word == "on")
}

/// The values of `--keep`.
fn keep_mode() -> impl TypedValueParser<Value = KeepMode> {
    PossibleValuesParser::new([
        PossibleValue::new("auto").help("Keep it if possible, else load the module without and warn"),
        PossibleValue::new("require").help("Keep it, or load nothing"),
        PossibleValue::new("off").help("Load the module as if it had none"),
    ])
    .map(|word| match word.as_str() {
        "require" => KeepMode::Require,
        "off" => KeepMode::Off,
        _ => KeepMode::Auto,
    })
}

/// The definition, for help, manual page and completions.
#[must_use]
pub fn command() -> Command {
    Args::command().mut_args(|arg| match arg.get_id().as_str() {
        "idempotent" => arg.help("Succeed if the module is already loaded"),
        "explain" => {
            arg.help("On error, explain it: missing symbols and who exports them, version mismatches")
        }
        _ => arg,
    })
}
