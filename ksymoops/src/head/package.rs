// SPDX-License-Identifier: MIT OR Apache-2.0
//! The package with a kernel's debug information.

/// The name of the package, by the kernel's release and what follows it in reports. `None` if it is no
/// distribution's that is known, or if the release is no name.
pub(super) fn of_kernel(release: &str, version: &str) -> Option<String> {
    // It comes from the log, and may be copied into a shell.
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || "._+~-".contains(letter);
    if release.is_empty() || release.starts_with('-') || !release.chars().all(is_name) {
        return None;
    }
    let has = |marks: &[&str]| marks.iter().any(|mark| release.contains(mark));
    if version.contains("Debian") {
        return Some(format!("linux-image-{release}-dbg"));
    }
    if version.contains("Ubuntu") {
        return Some(format!("linux-image-unsigned-{release}-dbgsym"));
    }
    if has(&[".fc", ".el7", ".el8", ".el9", ".el10", ".amzn", ".oe"]) {
        return Some(format!("kernel-debuginfo-{release}"));
    }
    let flavours = ["default", "azure", "rt", "64kb"];
    let is_suse = |flavour: &str| release.ends_with(&format!("-{flavour}"));
    flavours.into_iter().find(|flavour| is_suse(flavour)).map(|flavour| format!("kernel-{flavour}-debuginfo"))
}

#[cfg(test)]
mod tests {
    use super::of_kernel;

    #[test]
    fn of_distributions() {
        for (release, version, package) in [
            ("6.1.0-56-amd64", "#1  Debian 6.1.172-1", Some("linux-image-6.1.0-56-amd64-dbg")),
            ("6.8.0-31-generic", "#31-Ubuntu", Some("linux-image-unsigned-6.8.0-31-generic-dbgsym")),
            ("5.14.0-427.el9.x86_64", "#1", Some("kernel-debuginfo-5.14.0-427.el9.x86_64")),
            ("6.4.0-150600.23-default", "#1", Some("kernel-default-debuginfo")),
            ("6.12.0-rc1-syzkaller", "#0", None),
            ("6.1.0;reboot", "#1 Debian", None),
        ] {
            assert_eq!(of_kernel(release, version).as_deref(), package, "{release}");
        }
    }
}
