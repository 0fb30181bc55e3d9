// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tools that a command line is run with: ours, or those of one of two versions of kmod.

use std::fmt;
use std::path::Path;

use anyhow::Result;

use crate::ctx::Ctx;

/// Whose tools are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// This project's.
    Ours,
    /// The reference.
    Kmod34,
    /// Debian 12's version.
    Kmod30,
}

const KMOD34: &str = "/peer34/kmod";

impl Peer {
    /// Whether the guest has them. Its own kmod is that of the machine's release, which may be a newer one.
    pub fn is_available(self, ctx: &mut Ctx) -> Result<bool> {
        Ok(match self {
            Self::Ours => true,
            Self::Kmod34 => Path::new(KMOD34).exists(),
            Self::Kmod30 => {
                let version = ctx.sh(&format!("{}insmod --version", self.functions()))?;
                version.starts_with("kmod version 30\n")
            }
        })
    }

    /// Shell functions `insmod` and `rmmod`. All peers run under the same name, so that messages with the
    /// program name agree.
    pub fn functions(self) -> String {
        let function = |tool: &str| match self {
            Self::Ours => format!("{tool}() {{ /bin/{tool} \"$@\"; }}\n"),
            Self::Kmod34 => format!(
                "{tool}() {{ /peer34/ld-linux-x86-64.so.2 --argv0 /bin/{tool} --library-path /peer34 {KMOD34} \"$@\"; }}\n"
            ),
            // The loader's --argv0 needs glibc 2.33; Debian 12 has 2.36.
            Self::Kmod30 => {
                format!("{tool}() {{ /lib64/ld-linux-x86-64.so.2 --argv0 /bin/{tool} /peer/kmod \"$@\"; }}\n")
            }
        };
        function("insmod") + &function("rmmod")
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ours => "ours",
            Self::Kmod34 => "kmod 34",
            Self::Kmod30 => "kmod 30",
        })
    }
}
