// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads the release of a kernel image from its boot header.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, anyhow};

/// Offsets of the boot protocol's magic number and of the pointer to the version text.
const MAGIC: std::ops::Range<usize> = 0x202..0x206;
const VERSION: std::ops::Range<usize> = 0x20e..0x210;

/// The version text is within the setup code, which is at most 64 sectors long; in bytes.
const SETUP_LIMIT: u64 = 64 * 512;

/// Reads the release of a bzImage.
pub fn release(image: &Path) -> Result<String> {
    let mut head = Vec::new();
    let file = File::open(image).with_context(|| format!("cannot open {}", image.display()))?;
    file.take(SETUP_LIMIT)
        .read_to_end(&mut head)
        .with_context(|| format!("cannot read {}", image.display()))?;
    parse(&head)
        .ok_or_else(|| anyhow!("{} has no x86 boot header: use a bzImage, not a vmlinux", image.display()))
}

fn parse(head: &[u8]) -> Option<String> {
    if head.get(MAGIC)? != b"HdrS" {
        return None;
    }
    let pointer: [u8; 2] = head.get(VERSION)?.try_into().ok()?;
    let start = usize::from(u16::from_le_bytes(pointer)) + 0x200;
    let text = head.get(start..)?.split(|byte| *byte == 0).next()?;
    // "6.1.0-1-amd64 (builder@host) #1 SMP ...": the release is the first word.
    Some(std::str::from_utf8(text).ok()?.split(' ').next()?.to_owned()).filter(|release| !release.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_release() {
        let mut head = vec![0; 0x400];
        head[MAGIC].copy_from_slice(b"HdrS");
        head[VERSION].copy_from_slice(&0x0100_u16.to_le_bytes());
        head[0x300..0x310].copy_from_slice(b"6.1.0-x (me) #1\0");
        assert_eq!(parse(&head).as_deref(), Some("6.1.0-x"));
    }

    #[test]
    fn other_files_have_no_release() {
        assert_eq!(parse(b"\x7fELF"), None);
        assert_eq!(parse(&[0; 0x400]), None);
    }
}
