// SPDX-License-Identifier: MIT OR Apache-2.0
//! What debug information adds to the symbol table.

use crate::elf::Object;
use crate::types::{TypeId, TypeTable};

/// Largest table of types, in bytes, that a header carries. A typical driver's has some kilobytes.
pub const MAX_TYPE_TABLE_BYTES: usize = 256 << 10;

/// What debug information tells about one persistent variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VariableDebugInfo {
    /// Index of the section that holds it.
    pub section: usize,
    /// Its offset in the section, in bytes.
    pub offset: u64,
    /// The function around it, for a static in a function.
    pub function: Option<String>,
    /// Its type as C text.
    pub type_name: Option<String>,
    /// Its type in the table that was read with it.
    pub type_id: Option<TypeId>,
}

/// Reads the BTF of the running kernel, `/sys/kernel/btf/vmlinux`; `None` if there is none.
pub type KernelBtfReader<'r> = &'r dyn Fn() -> Option<Vec<u8>>;

impl VariableDebugInfo {
    /// The variable at `offset` bytes in a section, of which nothing is known yet.
    #[must_use]
    pub fn new(section: usize, offset: u64) -> Self {
        Self { section, offset, function: None, type_name: None, type_id: None }
    }

    /// What the debug information of `object` tells about its persistent variables, with their types. It
    /// only refines the symbol table, so the list is empty if there is none that can be read, or if this
    /// crate was built without the feature `dwarf`.
    ///
    /// Pointers may lead to thousands of the kernel's types. If `kernel` is given and there are many, those
    /// that the kernel has itself are named in the table and not described. The table is empty if it would
    /// still have more than [`MAX_TYPE_TABLE_BYTES`].
    #[must_use]
    pub fn all(object: &Object<'_>, kernel: Option<KernelBtfReader<'_>>) -> (Vec<Self>, TypeTable) {
        all(object, kernel)
    }
}

#[cfg(not(feature = "dwarf"))]
fn all(_object: &Object<'_>, _kernel: Option<KernelBtfReader<'_>>) -> (Vec<VariableDebugInfo>, TypeTable) {
    Default::default()
}

#[cfg(feature = "dwarf")]
fn all(object: &Object<'_>, kernel: Option<KernelBtfReader<'_>>) -> (Vec<VariableDebugInfo>, TypeTable) {
    use super::PersistentSection;
    use crate::dwarf::{DebugInfo, DebugSections, DwarfTypes};

    let Ok(sections) = DebugSections::of(object) else { return Default::default() };
    let Ok(info) = DebugInfo::read(&sections) else { return Default::default() };
    let persistent = |index: usize| {
        object
            .sections
            .get(index)
            .is_some_and(|section| PersistentSection::from_name(&section.name).is_some())
    };
    let mut variables = info.variables();
    variables.retain(|variable| persistent(variable.section));
    let types = DwarfTypes::new(&info);
    let roots: Vec<Option<TypeId>> = variables.iter().map(|variable| types.of_variable(variable)).collect();
    let held = types.held();
    let roots: Vec<Option<TypeId>> = roots.into_iter().chain(held.iter().copied().map(Some)).collect();
    let (mut table, mut ids) = table(&types, &roots, kernel);
    let held = ids.split_off(variables.len());
    table.set_held(held.into_iter().flatten().collect());
    let infos = variables.into_iter().zip(ids).map(|(variable, type_id)| VariableDebugInfo {
        section: variable.section,
        offset: variable.offset,
        function: variable.function,
        type_name: variable.type_name,
        type_id,
    });
    (infos.collect(), table)
}

/// The table of these types, with their numbers in it.
#[cfg(feature = "dwarf")]
fn table(
    types: &crate::dwarf::DwarfTypes<'_, '_>,
    roots: &[Option<TypeId>],
    kernel: Option<KernelBtfReader<'_>>,
) -> (TypeTable, Vec<Option<TypeId>>) {
    use crate::btf::{Btf, BtfTypes, KernelBtf};

    /// Members up to which a table is small enough not to ask the kernel what it has.
    const FEW_MEMBERS: usize = 2000;
    /// Members above which a table would have too many bytes.
    const MANY_MEMBERS: usize = MAX_TYPE_TABLE_BYTES / 4;

    let known: Vec<TypeId> = roots.iter().flatten().copied().collect();
    let small = types.table(&known, None, FEW_MEMBERS);
    let blob = if small.is_complete { None } else { kernel.and_then(|read| read()) };
    let read = blob.as_deref().and_then(|blob| Btf::parse(blob).ok());
    let best = match &read {
        _ if small.is_complete => small,
        Some(btf) => {
            let of_kernel = BtfTypes::new(btf);
            types.table(&known, Some(&KernelBtf::new(&of_kernel, types)), MANY_MEMBERS)
        }
        None => types.table(&known, None, MANY_MEMBERS),
    };
    if best.table.to_bytes().len() > MAX_TYPE_TABLE_BYTES {
        return (TypeTable::default(), vec![None; roots.len()]);
    }
    let mut numbers = best.roots.into_iter();
    let ids = roots.iter().map(|root| root.and_then(|_| numbers.next())).collect();
    (best.table, ids)
}
