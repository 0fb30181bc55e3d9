// SPDX-License-Identifier: MIT OR Apache-2.0
//! The layout from the running kernel's types.

use super::{CrcForm, ExportError, ExportLayout, Fields, Form, Release, release::relative_crcs};
use crate::btf::{Btf, BtfError, TypeId};
use crate::elf::{Class, Machine};

impl ExportLayout {
    /// The layout of a kernel whose BTF this is (`/sys/kernel/btf/vmlinux`), running on `machine`.
    ///
    /// The member names of `struct kernel_symbol` tell the form and the fields, those of
    /// `struct module` the tables. `machine` matters only to how old powerpc and s390 kernels
    /// store checksums, which BTF does not show.
    ///
    /// # Errors
    ///
    /// - [`ExportError::NoType`]: there is no such structure, as on a kernel without modules.
    /// - [`ExportError::UnknownType`]: it has members or a size that no known kernel has.
    /// - [`ExportError::Btf`]: the BTF is damaged.
    pub fn from_btf(btf: &Btf<'_>, machine: Machine) -> Result<Self, ExportError> {
        let find = |name| btf.find_struct(name).ok_or(ExportError::NoType { name });
        let (symbol, module) = (find("kernel_symbol")?, find("module")?);
        let has = |id, name| btf.member(id, name).map(|member| member.is_some());

        let (form, value) = match (has(symbol, "value_offset")?, has(symbol, "value")?) {
            (true, false) => (Form::Prel32, ["value_offset", "name_offset", "namespace_offset"]),
            (false, true) => (Form::Absolute, ["value", "name", "namespace"]),
            _ => return Err(unknown("kernel_symbol", "neither value nor value_offset")),
        };
        let [_, _, namespace] = value;
        let fields = if has(symbol, namespace)? { Fields::Three } else { Fields::Two };
        let kflagstab = has(module, "flagstab")?;
        let layout = Self {
            form,
            fields,
            kflagstab,
            gpl_tables: has(module, "gpl_syms")?,
            crc: crc(btf, module, machine)?,
        };
        if layout.kflagstab == layout.gpl_tables {
            return Err(unknown("module", "both or neither of flagstab and gpl_syms"));
        }
        layout.confirm(btf, symbol, &value)?;
        Ok(layout)
    }

    /// Names alone are not trusted: offsets and size must be those of the layout.
    fn confirm(&self, btf: &Btf<'_>, symbol: TypeId, names: &[&str; 3]) -> Result<(), ExportError> {
        let class = match btf.pointer_size() {
            Some(8) => Class::Elf64,
            Some(4) => Class::Elf32,
            _ => return Err(BtfError::PointerSize.into()),
        };
        if btf.size_of(symbol)? != self.entry_size(class) as u64 {
            return Err(unknown("kernel_symbol", "a size that does not fit its members"));
        }
        let offsets =
            [Some(self.value_offset(class)), Some(self.name_offset(class)), self.namespace_offset(class)];
        for (name, offset) in names.iter().zip(offsets) {
            let found = btf.member(symbol, name)?.and_then(|member| member.byte_offset());
            if found != offset.map(|offset| offset as u64) {
                return Err(unknown("kernel_symbol", "members in an unknown order"));
            }
        }
        Ok(())
    }
}

/// `crcs` points to `s32` if the numbers may be distances (4.19 to 5.18), later to `u32`.
fn crc(btf: &Btf<'_>, module: TypeId, machine: Machine) -> Result<CrcForm, ExportError> {
    // 5.10 stands for all releases in which the two processors have it.
    if !relative_crcs(machine, Release::new(5, 10)) {
        return Ok(CrcForm::Value);
    }
    // Without MODVERSIONS there are no checksums; the member exists all the same.
    let Some(member) = btf.member(module, "crcs")? else { return Ok(CrcForm::Value) };
    let Some(number) = btf.target(member.type_id)? else { return Ok(CrcForm::Value) };
    let signed = btf.is_signed(number)? == Some(true);
    Ok(if signed { CrcForm::Relative } else { CrcForm::Value })
}

fn unknown(name: &'static str, what: &'static str) -> ExportError {
    ExportError::UnknownType { name, what }
}
