// SPDX-License-Identifier: MIT OR Apache-2.0
//! What every module without code needs: made from the owner's file, under another name.

use super::{ImageError, KEEPERS_KEY};
use crate::arch::Arch;
use crate::elf::{Object, Section, SectionKind, flags};
use crate::module::{MODINFO, Module, ModuleError, THIS_MODULE, name_position};

/// Keys of `.modinfo` that describe the owner's code, parameters or place in the tree. `staging`,
/// `test` and `livepatch` would taint the kernel a second time, in the keeper's name.
const DROPPED_KEYS: [&str; 15] = [
    "alias",
    "parm",
    "parmtype",
    "depends",
    "softdep",
    "weakdep",
    "srcversion",
    "firmware",
    "staging",
    "test",
    "livepatch",
    "name",
    "version",
    "persistent_renamed",
    KEEPERS_KEY,
];

/// The version tables. They are copied whole: a keeper imports a subset of what the owner does, and base
/// symbols of other keepers.
pub(super) const VERSION_SECTIONS: [&str; 3] = ["__versions", "__version_ext_crcs", "__version_ext_names"];

/// The owner's file, as the source of a module without code.
pub(super) struct Skeleton<'a, 'd> {
    pub(super) module: &'a Module<'d>,
    pub(super) arch: &'static Arch,
    pub(super) name: String,
}

impl<'d> Skeleton<'_, 'd> {
    /// `.modinfo` with the new name.
    pub(super) fn modinfo(&self) -> Result<Section<'d>, ImageError> {
        let modinfo = self.module.modinfo()?.without(&DROPPED_KEYS).with("name", &self.name)?.encode();
        Ok(Section::with_data(MODINFO, SectionKind::PROGBITS, flags::ALLOC, 1, modinfo))
    }

    /// Adds the version tables and what the processor demands.
    pub(super) fn add_required_sections<'i>(&self, image: &mut Object<'i>)
    where
        'd: 'i,
    {
        for name in VERSION_SECTIONS.iter().chain(self.arch.mandatory_sections) {
            if let Some((_, section)) = self.module.object.section(name) {
                image.sections.push(Section { link: 0, info: 0, ..section.clone() });
            }
        }
    }

    /// The owner's `struct module` with the new name, and neither init nor exit: those are relocations, which
    /// are left out. Its size and everything else that the build put there stay.
    pub(super) fn this_module(&self) -> Result<Section<'d>, ImageError> {
        let owner = &self.module.object;
        let missing = ModuleError::Missing { section: THIS_MODULE };
        let (_, section) = owner.section(THIS_MODULE).ok_or(missing)?;
        let mut data = section.data.to_vec();
        let old = &self.module.name;
        let name_error = || ModuleError::Name { wanted: Some(old.clone()), size: section.size };
        let start = name_position(&data, old, owner.ident.class).ok_or_else(name_error)?;
        // The array has MODULE_NAME_LEN bytes; names are bounded to fit it on every class.
        let longest = self.name.len().max(old.len());
        let place =
            start.checked_add(longest).and_then(|end| data.get_mut(start..end)).ok_or_else(name_error)?;
        place.fill(0);
        for (to, from) in place.iter_mut().zip(self.name.bytes()) {
            *to = from;
        }
        Ok(Section { data: data.into(), link: 0, info: 0, ..section.clone() })
    }
}
