// SPDX-License-Identifier: MIT OR Apache-2.0
//! Persistent data that a fake kernel keeps itself, as an extended kernel does.

use libmodfmt::file::ModuleFile;
use libmodfmt::persist::{
    Agreement, ExtendedRegion, ExtendedUse, Inventory, PersistentSection, Unit, compare,
};
use libmodsys::Errno;

use super::{Call, FakeKernel, Op};
use libmodsys::{LoadFlags, PersistSupport};

/// Address of the section `.data..persistent` of every region.
const DATA_ADDRESS: u64 = 0xffff_ffff_c800_0000;

impl FakeKernel {
    /// Whether the kernel itself keeps data of this owner.
    #[must_use]
    pub fn keeps(&self, owner: &str) -> bool {
        self.regions.borrow().iter().any(|region| region.header.owner == owner)
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

    /// A different layout is refused.
    pub(super) fn check_region(&self, name: &str, image: &[u8], flags: LoadFlags) -> Result<(), Errno> {
        if !flags.contains(LoadFlags::PERSIST) || flags.contains(LoadFlags::PERSIST_FRESH) {
            return Ok(());
        }
        let regions = self.regions.borrow();
        let kept = regions.iter().find(|region| region.header.owner == name);
        let (Some(kept), Some(file)) = (kept, described(name, image)) else { return Ok(()) };
        match compare(&kept.header, &file.header) {
            Agreement::Differs(_) => Err(Errno::EINVAL),
            Agreement::Layout { .. } | Agreement::Build => Ok(()),
        }
    }

    /// After a load: binds to the region, or makes one.
    pub(super) fn use_region(&self, name: &str, image: &[u8], flags: LoadFlags) {
        let Some(file) = described(name, image).filter(|_| flags.contains(LoadFlags::PERSIST)) else {
            return;
        };
        let mut regions = self.regions.borrow_mut();
        if flags.contains(LoadFlags::PERSIST_FRESH) {
            regions.retain(|region| region.header.owner != name);
        }
        match regions.iter_mut().find(|region| region.header.owner == name) {
            Some(region) => region.used = ExtendedUse::Used,
            None => regions.insert(0, file),
        }
    }

    /// After a module was removed.
    pub(super) fn leave_region(&self, name: &str) {
        let mut regions = self.regions.borrow_mut();
        let own = regions.iter_mut().filter(|region| region.header.owner == name);
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
        match regions.iter().position(|region| region.header.owner == owner) {
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

/// The region that a kernel would make of an image; `None` for one without persistent data.
fn described(name: &str, image: &[u8]) -> Option<ExtendedRegion> {
    let file = ModuleFile::new(image, 0);
    let module = file.module().ok()?;
    let inventory = Inventory::of(&module.object, name, module.build_id.as_deref(), &[]).ok()??;
    let of_unit = |unit: &Unit| DATA_ADDRESS + if unit.mark() == PersistentSection::Bss { 0x1000 } else { 0 };
    let addresses = inventory.header.units.iter().map(of_unit).collect();
    Some(ExtendedRegion::of(&inventory, addresses))
}
