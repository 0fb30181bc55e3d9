// SPDX-License-Identifier: MIT OR Apache-2.0
//! Persistent data that a fake kernel keeps itself, as an extended kernel does.

use libmodfmt::file::ModuleFile;
use libmodfmt::persist::{
    Account, ExtendedBlock, ExtendedRegion, ExtendedUse, Header, Inventory, PersistentSection, Unit,
    UnitPlace, Wishes,
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
        }
        region.used = ExtendedUse::Used;
        if !new.is_empty() {
            let at = DATA_ADDRESS + (u64::from(account.generation) << 16);
            let of_unit = |(index, unit): (u64, &Unit)| {
                at + (index << 6) + if unit.mark() == PersistentSection::Bss { 0x1000 } else { 0 }
            };
            let addresses = (0..).zip(&new).map(of_unit).collect();
            region.blocks.push(ExtendedBlock::of(&file, new, account.generation, addresses));
        }
    }

    /// After a module was removed.
    pub(super) fn leave_region(&self, name: &str) {
        let mut regions = self.regions.borrow_mut();
        let own = regions.iter_mut().filter(|region| region.owner == name);
        own.for_each(|region| region.used = ExtendedUse::Unused);
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
