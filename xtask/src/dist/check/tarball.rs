// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checks the tarball's `install.sh`: it installs beside kmod, installs again, leaves kmod's files alone, and
//! uninstalls.

use anyhow::{Result, ensure};

use super::installed::{is_kmods, same_files};
use crate::dist::chroot::Root;

/// Unpacks the tarball, whose files are all in the folder `top`, and runs the script.
pub fn check(root: &Root, top: &str) -> Result<()> {
    let before = root.listing()?;
    let listed = root
        .sh("tar --extract --file=/tmp/modpersist.tar.gz --directory=/tmp; tar -tf /tmp/modpersist.tar.gz")?;
    ensure!(
        listed.lines().all(|path| path.starts_with(&format!("{top}/"))),
        "not all is in {top}:\n{listed}"
    );
    for document in
        ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE", "COPYING", "THIRD-PARTY.txt"]
    {
        ensure!(listed.lines().any(|path| path == format!("{top}/{document}")), "no {document} in\n{listed}");
    }
    let script = format!("/tmp/{top}/install.sh");
    // As a packager runs it: nothing outside of the destination may change.
    root.sh(&format!("{script} --prefix /opt/modpersist --destdir /tmp/staged"))?;
    root.sh("test -x /tmp/staged/opt/modpersist/sbin/ksymoops; test -f /tmp/staged/etc/modpersist.conf")?;
    same_files(root, &before, "an installation with --destdir")?;

    let in_place = ["", "--prefix=/usr"].map(|options| format!("{script} {options}"));
    let refused = root.sh(&format!("! {} 2>&1", in_place[1]))?;
    ensure!(refused.contains("is not modpersist's"), "over kmod's files: {refused}");
    is_kmods(root, "refused to install over kmod's files")?;
    // The first directory in root's PATH on Debian.
    let path = "PATH=/usr/local/sbin:$PATH";
    for _ in 0..2 {
        root.sh(&in_place[0])?;
        let text =
            root.sh(&format!("{path}; insmod -V; rmmod -V; modpersist --version; ksymoops --version"))?;
        ensure!(text.matches("(modpersist)").count() >= 2, "installed from the tarball: {text}");
    }
    for page in ["man8/insmod.8", "man8/rmmod.8", "man8/modpersist.8", "man7/persistent.7", "man8/ksymoops.8"]
    {
        root.sh(&format!("man --local-file /usr/local/share/man/{page}.gz 2>&1 | grep -q modpersist"))?;
    }
    root.sh("test -f /usr/local/include/modpersist/persistent.h")?;
    root.sh(&format!("{script} --uninstall"))?;
    is_kmods(root, "uninstalled")?;
    same_files(root, &before, "uninstalling")
}
