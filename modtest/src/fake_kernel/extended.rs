// SPDX-License-Identifier: MIT OR Apache-2.0
//! Persistent data that a fake kernel keeps itself, as an extended kernel does.

use libmodfmt::elf::ByteOrder;
use libmodfmt::file::ModuleFile;
use libmodfmt::note;
use libmodfmt::persist::{
    Account, BlockNote, ExtendedBlock, ExtendedRegion, ExtendedUse, Header, Inventory, MAX_BLOCK_NOTE_BYTES,
    PersistentSection, Unit, UnitPlace, Wishes,
};
use libmodsys::Errno;

use super::{Call, FakeKernel, Op};
use libmodsys::{LoadFlags, PersistSupport};

/// Address of the section `.data..persistent` of every first block.
const DATA_ADDRESS: u64 = 0xffff_ffff_c800_0000;

impl FakeKernel {
    /// Whether the kernel itself keeps data of this owner.
    #[must_use]
    pub fn keeps(&self, owner: &str) -> bool {
        self.regions.borrow().iter().any(|region| region.owner == owner)
    }

    fn is_extended(&self) -> bool {
        self.settings.borrow().persist_support == PersistSupport::Extended
    }

    /// Flags are checked before anything else.
    pub(super) fn check_flags(&self, flags: LoadFlags) -> Result<(), Errno> {
        let wanted = flags.contains(LoadFlags::PERSIST) || flags.contains(LoadFlags::PERSIST_FRESH);
        let fresh_alone = flags.contains(LoadFlags::PERSIST_FRESH) && !flags.contains(LoadFlags::PERSIST);
        if fresh_alone || (wanted && !self.is_extended()) { Err(Errno::EINVAL) } else { Ok(()) }
    }

    /// A variable that differs is refused.
    pub(super) fn check_region(&self, name: &str, image: &[u8], flags: LoadFlags) -> Result<(), Errno> {
        if !flags.contains(LoadFlags::PERSIST) || flags.contains(LoadFlags::PERSIST_FRESH) {
            return Ok(());
        }
        let regions = self.regions.borrow();
        let kept = regions.iter().find(|region| region.owner == name);
        let (Some(kept), Some(file)) = (kept, described(name, image)) else { return Ok(()) };
        if account(kept, &file).is_allowed() { Ok(()) } else { Err(Errno::EINVAL) }
    }

    /// After a load: binds to the region, adds to it, or makes one.
    pub(super) fn use_region(&self, name: &str, image: &[u8], flags: LoadFlags) {
        let Some(file) = described(name, image).filter(|_| flags.contains(LoadFlags::PERSIST)) else {
            return;
        };
        self.show_build_id(name, &file.header.build_id);
        let mut regions = self.regions.borrow_mut();
        if flags.contains(LoadFlags::PERSIST_FRESH) {
            regions.retain(|region| region.owner != name);
        }
        if !regions.iter().any(|region| region.owner == name) {
            regions.insert(0, ExtendedRegion::new(name));
        }
        let Some(region) = regions.iter_mut().find(|region| region.owner == name) else { return };
        let account = account(region, &file);
        let new = account.units.iter().zip(&file.header.units);
        let new: Vec<Unit> = new
            .filter(|(place, _)| matches!(place, UnitPlace::New { .. }))
            .map(|(_, unit)| unit.clone())
            .collect();
        for block in &mut region.blocks {
            for (ordinal, used) in (0..).zip(&mut block.used) {
                let generation = block.header.generation;
                *used = account.units.iter().any(|place| {
                    matches!(place, UnitPlace::Kept { generation: number, ordinal: unit, .. }
                        if (*number, *unit) == (generation, ordinal))
                });
            }
            let adopted = block.header.build_id.get(..file.header.build_id.len());
            let same_build = !file.header.build_id.is_empty() && adopted == Some(&file.header.build_id);
            if !same_build && block.used.contains(&true) {
                self.age(block);
            }
        }
        region.used = ExtendedUse::Used;
        if !new.is_empty() {
            let at = DATA_ADDRESS + (u64::from(account.generation) << 16);
            let of_unit = |(index, unit): (u64, &Unit)| {
                at + (index << 6) + if unit.mark() == PersistentSection::Bss { 0x1000 } else { 0 }
            };
            let addresses = (0..).zip(&new).map(of_unit).collect();
            let mut block = ExtendedBlock::of(&file, new, account.generation, addresses);
            block.serial = self.next_serial();
            region.blocks.push(block);
        }
    }

