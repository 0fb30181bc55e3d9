// SPDX-License-Identifier: MIT OR Apache-2.0
//! The layout from the text of the kernel's headers.

use super::{ExportLayout, Fields, Form, Release};
use crate::elf::Machine;

impl ExportLayout {
    /// The layout that `struct kernel_symbol` has in `declaration` (`include/linux/export.h` until
    /// 6.4, later `kernel/module/internal.h`, which header packages leave out), under the
    /// configuration of `autoconf` (`include/generated/autoconf.h`), with the tables that
    /// `include/linux/module.h` names. `None` if the text does not have the declaration.
    ///
    /// ```
    /// use libmodfmt::elf::Machine;
    /// use libmodfmt::export::{ExportLayout, Fields, Form, Release};
    ///
    /// let export_h = "struct kernel_symbol {\n\tint value_offset;\n\tint name_offset;\n};\n";
    /// let autoconf = "#define CONFIG_HAVE_ARCH_PREL32_RELOCATIONS 1\n";
    /// let release = Release::new(4, 19);
    /// let layout = ExportLayout::from_headers(export_h, autoconf, "", Machine::X86_64, release).unwrap();
    /// assert_eq!((layout.form, layout.fields), (Form::Prel32, Fields::Two));
    /// ```
    #[must_use]
    pub fn from_headers(
        declaration: &str,
        autoconf: &str,
        module_h: &str,
        machine: Machine,
        release: Release,
    ) -> Option<Self> {
        let relative =
            autoconf.lines().any(|line| line.trim_end() == "#define CONFIG_HAVE_ARCH_PREL32_RELOCATIONS 1");
        let (form, first) = if relative { (Form::Prel32, "value_offset") } else { (Form::Absolute, "value") };
        let members = bodies(declaration).map(members).find(|members| members.first() == Some(&first))?;
        let fields = match members.len() {
            2 => Fields::Two,
            3 => Fields::Three,
            _ => return None,
        };
        let kflagstab = module_h.contains("flagstab");
        let table = Self::for_release(machine, release);
        Some(Self { form, fields, kflagstab, gpl_tables: !kflagstab, crc: table.crc })
    }
}

/// The text between the braces of each declaration.
fn bodies(text: &str) -> impl Iterator<Item = &str> {
    text.split("struct kernel_symbol {").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0))
}

/// The names of the members.
fn members(body: &str) -> Vec<&str> {
    let name = |member: &str| member.trim_end().rsplit([' ', '\t', '*']).next().unwrap_or("").len();
    body.split(';')
        .filter(|member| !member.trim().is_empty())
        .map(|member| {
            let member = member.trim();
            member.get(member.len().saturating_sub(name(member))..).unwrap_or_default()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both declarations, as the header has had them since 5.4, in our own layout.
    const BOTH: &str = "
        struct kernel_symbol { int value_offset; int name_offset; int namespace_offset; };
        struct kernel_symbol { unsigned long value; const char *name; const char *namespace; };";

    #[test]
    fn the_configuration_chooses() {
        let layout = |autoconf| {
            ExportLayout::from_headers(BOTH, autoconf, "", Machine::X86_64, Release::new(6, 1)).unwrap()
        };
        let relative = layout("#define CONFIG_HAVE_ARCH_PREL32_RELOCATIONS 1\n");
        assert_eq!(relative, ExportLayout::for_release(Machine::X86_64, Release::new(6, 1)));
        assert_eq!(layout("").form, Form::Absolute);
        assert_eq!(layout("").fields, Fields::Three);
    }

    #[test]
    fn no_declaration_is_no_answer() {
        let release = Release::new(6, 6);
        for text in ["", "struct kernel_symbol {", "struct kernel_symbol { int other; };"] {
            assert_eq!(ExportLayout::from_headers(text, "", "", Machine::X86_64, release), None);
        }
    }
}
