// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checks the package: install, take over, upgrade (ours and kmod's), give back, purge.

use anyhow::{Result, ensure};

use super::installed::{completions, decodes, is_kmods, is_ours, pages, same_files};
use crate::dist::chroot::Root;
use crate::dist::release::VERSION;

/// A script that makes a newer kmod package from the installed one: the same files, another version, and one
/// more file. If MOVED is set, the files in /sbin move to /usr/sbin, or back, as they do in a new release of
/// Debian.
const NEWER_KMOD: &str = r#"
MOVED=${MOVED:-}
rm -rf /tmp/k /tmp/kmod.deb
mkdir -p /tmp/k/DEBIAN
dpkg-query --listfiles kmod | while IFS= read -r path; do
	# Links to directories are part of it, but not /bin, which may be one.
	if [ ! -d "$path" ] || { [ -L "$path" ] && [ -n "${path%/*}" ]; }; then
		mkdir -p "/tmp/k${path%/*}"
		cp -a "$path" "/tmp/k$path"
	elif [ ! -L "$path" ]; then
		# Empty ones, /etc/modprobe.d for one, would go with the upgrade.
		mkdir -p "/tmp/k$path"
	fi
done
if [ -n "$MOVED" ]; then
	rm -rf /tmp/k.sbin
	if [ -d /tmp/k/sbin ]; then from=/tmp/k/sbin to=/tmp/k/usr/sbin; else from=/tmp/k/usr/sbin to=/tmp/k/sbin; fi
	mv "$from" /tmp/k.sbin
	mkdir -p "${to%/*}"
	mv /tmp/k.sbin "$to"
fi
for part in preinst postinst prerm postrm conffiles; do
	if [ -e "/var/lib/dpkg/info/kmod.$part" ]; then
		cp -a "/var/lib/dpkg/info/kmod.$part" "/tmp/k/DEBIAN/$part"
	fi
done
dpkg-query --status kmod | sed -e '/^Status:/d' -e '/^Conffiles:/d' -e '/^ \//d' -e "s/^Version: .*/&+newer$MOVED/" > /tmp/k/DEBIAN/control
mkdir -p /tmp/k/usr/share/modpersist-test
echo newer > /tmp/k/usr/share/modpersist-test/kmod
dpkg-deb --build --root-owner-group /tmp/k /tmp/kmod.deb
"#;

/// Goes through all of it.
pub fn check(root: &Root) -> Result<()> {
    let before = root.listing()?;
    root.sh("dpkg --install /tmp/older.deb")?;
    is_kmods(root, "installed")?;
    let mut commands = "modpersist --version; /usr/lib/modpersist/insmod -V; ".to_owned();
    commands.push_str("test -f /usr/include/modpersist/persistent.h; ksymoops --version; ");
    commands.push_str("test -f /usr/include/modpersist/linux/name_token.h; ");
    commands.push_str(&format!("grep -q 'VERSION=\"{VERSION}\"' /usr/src/name_token-{VERSION}/dkms.conf"));
    root.sh(&commands)?;
    let listed = root.sh("/usr/lib/modpersist/kmod/insmod -V")?;
    ensure!(listed.contains("kmod version"), "kmod's own is not at hand: {listed}");
    pages(root, &["modpersist.8", "persistent.7", "modpersist-takeover.8", "ksymoops.8"])?;
    decodes(root)?;

    root.sh("modpersist-takeover on")?;
    is_ours(root, "taken over")?;
    root.sh("modpersist-takeover on; test \"$(modpersist-takeover status | grep -c ': modpersist$')\" = 2")?;
    let missing = root.sh("insmod /no/such.ko 2>&1 || true")?;
    let wanted = "insmod: ERROR: could not load module /no/such.ko: No such file or directory\n";
    ensure!(missing == wanted, "taken over, insmod says {missing:?}");
    pages(root, &["insmod.8", "rmmod.8"])?;
    completions(root)?;
    upgrades(root)?;

    root.sh("modpersist-takeover off; modpersist-takeover off")?;
    is_kmods(root, "given back")?;
    root.sh("modpersist-takeover on && dpkg --remove modpersist")?;
    is_kmods(root, "removed")?;
    root.sh("dpkg --install /tmp/modpersist.deb && modpersist-takeover on && dpkg --purge modpersist")?;
    is_kmods(root, "purged")?;
    same_files(root, &before, "purge")?;
    let diverted = root.sh("dpkg-divert --list '*' | grep modpersist || true")?;
    ensure!(diverted.is_empty(), "diversions stayed: {diverted}");
    Ok(())
}

/// Upgrades to a kmod package that has its commands in the other of /sbin and /usr/sbin, and back. What is
/// taken over stays so, and can be given back.
fn moved(root: &Root) -> Result<()> {
    let kmods = "dpkg-query --listfiles kmod | grep -E '/sbin/(ins|rm)mod$' | sort";
    let before = root.sh(kmods)?;
    for way in [1, 2] {
        root.sh("modpersist-takeover off")?;
        root.sh(&format!("MOVED={way}\n{NEWER_KMOD}"))?;
        root.sh("modpersist-takeover on; dpkg --install /tmp/kmod.deb")?;
        is_ours(root, "kmod's files moved")?;
        ensure!((root.sh(kmods)? == before) == (way == 2), "kmod's files are where they were");
        let status = root.sh("modpersist-takeover status")?;
        ensure!(status.matches(": modpersist").count() == 2, "kmod's files moved: {status}");
        root.sh("modpersist-takeover off")?;
        is_kmods(root, "kmod's files moved, given back")?;
        let left = root.sh(
            "dpkg-divert --list '*' | grep modpersist || true; find /usr/sbin /usr/share -name '*.kmod*'",
        )?;
        ensure!(left.is_empty(), "kmod's files moved, given back: {left}");
        root.sh("modpersist-takeover on")?;
    }
    Ok(())
}

/// Upgrades either package. What is taken over stays so.
fn upgrades(root: &Root) -> Result<()> {
    root.sh("dpkg --install /tmp/modpersist.deb")?;
    is_ours(root, "upgraded")?;
    let version = root.sh("dpkg-query --show --showformat='${Version}' modpersist")?;
    ensure!(version == VERSION, "upgraded to {version}");
    // The script below packs the installed files, so kmod's own must be in place.
    root.sh("modpersist-takeover off")?;
    root.sh(NEWER_KMOD)?;
    root.sh("cp /tmp/kmod.deb /tmp/newer.deb; modpersist-takeover on; dpkg --install /tmp/newer.deb")?;
    root.sh("grep -q newer /usr/share/modpersist-test/kmod")?;
    is_ours(root, "kmod upgraded")?;
    let kmods = root.sh("/usr/lib/modpersist/kmod/rmmod -V")?;
    ensure!(kmods.contains("kmod version"), "kmod's own is gone: {kmods}");
    moved(root)?;
    // Back to the first version, so that the listing can be compared at the end.
    root.sh("dpkg --install /tmp/older.deb")?;
    is_ours(root, "downgraded")?;
    root.sh("rm -rf /usr/share/modpersist-test")?;
    Ok(())
}
