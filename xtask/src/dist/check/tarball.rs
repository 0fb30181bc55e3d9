// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tarball's own script: installs beside kmod, installs again, spares kmod's files, uninstalls.

use anyhow::{Result, ensure};

use super::says::{is_kmods, same_files};
use crate::dist::chroot::Root;

/// Unpacks the tarball, which has everything in the folder `top`, and follows its README.
pub fn check(root: &Root, top: &str) -> Result<()> {
    let before = root.listing()?;
    let listed = root
        .sh("tar --extract --file=/tmp/modpersist.tar.gz --directory=/tmp; tar -tf /tmp/modpersist.tar.gz")?;
    ensure!(
        listed.lines().all(|path| path.starts_with(&format!("{top}/"))),
        "not all is in {top}:\n{listed}"
    );
    for paper in ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE", "COPYING", "THIRD-PARTY.txt"]
    {
        ensure!(listed.lines().any(|path| path == format!("{top}/{paper}")), "no {paper} in\n{listed}");
    }
    let script = format!("/tmp/{top}/install.sh");
    // As a packager calls it: nothing outside of the destination changes.
    root.sh(&format!("{script} --prefix /opt/modpersist --destdir /tmp/staged"))?;
    root.sh("test -x /tmp/staged/opt/modpersist/sbin/ksymoops; test -f /tmp/staged/etc/modpersist.conf")?;
    same_files(root, &before, "an installation with --destdir")?;

    let in_place = ["", "--prefix=/usr"].map(|options| format!("{script} {options}"));
    let refused = root.sh(&format!("! {} 2>&1", in_place[1]))?;
    ensure!(refused.contains("is not modpersist's"), "over kmod's files: {refused}");
    is_kmods(root, "refused to install over kmod's files")?;
    // With the directory of root's PATH that comes first.
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
