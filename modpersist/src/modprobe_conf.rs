// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist modprobe-conf OWNER`: a way for modprobe, and so for udev, to our insmod.
//!
//! modprobe resolves aliases and loads what the module needs before it runs an `install` command, and hands it the options of its configuration and
//! of its command line.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, ensure};

/// Where the package puts insmod; `modpersist-takeover` need not be on for this.
pub const INSMOD: &str = "/usr/lib/modpersist/insmod";

pub(crate) fn run(owner: &str, out: &mut dyn Write) -> Result<ExitCode> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    ensure!(!owner.is_empty() && owner.bytes().all(plain), "'{owner}' is no name of a module");
    let owner = owner.replace('-', "_");
    writeln!(out, "# Made by: modpersist modprobe-conf {owner}")?;
    writeln!(
        out,
        "# Put this into a file of its own, such as /etc/modprobe.d/persistent-{owner}.conf, and run"
    )?;
    writeln!(out, "# update-initramfs -u where {owner} is loaded before the root file system is there.")?;
    // modprobe puts the options into this line as text: the shell takes off their quotes, and must see no patterns.
    // By its path: a shell that is busybox would run its own modinfo. --idempotent: modprobe itself has the same rule for what is loaded already.
    writeln!(
        out,
        "install {owner} set -f; path=$(/sbin/modinfo -F filename {owner}) && \\\n  \
         {INSMOD} --idempotent -- \"$path\" $CMDLINE_OPTS"
    )?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::run;

    #[test]
    fn a_name_is_a_name() {
        let mut out = Vec::new();
        run("foo-bar", &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("\ninstall foo_bar "), "{text}");
        for bad in ["", "a b", "a;rm", "../x", "a\nb"] {
            assert!(run(bad, &mut Vec::new()).is_err());
        }
    }
}
