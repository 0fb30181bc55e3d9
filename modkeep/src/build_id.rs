// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which build of a module is loaded.

use libmodfmt::elf::ByteOrder;
use libmodfmt::note;
use libmodsys::Kernel;

/// The note with the build id that each module of the kernel has.
const SECTION: &str = ".note.gnu.build-id";
/// Its name and type: `NT_GNU_BUILD_ID`.
const NOTE: (&[u8], u32) = (b"GNU", 3);

/// The build id of a loaded module; `None` if it has none, or if the kernel does not tell.
#[must_use]
pub fn loaded_build_id(kernel: &dyn Kernel, name: &str) -> Option<Vec<u8>> {
    let section = kernel.note(name, SECTION).ok()??;
    let mut notes = note::records(&section, ByteOrder::NATIVE).map_while(Result::ok);
    let build_id = notes.find(|note| (note.name, note.kind) == NOTE)?.description.to_vec();
    (!build_id.is_empty()).then_some(build_id)
}
