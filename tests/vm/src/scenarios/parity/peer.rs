// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whose tools a command line is given to.

use std::fmt;
use std::path::Path;

/// Whose tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// This project's.
    Ours,
    /// The standard.
    Kmod34,
    /// What Debian 12 has.
    Kmod30,
}

const KMOD34: &str = "/peer34/kmod";

impl Peer {
    /// Whether the guest has them.
    pub fn is_there(self) -> bool {
        self != Self::Kmod34 || Path::new(KMOD34).exists()
    }

    /// Shell functions `insmod` and `rmmod`. All are called by the same name, so that messages that show it agree.
    pub fn functions(self) -> String {
        let function = |tool: &str| match self {
            Self::Ours => format!("{tool}() {{ /bin/{tool} \"$@\"; }}\n"),
            Self::Kmod34 => format!(
                "{tool}() {{ /peer34/ld-linux-x86-64.so.2 --argv0 /bin/{tool} --library-path /peer34 {KMOD34} \"$@\"; }}\n"
            ),
            // Its loader knows no --argv0 before glibc 2.33; Debian 12 has 2.36.
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
