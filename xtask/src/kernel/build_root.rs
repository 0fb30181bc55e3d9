// SPDX-License-Identifier: MIT OR Apache-2.0
//! A small system of another release, in which something is built with that release's compiler, C library and
//! tools: a kernel's modules, or our own programs for another processor.
//!
//! It consists of packages that are unpacked into the cache; nothing in it is installed or configured.
//! Commands run in it as in a chroot, in a mount namespace of their own, with the checkout and the cache at
//! the paths that they have outside.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::setup::Missing;
use crate::setup::release::Release;
use crate::{cache, process, workspace};

/// What kbuild runs, beside what the headers' package depends on.
const TOOLS: &[&str] = &[
    "make",
    "bash",
    "dash",
    "coreutils",
    "sed",
    "grep",
    "mawk",
    "findutils",
    "diffutils",
    "perl-base",
    "binutils",
];

/// The directories that are links into `/usr` since Debian 12. Links to the programs that packages choose
/// when they are configured. Both only where no package has something else.
const LINKS: &[(&str, &str)] = &[
    ("bin", "usr/bin"),
    ("sbin", "usr/sbin"),
    ("lib", "usr/lib"),
    ("lib64", "usr/lib64"),
    ("bin/sh", "dash"),
    ("usr/bin/awk", "mawk"),
];

/// The search path inside. It is the one for starting `unshare`, too.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// The script that commands are run by, in the system itself.
const ENTER: &str = "enter";

/// It mounts the directories that are its arguments, up to `--`, and runs what follows that.
const ENTER_SCRIPT: &str = r#"set -e
root=${0%/*}
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
while [ "$1" != -- ]; do mkdir -p "$root$1"; mount --bind "$1" "$root$1"; shift; done
shift
exec chroot "$root" "$@"
"#;

/// The directory of such a system.
#[derive(Clone, Debug)]
pub struct BuildRoot(PathBuf);

impl BuildRoot {
    /// Unpacks it into `directory`: `packages` with all that they depend on, and the tools.
    pub fn unpack(release: &Release, packages: &[String], directory: &Path) -> Result<()> {
        let tools = TOOLS.iter().map(|name| (*name).to_owned());
        let names: Vec<String> = packages.iter().cloned().chain(tools).collect();
        release.unpack_whole(&names, directory)?;
        for (link, target) in LINKS {
            let link = directory.join(link);
            if fs::symlink_metadata(&link).is_err() {
                symlink(target, &link).with_context(|| format!("cannot link {}", link.display()))?;
            }
        }
        for name in ["dev", "proc", "tmp"] {
            fs::create_dir_all(directory.join(name))?;
        }
        fs::write(directory.join(ENTER), ENTER_SCRIPT)?;
        let tmp = directory.join("tmp");
        fs::set_permissions(&tmp, fs::Permissions::from_mode(0o1777))
            .with_context(|| format!("cannot change {}", tmp.display()))
    }

    /// The system in this directory, if commands can be run in it.
    pub fn enter(directory: &Path) -> Result<Self> {
        let root = Self(directory.to_owned());
        match process::quiet(&mut root.command("true")) {
            Ok(()) => Ok(root),
            Err(error) => {
                Err(Missing(format!("it takes a chroot, which cannot be entered here: {error:#}")).into())
            }
        }
    }

    /// A command in it.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("unshare");
        command.env("PATH", PATH).arg("--mount");
        if !nix::unistd::geteuid().is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command.args(["--", "/bin/sh"]).arg(self.0.join(ENTER));
        command
            .arg(workspace::root())
            .arg(workspace::target())
            .args(cache::root().ok())
            .args(workspace::cargo_home())
            .arg("--")
            .arg(program);
        command
    }

    /// The path inside of a file of the system.
    pub fn inside(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.0).map_or_else(|_| path.to_owned(), |below| Path::new("/").join(below))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_files_have_other_paths_inside() {
        let root = BuildRoot("/cache/root".into());
        assert_eq!(root.inside(Path::new("/cache/root/usr/src")), Path::new("/usr/src"));
        assert_eq!(root.inside(Path::new("/checkout/target")), Path::new("/checkout/target"));
    }
}
