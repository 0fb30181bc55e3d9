// SPDX-License-Identifier: MIT OR Apache-2.0
//! Regions from copies of `/sys/module/KEEPER`: the header in `notes/.note.persist`, the addresses in
//! `sections/`.

use std::fs;
use std::path::{Path, PathBuf};

use libmodfmt::elf::ByteOrder;
use libmodfmt::image::Pending;
use libmodfmt::persist::{Header, NOTE_SECTION, NoteError};
use libmodsys::files;

use super::KnownRegion;
use super::region::with_growth;
use crate::Warning;

/// A larger note is not read.
const MAX_NOTE_BYTES: u64 = 64 << 20;
/// An address in text is shorter.
const MAX_ADDRESS_BYTES: u64 = 64;

/// Returns the regions in folders that are such a copy, or that contain copies.
#[must_use]
pub fn regions_of_copies(paths: &[PathBuf], warnings: &mut Vec<Warning>) -> Vec<KnownRegion> {
    let mut regions = Vec::new();
    for path in paths {
        let inner = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut folders: Vec<PathBuf> = std::iter::once(path.clone()).chain(inner).collect();
        folders.sort();
        for folder in folders {
            let file = folder.join("notes").join(NOTE_SECTION);
            let Ok(bytes) = files::read_regular(&file, MAX_NOTE_BYTES) else { continue };
            match header(&bytes) {
                Ok(header) => regions.push(region(&folder, header)),
                // The mark of a load that was under way holds no data.
                Err(_) if is_pending(&bytes) => {}
                Err(error) => warnings.push(Warning::Unreadable { file, error: error.to_string() }),
            }
        }
    }
    with_growth(regions)
}

/// The copy may be from a machine of either byte order.
fn header(bytes: &[u8]) -> Result<Header, NoteError> {
    Header::from_note(bytes, ByteOrder::Little)
        .or_else(|error| Header::from_note(bytes, ByteOrder::Big).map_err(|_| error))
}

fn is_pending(bytes: &[u8]) -> bool {
    [ByteOrder::Little, ByteOrder::Big].into_iter().any(|order| Pending::from_note(bytes, order).is_some())
}

fn region(folder: &Path, header: Header) -> KnownRegion {
    let address = |section: &str| {
        let file = folder.join("sections").join(section);
        let text = String::from_utf8(files::read_regular(&file, MAX_ADDRESS_BYTES).ok()?).ok()?;
        // A reader without permission to see addresses gets 0.
        u64::from_str_radix(text.trim().strip_prefix("0x")?, 16).ok().filter(|&address| address != 0)
    };
    KnownRegion {
        addresses: header.units.iter().map(|unit| address(&unit.section)).collect(),
        header,
        file: None,
        source: folder.display().to_string(),
        owner_loaded: None,
        discarded: false,
    }
}
