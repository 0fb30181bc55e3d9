// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whose commands, pages and completions are installed: ours or kmod's.

use anyhow::{Result, bail, ensure};

use crate::dist::chroot::Root;

/// Fails unless insmod and rmmod are kmod's.
pub fn is_kmods(root: &Root, when: &str) -> Result<()> {
    let text = root.sh("readlink -f \"$(command -v insmod)\"; insmod -V; rmmod -V")?;
    ensure!(text.matches("kmod version").count() == 2, "{when}: insmod and rmmod are not kmod's: {text}");
    Ok(())
}

/// Fails unless insmod and rmmod are ours.
pub fn is_ours(root: &Root, when: &str) -> Result<()> {
    let text = root.sh("insmod -V; rmmod -V")?;
    ensure!(text.contains("insmod (modpersist)") && text.contains("rmmod (modpersist)"), "{when}: {text}");
    Ok(())
}

/// Fails unless these pages are ours and man shows them without a warning.
pub fn pages(root: &Root, pages: &[&str]) -> Result<()> {
    for page in pages {
        let (name, section) = page.split_once('.').unwrap_or((page, "8"));
        let text = root.sh(&format!("man --warnings --locale=C {section} {name} 2>&1"))?;
        ensure!(
            text.contains("modpersist") && text.contains("SEE ALSO") && !text.contains("warning:"),
            "{page}: {text}"
        );
    }
    Ok(())
}

/// Fails unless ksymoops reads an oops. Tests are built with features of libraries that other crates ask for,
/// the program is not.
pub fn decodes(root: &Root) -> Result<()> {
    const OOPS: &str =
        r"Oops: 0002\nEIP:    0010:[<c0144b14>]    Not tainted\nCode: 89 02 c7 41 30 00 00 00 00\n";
    let classic = root.sh(&format!("printf '{OOPS}' | ksymoops --format=ksymoops -VKLOM"))?;
    ensure!(classic.contains("Oops: 0002") && classic.contains(">>EIP; c0144b14"), "ksymoops: {classic}");
    let json = root.sh(&format!("printf '{OOPS}' | ksymoops --format=json -VKLOM"))?;
    ensure!(json.contains("\"address\":\"0xc0144b14\""), "ksymoops: {json}");
    Ok(())
}

/// Fails unless bash finds our completions.
pub fn completions(root: &Root) -> Result<()> {
    for tool in ["insmod", "rmmod", "modpersist", "ksymoops"] {
        let script = format!(". /usr/share/bash-completion/completions/{tool}; complete -p {tool}");
        let text = root.sh(&format!("bash -uc '{script}'"))?;
        ensure!(text.contains(&format!("-F _modpersist_{tool} {tool}")), "{tool}: {text}");
    }
    Ok(())
}

/// Fails unless the files are those of an earlier [`Root::listing`].
pub fn same_files(root: &Root, before: &str, step: &str) -> Result<()> {
    let after = root.listing()?;
    if before != after {
        let only = |of: &str, other: &str| -> Vec<String> {
            of.lines().filter(|line| !other.lines().any(|known| known == *line)).map(str::to_owned).collect()
        };
        bail!("{step} left {:?} and took {:?}", only(&after, before), only(before, &after));
    }
    Ok(())
}
