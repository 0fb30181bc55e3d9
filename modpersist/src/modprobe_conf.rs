// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist modprobe-conf OWNER`: a way for modprobe, and so for udev, to our insmod.
//!
//! modprobe resolves aliases and loads what the module needs before it runs an `install` command, and hands it the options of its configuration and
//! of its command line.

use std::env;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, ensure};

/// Where the package puts insmod; `modpersist-takeover` need not be on for this.
pub const INSMOD: &str = "/usr/lib/modpersist/insmod";

pub(crate) fn run(owner: &str, out: &mut dyn Write) -> Result<ExitCode> {
    write(owner, &insmod(), out)?;
    Ok(ExitCode::SUCCESS)
}

/// Ours: the package's, else the one that was installed with this program.
fn insmod() -> String {
    if Path::new(INSMOD).exists() {
        return INSMOD.to_owned();
    }
    let beside = env::current_exe().ok().map(|own| own.with_file_name("insmod")).filter(|path| path.exists());
    // The path stands in a line of a shell.
    let is_plain =
        |path: &String| path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte));
    beside
        .and_then(|path| path.into_os_string().into_string().ok())
        .filter(is_plain)
        .unwrap_or_else(|| INSMOD.to_owned())
}

fn write(owner: &str, insmod: &str, out: &mut dyn Write) -> Result<()> {
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
    // Where our insmod is gone, and this line is not, the module is loaded all the same.
    writeln!(
        out,
        "install {owner} if [ -x {insmod} ]; then \\\n    \
         set -f; path=$(/sbin/modinfo -F filename {owner}) && \\\n    \
         {insmod} --idempotent -- \"$path\" $CMDLINE_OPTS; \\\n  \
         else /sbin/modprobe --ignore-install {owner} $CMDLINE_OPTS; fi"
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::write;

    #[test]
    fn a_name_is_a_name() {
        let mut out = Vec::new();
        write("foo-bar", "/x/insmod", &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("\ninstall foo_bar "), "{text}");
        for bad in ["", "a b", "a;rm", "../x", "a\nb"] {
            assert!(write(bad, "/x/insmod", &mut Vec::new()).is_err());
        }
    }
}
