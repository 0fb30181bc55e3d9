// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a file says of itself: build id, release, and its separate debug file.

use super::{Image, ImageError};
use crate::BuildId;
use gimli::RunTimeEndian;
use libmodfmt::elf::ByteOrder;
use libmodfmt::note;
use object::elf;

/// `.gnu_debuglink`: name and checksum of the debug file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Debuglink {
    pub(crate) name: String,
    pub(crate) crc: u32,
}

const NOTES: u64 = 64 << 10;

impl Image {
    /// The build id.
    pub(crate) fn build_id(&self) -> Result<Option<BuildId>, ImageError> {
        let order = match self.ident.endian {
            RunTimeEndian::Little => ByteOrder::Little,
            RunTimeEndian::Big => ByteOrder::Big,
        };
        for (index, section) in self.sections.iter().enumerate() {
            if section.kind != elf::SHT_NOTE.0 {
                continue;
            }
            let bytes = self.read_raw(index, 0, NOTES)?;
            let id = note::records(&bytes, order).map_while(Result::ok).find(|record| {
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

    /// The release that a module was built for, where the file still has `.modinfo`.
    pub(crate) fn module_release(&self) -> Result<Option<String>, ImageError> {
        let Some(index) = self.find(".modinfo") else { return Ok(None) };
        let bytes = self.read_raw(index, 0, 1 << 20)?;
        let magic = bytes.split(|&byte| byte == 0).find_map(|field| field.strip_prefix(b"vermagic="));
        Ok(magic.map(first_word))
    }

    /// What follows `Linux version ` in the banner of a kernel's file, where the file has its content.
    pub(crate) fn kernel_banner(&self, banner: u64) -> Result<Option<String>, ImageError> {
        let bytes = self.at(banner, 512)?;
        let line = |rest: &[u8]| {
            let line = rest.split(|&byte| byte == b'\n' || byte == 0).next().unwrap_or_default();
            String::from_utf8_lossy(line).into_owned()
        };
        Ok(bytes.strip_prefix(b"Linux version ").map(line))
    }

    /// Bytes at an address, at most `size`, as the file has them.
    pub(crate) fn at(&self, address: u64, size: u64) -> Result<Vec<u8>, ImageError> {
        let section = self.sections.iter().position(|section| section.holds(address));
        let Some((index, section)) = section.and_then(|index| Some((index, self.sections.get(index)?)))
        else {
            return Ok(Vec::new());
        };
        self.read_raw(index, address.wrapping_sub(section.address), size)
    }

    /// Where the debug information is, if it is not here.
    pub(crate) fn debuglink(&self) -> Result<Option<Debuglink>, ImageError> {
        let Some(index) = self.find(".gnu_debuglink") else { return Ok(None) };
        let bytes = self.read_raw(index, 0, 4096)?;
        let Some(end) = memchr::memchr(0, &bytes) else { return Ok(None) };
        let name = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
        let crc = end.checked_add(1).and_then(|end| end.checked_next_multiple_of(4));
        let crc = crc.and_then(|at| bytes.get(at..)).and_then(|bytes| bytes.first_chunk::<4>());
        let crc = crc.map(|bytes| match self.ident.endian {
            RunTimeEndian::Little => u32::from_le_bytes(*bytes),
            RunTimeEndian::Big => u32::from_be_bytes(*bytes),
        });
        Ok(crc.filter(|_| !name.is_empty() && !name.contains('/')).map(|crc| Debuglink { name, crc }))
    }

    /// Checksum of the whole file, as `.gnu_debuglink` has it.
    pub(crate) fn crc(&self) -> Result<u32, ImageError> {
        let mut sum = flate2::Crc::new();
        let (mut at, size) = (0, self.store.size());
        while at < size {
            let part = (size - at).min(1 << 20);
            let bytes = self.store.read(at, part).ok_or(ImageError::Header { field: "size", value: size })?;
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
