// SPDX-License-Identifier: MIT OR Apache-2.0
//! Options of modutils' insmod that kmod's does not have.

use std::ffi::OsString;

use clap::Args;
use modcli::Output;

/// The options that still have a meaning. The others are accepted and ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "From modutils")]
pub struct ModutilsArgs {
    /// Serialise loads of FILE; succeed if the module is already loaded
    #[arg(short = 'L', long)]
    pub lock: bool,

    /// Print nothing, even if the module cannot be loaded
    #[arg(short, long)]
    pub quiet: bool,

    /// Check the file, versions, symbols and parameters, but load nothing
    #[arg(short, long)]
    pub noload: bool,

    /// Same as --noload --quiet: only the exit code tells
    #[arg(long)]
    pub probe: bool,

    /// Print the addresses of the module's sections and symbols
    #[arg(short, long)]
    pub map: bool,

    /// Load FILE only if root owns it
    #[arg(short, long)]
    pub root: bool,

    /// Use the parameters in DATA, an absolute path, and let rmmod save them there; '' means a file under
    /// persistdir
    #[arg(short = 'e', long, value_name = "DATA")]
    pub persist: Option<OsString>,

    #[command(flatten)]
    ignored: IgnoredArgs,
}

/// Options that mean nothing on today's kernels.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
struct IgnoredArgs {
    /// Ignored: the kernel unloads no modules by itself
    #[arg(short = 'k', long, hide = true)]
    autoclean: bool,

    /// Ignored: the kernel keeps symbol names by itself
    #[arg(short = 'S', long, hide = true)]
    kallsyms: bool,

    /// Ignored: the module's source decides what is exported
    #[arg(short = 'x', long, hide = true)]
    noexport: bool,

    /// Ignored: the module's source decides what is exported
    #[arg(short = 'X', long, hide = true)]
    export: bool,

    /// Ignored: these symbols no longer exist
    #[arg(short = 'y', long, hide = true)]
    noksymoops: bool,

    /// Ignored: these symbols no longer exist
    #[arg(short = 'Y', long, hide = true)]
    ksymoops: bool,

    /// Ignored: the kernel compares the version magic
    #[arg(short = 'N', long, hide = true)]
    numeric_only: bool,

    /// Ignored: symbol versions no longer have a prefix
    #[arg(short = 'P', long, hide = true, value_name = "PREFIX")]
    prefix: Option<OsString>,

    /// Ignored: the kernel links the module and shows nobody the result
    #[arg(short = 'O', long, hide = true, value_name = "FILE")]
    blob: Option<OsString>,
}

impl ModutilsArgs {
    /// `--noload` or `--probe`: load nothing.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.noload || self.probe
    }

    /// `--quiet` or `--probe`: print nothing.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.quiet || self.probe
    }

    /// Warns of each option that is ignored.
    pub(crate) fn warn_of_ignored(&self, output: &mut Output) {
        let given = &self.ignored;
        let options = [
            ("autoclean", given.autoclean),
            ("kallsyms", given.kallsyms),
            ("noexport", given.noexport),
            ("export", given.export),
            ("noksymoops", given.noksymoops),
            ("ksymoops", given.ksymoops),
            ("numeric-only", given.numeric_only),
            ("prefix", given.prefix.is_some()),
            ("blob", given.blob.is_some()),
        ];
        for (name, _) in options.iter().filter(|(_, given)| *given) {
            output.warning(format_args!("--{name} has no meaning on this kernel and is ignored"));
        }
    }
}
