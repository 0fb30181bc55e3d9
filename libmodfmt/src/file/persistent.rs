// SPDX-License-Identifier: MIT OR Apache-2.0
//! The persistent data of one module: what there is, whether it can be kept, and the images that keep it.

use std::borrow::Cow;

use crate::arch::{Arch, relocations_of};
use crate::elf::{RelocationTables, SectionKind};
use crate::export::ExportLayout;
use crate::image::{self, Bindings, ImageError, KeeperOptions};
use crate::module::Module;
use crate::old_slots;
use crate::persist::{
    Account, Header, InitialValue, Inventory, KeptMemory, KernelBtfReader, NOTE_SECTION, PersistError,
    PersistentDebugInfo, PersistentSection, Refusals, Restored, SavedValues, Unit, Values, Variable, Wishes,
    embedded_types, is_keeper_name, keeper_of_generation,
};
use crate::types::Types;

/// A module with persistent data, and the list of that data.
#[derive(Debug, Clone)]
pub struct Persistent<'m> {
    module: &'m Module<'m>,
    inventory: Cow<'m, Inventory>,
}

impl Module<'_> {
    /// The header in this file, if it is a keeper: its name is the one that its header demands.
    #[must_use]
    pub fn keeper_header(&self) -> Option<Header> {
        if !is_keeper_name(&self.name) {
            return None;
        }
        let (_, section) = self.object.section(NOTE_SECTION)?;
        let header = Header::from_note(&section.data, self.object.ident.order).ok()?;
        (keeper_of_generation(&header.owner, header.generation) == self.name).then_some(header)
    }

    /// The persistent data of this module; `None` if it has none. The debug information is read for
    /// it on every call; [`ModuleFile::persistent`](super::ModuleFile::persistent) reads it once.
    ///
    /// # Errors
    /// See [`Inventory::of`].
    pub fn persistent(&self) -> Result<Option<Persistent<'_>>, PersistError> {
        let inventory = inventory(self, None)?;
        Ok(inventory.map(|inventory| Persistent { module: self, inventory: Cow::Owned(inventory) }))
    }
}

/// Lists the persistent data of a module with all that its debug information tells.
pub(super) fn inventory(
    module: &Module<'_>,
    kernel: Option<KernelBtfReader<'_>>,
) -> Result<Option<Inventory>, PersistError> {
    // What a keeper has is its owner's.
    if module.keeper_header().is_some() {
        return Ok(None);
    }
    let has_persistent_data =
        module.object.sections.iter().any(|section| PersistentSection::from_name(&section.name).is_some());
    if !has_persistent_data {
        return Ok(None);
    }
    let PersistentDebugInfo { mut variables, mut types, types_left_out, defined_tags } =
        PersistentDebugInfo::read(&module.object, kernel);
    // A note that cannot be read is like one that is not there: types are not compared then, and it is said.
    if types.is_empty()
        && let Ok(Some(embedded)) = embedded_types(&module.object)
    {
        (variables, types) = embedded;
    }
    let inventory = Inventory::of(&module.object, &module.name, module.build_id.as_deref(), &variables)?;
    Ok(inventory.map(|mut inventory| {
        inventory.types_left_out = types_left_out.filter(|_| types.is_empty());
        inventory.defined_tags = defined_tags;
        inventory.header.types = types;
        inventory
    }))
}

impl<'m> Persistent<'m> {
    pub(super) fn new(module: &'m Module<'m>, inventory: &'m Inventory) -> Self {
        Self { module, inventory: Cow::Borrowed(inventory) }
    }

    /// The module.
    #[must_use]
    pub fn module(&self) -> &'m Module<'m> {
        self.module
    }

    /// The list of sections and variables.
    #[must_use]
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// The list of sections and variables by itself.
    #[must_use]
    pub fn into_inventory(self) -> Inventory {
        self.inventory.into_owned()
    }

