// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sections, symbols and relocations as readelf shows them.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use libmodfmt::elf::{Binding, Object, Place, Symbol, SymbolKind};

use crate::process;

/// Fails if `object` differs from what readelf sees in `file`, or if readelf has warnings.
pub fn compare(file: &Path, object: &Object<'_>) -> Result<()> {
    sections(file, object)?;
    symbols(file, object)?;
    relocations(file, object)
}

/// The standard output of readelf. A warning counts as an error.
pub fn readelf(option: &str, file: &Path) -> Result<String> {
    let mut command = Command::new("readelf");
    command.args([option, "-W"]).arg(file).env("LC_ALL", "C");
    let output = process::raw(&mut command)?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success() && said.is_empty(), "{}: {said}", process::line(&command));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Names and sizes of sections. String and symbol tables are left out: they are rebuilt when a file is
/// written.
fn sections(file: &Path, object: &Object<'_>) -> Result<()> {
    let ours: Vec<String> = object
        .sections
        .iter()
        .skip(1)
        .map(|section| match &*section.name {
            b".symtab" | b".strtab" | b".shstrtab" => section.name_text(),
            _ => format!("{} {:x}", section.name_text(), section.size),
        })
        .collect();
    let text = readelf("-S", file)?;
    let theirs: Vec<String> = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix('[')?.split_once(']'))
        .filter(|(number, _)| number.trim().parse::<u32>().is_ok_and(|number| number > 0))
        .filter_map(|(_, rest)| {
            let words: Vec<&str> = rest.split_whitespace().collect();
            let (name, size) = (words.first()?, words.get(4)?);
            let made_anew = [".symtab", ".strtab", ".shstrtab"].contains(name);
            let size = u64::from_str_radix(size, 16).ok()?;
            Some(if made_anew { (*name).to_owned() } else { format!("{name} {size:x}") })
        })
        .collect();
    ensure!(ours == theirs, "{}: sections: ours {ours:?}, readelf's {theirs:?}", file.display());
    Ok(())
}

/// Value, size, binding, section and name.
type Shown = (u64, u64, String, String, String);

fn symbols(file: &Path, object: &Object<'_>) -> Result<()> {
    let text = readelf("-s", file)?;
    let theirs: Vec<Shown> = text.lines().filter_map(shown_symbol).collect();
    ensure!(theirs.len() == object.symbols.len(), "{}: {} symbols", file.display(), theirs.len());
    for (number, (symbol, theirs)) in object.symbols.iter().zip(&theirs).enumerate() {
        let ours = shown(object, symbol);
        ensure!(ours == *theirs, "{}: symbol {number}: ours {ours:?}, readelf's {theirs:?}", file.display());
    }
    Ok(())
}

/// `Num: Value Size Type Bind Vis Ndx Name`
fn shown_symbol(line: &str) -> Option<Shown> {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    words.first()?.strip_suffix(':')?.parse::<u32>().ok()?;
    // On ppc64le the rest of `st_other` is there, too: `[<localentry>: 8]`.
    if words.get(6).is_some_and(|word| word.starts_with("[<")) {
        let end = words.iter().skip(6).position(|word| word.ends_with(']'))?;
        words.drain(6..=6 + end);
    }
    let size = words.get(2)?;
    let size = match size.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok()?,
        None => size.parse().ok()?,
    };
    let name = words.get(7).copied().unwrap_or_default();
    let text = |index: usize| words.get(index).map(|word| (*word).to_owned());
    Some((u64::from_str_radix(words.get(1)?, 16).ok()?, size, text(4)?, text(6)?, name.to_owned()))
}

fn shown(object: &Object<'_>, symbol: &Symbol<'_>) -> Shown {
    let place = match symbol.place {
        Place::Undefined => "UND".to_owned(),
        Place::Absolute => "ABS".to_owned(),
        Place::Common => "COM".to_owned(),
        Place::Section(index) => index.to_string(),
        Place::Reserved(index) => format!("RSV[{index:#x}]"),
    };
    let binding = match symbol.binding {
        Binding::Local => "LOCAL".to_owned(),
        Binding::Global => "GLOBAL".to_owned(),
        Binding::Weak => "WEAK".to_owned(),
        Binding::Other(bits) => format!("{bits}"),
    };
    (symbol.value, symbol.size, binding, place, name(object, symbol))
}

