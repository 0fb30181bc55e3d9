// SPDX-License-Identifier: MIT OR Apache-2.0
//! The bytes of a file: on disk, or in memory if they were compressed.

use super::ImageError;
use libmodfmt::compress;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Largest module, decompressed. The largest with debug information known today has 340 MB.
const LIMIT: u64 = 2 << 30;

#[derive(Debug)]
pub(super) enum Store {
    File { file: File, size: u64 },
    Memory(Vec<u8>),
}

impl Store {
    pub(super) fn open(path: &Path) -> Result<Self, ImageError> {
        let open = |source| ImageError::Open { source };
        let mut file = File::open(path).map_err(open)?;
        let data = file.metadata().map_err(open)?;
        if !data.is_file() {
            return Err(open(std::io::Error::other("not a regular file")));
        }
        let size = data.len();
        let mut magic = [0; 6];
        let known = file.read_at(&mut magic, 0).map_err(open)?;
        if compress::detect(magic.get(..known).unwrap_or_default()).is_none() {
            return Ok(Self::File { file, size });
        }
        let mut packed = Vec::new();
        file.by_ref().take(LIMIT).read_to_end(&mut packed).map_err(open)?;
        compress::decompress(&packed, LIMIT)
            .map(Self::Memory)
            .map_err(|source| ImageError::Compressed { source })
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            Self::File { size, .. } => *size,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// `None` if the range is not within the file. Asks for no more memory than the file has bytes.
    pub(super) fn read(&self, offset: u64, size: u64) -> Option<Vec<u8>> {
        let end = offset.checked_add(size).filter(|&end| end <= self.size())?;
        match self {
            Self::File { file, .. } => {
                let mut bytes = vec![0; usize::try_from(size).ok()?];
                file.read_exact_at(&mut bytes, offset).ok()?;
                Some(bytes)
            }
            Self::Memory(bytes) => {
                Some(bytes.get(usize::try_from(offset).ok()?..usize::try_from(end).ok()?)?.to_vec())
            }
        }
    }
}