    /// What identifies the data once it is kept.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.inventory.header
    }

    /// Every variable with its unit, by unit and offset.
    pub fn variables(&self) -> impl Iterator<Item = (&Unit, &Variable)> {
        self.header().variables()
    }

    /// Why the data must not be kept, and what it imports: everything that the file alone can tell.
    ///
    /// # Errors
    /// [`ImageError::Machine`] if the processor is not supported, otherwise the file is broken.
    pub fn refusals(&self) -> Result<Refusals, ImageError> {
        let arch = Arch::of(self.module.object.ident)?;
        Ok(Refusals::of(&self.module.object, &self.inventory, arch)?)
    }

    /// What becomes of each variable if `kept` is kept already. With `memory` variables whose types changed
    /// stay where they are, or are converted, as far as that loses nothing.
    ///
    /// # Errors
    /// A use of `persistent_old()` is broken, or relocations of a unit are.
    pub fn account(
        &self,
        kept: &[&Header],
        wishes: &Wishes,
        memory: &dyn KeptMemory,
    ) -> Result<Account, ImageError> {
        let values = self.values(memory)?;
        Ok(Account::with_values(kept, self.header(), wishes, Some(&values)))
    }

    /// What becomes of values that were saved before, if nothing is kept. `types` are those of the header,
    /// complete with what only the kernel has.
    ///
    /// # Errors
    /// As [`Persistent::account`].
    pub fn restored(
        &self,
        saved: &SavedValues,
        wishes: &Wishes,
        types: &dyn Types,
    ) -> Result<Restored, ImageError> {
        let mut values = self.values(saved)?;
        values.by_hand.clear();
        Ok(Restored::of(saved, self.header(), types, wishes, &values))
    }

    fn values<'a>(&'a self, memory: &'a dyn KeptMemory) -> Result<Values<'a>, ImageError> {
        let object = &self.module.object;
        let tables = RelocationTables::of(object);
        let initial = self.inventory.indexes.iter().map(|index| -> Result<InitialValue<'_>, ImageError> {
            let Some(section) = object.sections.get(*index) else { return Ok(InitialValue::default()) };
            let bytes = if section.kind == SectionKind::NOBITS { &[] } else { &*section.data };
            let relocations = relocations_of(object, &tables, *index)?;
            let mut relocated: Vec<u64> = relocations.iter().map(|relocation| relocation.offset).collect();
            relocated.sort_unstable();
            Ok(InitialValue { bytes, relocated })
        });
        let slots = old_slots::of(object)?;
        let by_hand = slots.iter().filter_map(|slot| {
            let (section, offset) = slot.variable;
            Some((self.inventory.unit_of(section)?, offset))
        });
        Ok(Values {
            order: object.ident.order,
            class: object.ident.class,
            initial: initial.collect::<Result<_, _>>()?,
            by_hand: by_hand.collect(),
            memory,
        })
    }

    /// The keeper image for a kernel with export tables of this `layout`: it holds what is new by these
    /// bindings. It does not ask for [`Persistent::refusals`].
    ///
    /// # Errors
    /// See [`image::keeper`].
    pub fn keeper(&self, layout: &ExportLayout, bindings: &Bindings) -> Result<Vec<u8>, ImageError> {
        image::keeper(self.module, &self.inventory, KeeperOptions { layout, bindings })
    }

    /// The owner image, bound to the base symbols of its keepers. If nothing was kept before, these are
    /// [`Bindings::first`].
    ///
    /// # Errors
    /// See [`image::owner`].
    pub fn owner(&self, bindings: &Bindings) -> Result<Vec<u8>, ImageError> {
        image::owner(self.module, &self.inventory, bindings)
    }

    /// The module that holds the keeper with this header against `modprobe -r`.
    ///
    /// # Errors
    /// See [`image::hold`].
    pub fn hold(&self, kept: &Header) -> Result<Vec<u8>, ImageError> {
        image::hold(self.module, kept)
    }

    /// The module that marks these generations as not in force.
    ///
    /// # Errors
    /// See [`image::pending`].
    pub fn pending(&self, generations: &[u32]) -> Result<Vec<u8>, ImageError> {
        image::pending(self.module, generations)
    }
}