/// readelf shows a section symbol by the section's name.
fn name(object: &Object<'_>, symbol: &Symbol<'_>) -> String {
    match symbol.place {
        Place::Section(index) if symbol.kind == SymbolKind::SECTION => object.section_name(index),
        _ => printable(&symbol.name_text()),
    }
}

/// As readelf prints a name: control characters as `^B`. The local labels of GNU as have them, and Debian's
/// modules for arm64 have such labels. A space at the end (`.L0 ` on riscv64) cannot be told from the line's.
fn printable(name: &str) -> String {
    let shown = name.trim_end().chars().map(|letter| match letter {
        '\0'..='\x1f' => format!("^{}", char::from(b'@' | u8::try_from(letter).unwrap_or_default())),
        _ => letter.to_string(),
    });
    shown.collect()
}

/// Offset, type and index of the symbol, the symbol's name and the addend.
type Change = (u64, u64, String, i128);

fn relocations(file: &Path, object: &Object<'_>) -> Result<()> {
    let mut ours: Vec<Change> = Vec::new();
    for index in 0..object.sections.len() {
        for relocation in object.relocations(index)? {
            let info = (relocation.symbol as u64) << 32 | u64::from(relocation.kind);
            let symbol = object.symbols.get(relocation.symbol).filter(|_| relocation.symbol != 0);
            let name = symbol.map(|symbol| name(object, symbol)).unwrap_or_default();
            ours.push((relocation.offset, info, name, relocation.addend.into()));
        }
    }
    let text = readelf("-r", file)?;
    let theirs: Vec<Change> = text.lines().filter_map(shown_relocation).collect();
    let file = file.display();
    ensure!(ours.len() == theirs.len(), "{file}: {} relocations, readelf has {}", ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        ensure!(ours == theirs, "{file}: relocation: ours {ours:x?}, readelf's {theirs:x?}");
    }
    Ok(())
}

/// `Offset Info Type Value Name + Addend`, without a symbol `Offset Info Type Addend`.
fn shown_relocation(line: &str) -> Option<Change> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let offset = words.first().filter(|word| word.len() == 16)?;
    let number = |text: &str| u64::from_str_radix(text, 16).ok();
    let (name, sign, addend) = match *words.get(3..)? {
        [_, name, sign, addend] => (name, sign, addend),
        [addend] => ("", "+", addend),
        _ => return None,
    };
    let addend = i128::from(number(addend)?);
    let addend = if sign == "-" { -addend } else { addend };
    Some((number(offset)?, number(words.get(1)?)?, name.to_owned(), addend))
}

#[cfg(test)]
mod tests {
    use super::{printable, shown_relocation, shown_symbol};

    #[test]
    fn names_of_local_labels() {
        assert_eq!(printable(".L14472\u{2}1"), ".L14472^B1");
        assert_eq!(printable(".L0 "), ".L0");
        assert_eq!(printable("meter_write"), "meter_write");
    }

    #[test]
    fn lines_of_readelf() {
        let line = "000000000000000d  000000040000000b R_X86_64_32S  0000000000000000 .data..persistent - 4";
        assert_eq!(shown_relocation(line), Some((13, 0x4_0000_000b, ".data..persistent".into(), -4)));
        let line = "0000000000000010  0000000000000008 R_X86_64_RELATIVE                   4010";
        assert_eq!(shown_relocation(line), Some((16, 8, String::new(), 0x4010)));
        let line = "     3: 0000000000000008 0x400000 OBJECT  LOCAL  DEFAULT    5 table";
        assert_eq!(shown_symbol(line), Some((8, 0x40_0000, "LOCAL".into(), "5".into(), "table".into())));
        let line = "    29: 0000000000000008    72 FUNC    LOCAL  DEFAULT [<localentry>: 8]     1 work";
        assert_eq!(shown_symbol(line), Some((8, 72, "LOCAL".into(), "1".into(), "work".into())));
        assert_eq!(shown_symbol("   Num:    Value          Size Type    Bind   Vis      Ndx Name"), None);
    }
}
