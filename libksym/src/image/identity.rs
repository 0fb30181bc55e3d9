// SPDX-License-Identifier: MIT OR Apache-2.0
//! What identifies a file: build id, release, banner, and the link to its separate debug file.

use libmodfmt::note;
use object::elf;

use super::error::ImageError;
use super::relocated::Image;
use crate::build_id::BuildId;

/// `.gnu_debuglink`: name and checksum of the debug file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Debuglink {
    pub(crate) name: String,
    pub(crate) crc: u32,
}

/// The rest of a larger section of notes is not read.
const MAX_NOTES_BYTES: u64 = 64 << 10;
/// The rest of a larger `.modinfo` is not read.
const MAX_MODINFO_BYTES: u64 = 1 << 20;
/// A larger debug file is not read for its checksum: a file with a hole costs nothing to make.
const MAX_CRC_BYTES: u64 = 2 << 30;
/// Longer than a banner.
const MAX_BANNER_BYTES: u64 = 512;
/// More than a file name and its checksum have.
const MAX_DEBUGLINK_BYTES: u64 = 4096;

impl Image {
    /// The build id.
    pub(crate) fn build_id(&self) -> Result<Option<BuildId>, ImageError> {
        for (index, section) in self.sections().iter().enumerate() {
            if section.kind != elf::SHT_NOTE {
                continue;
            }
            let bytes = self.read_raw(index, 0, MAX_NOTES_BYTES)?;
            let id = note::records(&bytes, self.byte_order()).map_while(Result::ok).find(|record| {
                record.name == b"GNU"
                    && record.kind == elf::NT_GNU_BUILD_ID.0
                    && !record.description.is_empty()
            });
            if let Some(id) = id {
                return Ok(Some(BuildId::new(id.description)));
            }
        }
        Ok(None)
    }

    /// The release that a module was built for: the first word of its vermagic.
    pub(crate) fn module_release(&self) -> Result<Option<String>, ImageError> {
        let Some(index) = self.find(".modinfo") else { return Ok(None) };
        let bytes = self.read_raw(index, 0, MAX_MODINFO_BYTES)?;
        let magic = bytes.split(|&byte| byte == 0).find_map(|field| field.strip_prefix(b"vermagic="));
        Ok(magic.map(first_word))
    }

    /// What follows `Linux version ` in a kernel's banner, unless the file lacks the section's content.
    /// `banner` is the address of `linux_banner`.
    pub(crate) fn kernel_banner(&self, banner: u64) -> Result<Option<String>, ImageError> {
        let bytes = self.bytes_at(banner, MAX_BANNER_BYTES)?;
        let line = |rest: &[u8]| {
            let line = rest.split(|&byte| byte == b'\n' || byte == 0).next().unwrap_or_default();
            String::from_utf8_lossy(line).into_owned()
        };
        Ok(bytes.strip_prefix(b"Linux version ").map(line))
    }

    /// At most `size` bytes at an address, not relocated.
    fn bytes_at(&self, address: u64, size: u64) -> Result<Vec<u8>, ImageError> {
        let section = self.sections().iter().position(|section| section.contains(address));
        let Some((index, section)) = section.and_then(|index| Some((index, self.sections().get(index)?)))
        else {
            return Ok(Vec::new());
        };
        self.read_raw(index, address.wrapping_sub(section.address), size)
    }

    /// The name of the separate debug file, if the file has one.
    pub(crate) fn debuglink(&self) -> Result<Option<Debuglink>, ImageError> {
        let Some(index) = self.find(".gnu_debuglink") else { return Ok(None) };
        let bytes = self.read_raw(index, 0, MAX_DEBUGLINK_BYTES)?;
        let Some(end) = memchr::memchr(0, &bytes) else { return Ok(None) };
        let name = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
        let crc = end.checked_add(1).and_then(|end| end.checked_next_multiple_of(4));
        let crc = crc.and_then(|at| bytes.get(at..)).and_then(|bytes| bytes.first_chunk::<4>());
        let crc = crc.map(|bytes| self.byte_order().u32(*bytes));
        Ok(crc.filter(|_| is_file_name(&name)).map(|crc| Debuglink { name, crc }))
    }

    /// CRC-32 of the whole file, as in `.gnu_debuglink`.
    pub(crate) fn crc(&self) -> Result<u32, ImageError> {
        let mut sum = flate2::Crc::new();
        let (mut at, size) = (0, self.file.bytes.size());
        if size > MAX_CRC_BYTES {
            return Err(ImageError::Open { source: std::io::ErrorKind::FileTooLarge.into() });
        }
        while at < size {
            let part = (size - at).min(1 << 20);
            let bytes =
                self.file.bytes.read(at, part).ok_or(ImageError::Header { field: "size", value: size })?;
            sum.update(&bytes);
            at += part;
        }
        Ok(sum.sum())
    }
}

fn first_word(text: &[u8]) -> String {
    let word = text.split(|byte| byte.is_ascii_whitespace() || *byte == 0).next();
    String::from_utf8_lossy(word.unwrap_or_default()).into_owned()
}

/// Whether a name leads to no other directory. binutils writes no other.
fn is_file_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains('/')
}