    /// After a module was removed.
    pub(super) fn leave_region(&self, name: &str) {
        let mut regions = self.regions.borrow_mut();
        let own = regions.iter_mut().filter(|region| region.owner == name);
        own.for_each(|region| region.used = ExtendedUse::Unused);
    }

    /// The kernel shows the build id of each module that has one.
    fn show_build_id(&self, name: &str, build_id: &[u8]) {
        if !build_id.is_empty() {
            let note = note::encode(b"GNU", 3, build_id, ByteOrder::NATIVE);
            self.change(name, |module| {
                module.notes.insert(".note.gnu.build-id".to_owned(), note);
            });
        }
    }

    fn next_serial(&self) -> u64 {
        self.last_serial.set(self.last_serial.get().saturating_add(1));
        self.last_serial.get()
    }

    /// Another build has used a block.
    fn age(&self, block: &mut ExtendedBlock) {
        let before = std::mem::replace(&mut block.serial, self.next_serial());
        let mut notes = self.block_notes.borrow_mut();
        if let Some(note) = notes.remove(&before) {
            notes.insert(block.serial, note);
            block.note = BlockNote::Old;
        }
    }

    pub(super) fn note_of_block(&self, serial: u64) -> Option<Vec<u8>> {
        self.block_notes.borrow().get(&serial).cloned()
    }

    pub(super) fn note_block(&self, serial: u64, note: &[u8]) -> Result<(), Errno> {
        self.record(Call::SetNote { serial, note: note.to_vec() });
        self.scripted(Op::SetPersistNote)?;
        if note.len() > MAX_BLOCK_NOTE_BYTES {
            return Err(Errno::EFBIG);
        }
        let mut regions = self.regions.borrow_mut();
        let mut blocks = regions.iter_mut().flat_map(|region| &mut region.blocks);
        let block = blocks.find(|block| block.serial == serial).ok_or(Errno::ENOENT)?;
        block.note = BlockNote::Noted;
        self.block_notes.borrow_mut().insert(serial, note.to_vec());
        Ok(())
    }

    pub(super) fn list_text(&self) -> Option<Vec<u8>> {
        let text: String = self.regions.borrow().iter().map(ToString::to_string).collect();
        self.is_extended().then(|| text.into_bytes())
    }

    pub(super) fn release_region(&self, owner: &str) -> Result<(), Errno> {
        self.record(Call::Release { owner: owner.to_owned() });
        self.scripted(Op::PersistRelease)?;
        let mut regions = self.regions.borrow_mut();
        match regions.iter().position(|region| region.owner == owner) {
            None => Err(Errno::ENOENT),
            Some(index) if regions.get(index).is_some_and(|region| region.used != ExtendedUse::Unused) => {
                Err(Errno::EBUSY)
            }
            Some(index) => {
                regions.remove(index);
                Ok(())
            }
        }
    }
}

/// What becomes of each variable of a file.
fn account(kept: &ExtendedRegion, file: &Inventory) -> Account {
    let mut kept = kept.clone();
    kept.adopt(&file.header);
    let headers: Vec<&Header> = kept.blocks.iter().map(|block| &block.header).collect();
    Account::of(&headers, &file.header, &Wishes::default())
}

/// The persistent data of an image; `None` for one without.
fn described(name: &str, image: &[u8]) -> Option<Inventory> {
    let file = ModuleFile::new(image, 0);
    let module = file.module().ok()?;
    Inventory::of(&module.object, name, module.build_id.as_deref(), &[]).ok()?
}
