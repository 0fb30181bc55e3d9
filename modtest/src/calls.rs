// SPDX-License-Identifier: MIT OR Apache-2.0
//! Return addresses, found by disassembling the functions of a file.

use std::fs::File;
use std::path::Path;

use iced_x86::{Decoder, DecoderOptions, FlowControl};
use object::read::elf::ElfFile64;
use object::{Object, ObjectSection, ObjectSymbol, ReadCache, SymbolKind};

/// A return address: the first byte after a call.
#[derive(Clone, Debug)]
pub struct ReturnAddress {
    pub symbol: String,
    /// Bytes from the symbol's start.
    pub offset: u64,
    /// Bytes from the symbol's start to the next symbol in the section, or to its end.
    pub size: u64,
    pub section: String,
    /// The address in a linked file; in a module the offset in the section.
    pub address: u64,
}

/// About `count` return addresses, the same ones each time, spread over all code of the file.
pub fn return_addresses(path: &Path, count: usize) -> Vec<ReturnAddress> {
    let cache = ReadCache::new(File::open(path).unwrap());
    let file: ElfFile64<'_, object::Endianness, _> = ElfFile64::parse(&cache).unwrap();
    let mut all = Vec::new();
    for section in file.sections() {
        let object::SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
        if !sh_flags.contains(object::elf::SHF_EXECINSTR) {
            continue;
        }
        let code = section.data().unwrap();
        let base = section.address();
        let of_section = file.symbols().filter(|symbol| symbol.section_index() == Some(section.index()));
        let mut symbols: Vec<_> = of_section
            .filter(|symbol| symbol.kind() != SymbolKind::Section && !symbol.name().unwrap().is_empty())
            .map(|symbol| {
                (symbol.address(), symbol.kind() == SymbolKind::Text, symbol.name().unwrap().to_owned())
            })
            .collect();
        symbols.sort();
        let end = base + section.size();
        for (index, (start, is_function, name)) in symbols.iter().enumerate() {
            let next =
                symbols[index..].iter().map(|symbol| symbol.0).find(|next| next > start).unwrap_or(end);
            let bytes = code.get((start - base) as usize..(next - base) as usize).unwrap_or_default();
            if !is_function {
                continue;
            }
            let mut decoder = Decoder::with_ip(64, bytes, *start, DecoderOptions::NONE);
            while decoder.can_decode() {
                let instruction = decoder.decode();
                if matches!(instruction.flow_control(), FlowControl::Call | FlowControl::IndirectCall)
                    && instruction.len() >= 5
                {
                    all.push(ReturnAddress {
                        symbol: name.clone(),
                        offset: instruction.next_ip() - start,
                        size: next - start,
                        section: section.name().unwrap().to_owned(),
                        address: instruction.next_ip(),
                    });
                }
            }
        }
    }
    let step = (all.len() / count.max(1)).max(1);
    all.into_iter().step_by(step).take(count).collect()
}
