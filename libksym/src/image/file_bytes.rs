// SPDX-License-Identifier: MIT OR Apache-2.0
//! The bytes of a file: on disk, or in memory if they were compressed.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;

use libmodfmt::compress;

use super::error::ImageError;
use crate::files::open_regular;

/// A larger module, decompressed, is an error, and so is one that is too large for its compressed size
/// ([`compress::plausible_size`]). The largest that is known has 340 MB with its debug information.
const MAX_DECOMPRESSED_BYTES: u64 = 2 << 30;

/// A larger file is an error: a file with holes costs nothing to make. A kernel with its debug information
/// has 1 GB at most.
const MAX_FILE_BYTES: u64 = 8 << 30;
/// No more is read at once, for the same reason. No section that is read has as much.
const MAX_READ_BYTES: u64 = 1 << 30;

/// The bytes of a file.
#[derive(Debug)]
pub(super) enum FileBytes {
    OnDisk { file: File, size: u64 },
    InMemory(Vec<u8>),
}

impl FileBytes {
    pub(super) fn open(path: &Path) -> Result<Self, ImageError> {
        let open = |source| ImageError::Open { source };
        let mut file = open_regular(path).map_err(open)?;
        let size = file.metadata().map_err(open)?.len();
        if size > MAX_FILE_BYTES {
            return Err(open(std::io::ErrorKind::FileTooLarge.into()));
        }
        let mut magic = [0; 6];
        let known = file.read_at(&mut magic, 0).map_err(open)?;
        if compress::detect(magic.get(..known).unwrap_or_default()).is_none() {
            return Ok(Self::OnDisk { file, size });
        }
        let mut packed = Vec::new();
        file.by_ref().take(MAX_DECOMPRESSED_BYTES).read_to_end(&mut packed).map_err(open)?;
        let limit = MAX_DECOMPRESSED_BYTES.min(compress::plausible_size(packed.len() as u64));
        compress::decompress(&packed, limit)
            .map(Self::InMemory)
            .map_err(|source| ImageError::Compressed { source })
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            Self::OnDisk { size, .. } => *size,
            Self::InMemory(bytes) => bytes.len() as u64,
        }
    }

    /// Reads a range; `None` if it is not within the file, or larger than anything that is read. Allocates no
    /// more than the file has bytes.
    pub(super) fn read(&self, offset: u64, size: u64) -> Option<Vec<u8>> {
        let end = offset.checked_add(size).filter(|&end| end <= self.size() && size <= MAX_READ_BYTES)?;
        match self {
            Self::OnDisk { file, .. } => {
                let wanted = usize::try_from(size).ok()?;
                // A large allocation of zeros costs nothing: the kernel gives such pages. With room for one
                // more byte, see `DebugSections::parse_at`.
                let mut bytes = vec![0; wanted.checked_add(1)?];
                bytes.truncate(wanted);
                file.read_exact_at(&mut bytes, offset).ok()?;
                Some(bytes)
            }
            Self::InMemory(bytes) => {
                Some(bytes.get(usize::try_from(offset).ok()?..usize::try_from(end).ok()?)?.to_vec())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vmlinux");
        let file = File::create(&path).unwrap();
        file.set_len(1 << 40).unwrap();
        assert!(FileBytes::open(&path).is_err());
        file.set_len(4 << 30).unwrap();
        let bytes = FileBytes::open(&path).unwrap();
        assert!(bytes.read(0, 4 << 30).is_none());
        assert_eq!(bytes.read(1 << 30, 4), Some(vec![0; 4]));
    }
}
