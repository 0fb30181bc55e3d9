// SPDX-License-Identifier: MIT OR Apache-2.0
//! The code of a kernel, a module or an object file, and where its instructions start.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use iced_x86::{Decoder, DecoderOptions};
use object::{Object, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget, SymbolKind};

/// Whether the code is as in the file, or as the kernel patches it when it boots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patched {
    No,
    /// ftrace's calls are no-ops, retpolines and return thunks are replaced, static keys are no-ops.
    AtBoot,
}

impl fmt::Display for Patched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::No => "as in the file",
            Self::AtBoot => "as patched at boot",
        })
    }
}

/// The code of one file: sections one behind the other.
pub struct KernelText {
    pub bits: u32,
    pub sections: Vec<Section>,
}

/// The code of one section.
pub struct Section {
    pub address: u64,
    pub bytes: Vec<u8>,
    /// Where the instructions start, with their lengths, in order.
    pub starts: Vec<(usize, usize)>,
    /// Where each function starts and ends.
    pub functions: Vec<(usize, usize)>,
}

/// Where modules and object files are taken to be loaded.
const MODULE_BASE: u64 = 0xffff_ffff_c030_0000;
/// Where symbols that are defined elsewhere are taken to be.
const KERNEL_BASE: u64 = 0xffff_ffff_8100_0000;

/// Adds the file, or what is in the folder.
pub fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let mut entries: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        entries.iter().for_each(|entry| collect(entry, files));
        return;
    }
    let name = path.file_name().unwrap().to_string_lossy();
    let is_object = name.ends_with(".o") && !name.ends_with(".mod.o") && name != "built-in.o";
    if name.starts_with("vmlinux") || name.ends_with(".ko") || is_object {
        files.push(path.to_owned());
    }
}

/// The kernels one by one, the modules together, and the object files together.
pub fn by_kind(files: Vec<PathBuf>) -> Vec<(String, Vec<PathBuf>)> {
    let mut kinds: Vec<(String, Vec<PathBuf>)> = Vec::new();
    for file in files {
        let extension = file.extension().and_then(|extension| extension.to_str());
        let name = match extension {
            Some("ko") => "modules".to_owned(),
            Some("o") => "object files".to_owned(),
            _ => file.display().to_string(),
        };
        match kinds.iter_mut().find(|(known, _)| *known == name) {
            Some((_, files)) => files.push(file),
            None => kinds.push((name, vec![file])),
        }
    }
    kinds
}

impl KernelText {
    /// Reads a file.
    pub fn read(path: &Path, patched: Patched) -> Self {
        let data = fs::read(path).unwrap();
        let file = object::File::parse(&*data).unwrap();
        let bits = if file.is_64() { 64 } else { 32 };
        let mut sections = Vec::new();
        let mut base = MODULE_BASE;
        for section in file.sections() {
            let name = section.name().unwrap_or_default();
            if !name.contains("text") || section.kind() != object::SectionKind::Text || section.size() == 0 {
                continue;
            }
            let is_linked = file.kind() != object::ObjectKind::Relocatable;
            let address = if is_linked { section.address() } else { base };
            base += (section.size() + 0xfff) & !0xfff;
            let mut bytes = section.data().unwrap().to_vec();
            // In a debug file the code may be missing.
            if bytes.is_empty() {
                continue;
            }
            let mut thunks = Vec::new();
            if !is_linked {
                relocate(&file, &section, address, &mut bytes, &mut thunks);
            }
            let mut spans: Vec<(usize, usize)> = file
                .symbols()
                .filter(|symbol| symbol.section_index() == Some(section.index()))
                .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0)
                .filter_map(|symbol| {
                    let start = usize::try_from(symbol.address().checked_sub(section.address())?).ok()?;
                    Some((start, start + usize::try_from(symbol.size()).ok()?))
                })
                .collect();
            spans.sort();
            spans.dedup_by_key(|span| span.0);
            if is_linked {
                let thunk = |symbol: &object::Symbol<'_, '_>| {
                    let kind = Thunk::of(symbol.name().ok()?)?;
                    Some((symbol.address(), kind))
                };
                let known: Vec<_> = file.symbols().filter_map(|symbol| thunk(&symbol)).collect();
                thunks = calls_to(&bytes, address, bits, &spans, &known);
            }
            if patched == Patched::AtBoot {
                patch(&mut bytes, &thunks);
            }
            let starts = starts(&bytes, address, bits, &spans);
            sections.push(Section { address, bytes, starts, functions: spans });
        }
        Self { bits, sections }
    }
}

/// What a call or jump to a symbol is at run time.
#[derive(Clone, Copy, Debug)]
enum Thunk {
    /// A five-byte no-op.
    Ftrace,
    /// An indirect branch through a register, then a no-op of three or two bytes.
    Retpoline(u8),
    /// `ret`, then traps.
    Return,
}

impl Thunk {
    fn of(symbol: &str) -> Option<Self> {
        const REGISTERS: [&str; 16] = [
            "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
            "r14", "r15",
        ];
        match symbol {
            "__fentry__" | "mcount" => Some(Self::Ftrace),
            "__x86_return_thunk" => Some(Self::Return),
            _ => {
                let register = symbol.strip_prefix("__x86_indirect_thunk_")?;
                let number = REGISTERS.iter().position(|name| *name == register)?;
                Some(Self::Retpoline(number as u8))
            }
        }
    }
}

/// Offsets of the calls and jumps of five bytes to thunks.
fn calls_to(
    bytes: &[u8],
    address: u64,
    bits: u32,
    spans: &[(usize, usize)],
    known: &[(u64, Thunk)],
) -> Vec<(usize, Thunk)> {
    let mut found = Vec::new();
    for (start, length) in starts(bytes, address, bits, spans) {
        if length != 5 || !matches!(bytes[start], 0xe8 | 0xe9) {
            continue;
        }
        let distance = i32::from_le_bytes(bytes[start + 1..start + 5].try_into().unwrap());
        let target = (address + start as u64 + 5).wrapping_add_signed(i64::from(distance));
        found.extend(known.iter().find(|(at, _)| *at == target).map(|(_, thunk)| (start, *thunk)));
    }
    found
}

fn patch(bytes: &mut [u8], thunks: &[(usize, Thunk)]) {
    for &(start, thunk) in thunks {
        let is_call = bytes[start] == 0xe8;
        let new: [u8; 5] = match thunk {
            Thunk::Ftrace => [0x0f, 0x1f, 0x44, 0, 0],
            Thunk::Return => [0xc3, 0xcc, 0xcc, 0xcc, 0xcc],
            Thunk::Retpoline(register) => {
                let modrm = if is_call { 0xd0 } else { 0xe0 } | register & 7;
                match (register > 7, is_call) {
                    (false, true) => [0xff, modrm, 0x0f, 0x1f, 0],
                    (false, false) => [0xff, modrm, 0xcc, 0x66, 0x90],
                    (true, true) => [0x41, 0xff, modrm, 0x66, 0x90],
                    (true, false) => [0x41, 0xff, modrm, 0xcc, 0x90],
                }
            }
        };
        bytes[start..start + 5].copy_from_slice(&new);
    }
}

/// Fills in distances and addresses, as the module loader does. Symbols that are defined elsewhere get a
/// place in the kernel each.
fn relocate(
    file: &object::File<'_>,
    section: &object::Section<'_, '_>,
    address: u64,
    bytes: &mut [u8],
    thunks: &mut Vec<(usize, Thunk)>,
) {
    for (offset, relocation) in section.relocations() {
        let RelocationTarget::Symbol(index) = relocation.target() else { continue };
        let Ok(symbol) = file.symbol_by_index(index) else { continue };
        let name = symbol.name().unwrap_or_default();
        let value = match symbol.section_index() {
            Some(at) if at == section.index() => address + symbol.address(),
            Some(at) => MODULE_BASE + ((at.0 as u64) << 12) + symbol.address(),
            None => KERNEL_BASE + u64::from(hash(name)) % 0x0100_0000,
        };
        let at = usize::try_from(offset).unwrap();
        if let Some(thunk) = Thunk::of(name)
            && at > 0
            && matches!(bytes[at - 1], 0xe8 | 0xe9)
        {
            thunks.push((at - 1, thunk));
        }
        let value = value.wrapping_add_signed(relocation.addend());
        let RelocationFlags::Elf { r_type } = relocation.flags() else { continue };
        let r_type = r_type.0;
        let (value, size) = match (file.is_64(), r_type) {
            (true, 2 | 4) | (false, 2) => (value.wrapping_sub(address + offset), 4),
            (true, 10 | 11) | (false, 1) => (value, 4),
            (true, 1) => (value, 8),
            _ => continue,
        };
        bytes[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
    }
}

/// FNV-1a.
pub fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Decodes each function from its start to the start of the next one.
fn starts(bytes: &[u8], address: u64, bits: u32, spans: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut all = Vec::new();
    for (index, (start, _)) in spans.iter().enumerate() {
        let end = spans.get(index + 1).map_or(bytes.len(), |next| next.0);
        let Some(code) = bytes.get(*start..end) else { continue };
        let mut decoder = Decoder::with_ip(bits, code, address + *start as u64, DecoderOptions::NONE);
        while decoder.can_decode() {
            let at = decoder.position();
            let instruction = decoder.decode();
            // Data among the code.
            if instruction.is_invalid() {
                break;
            }
            all.push((start + at, instruction.len()));
        }
    }
    all
}
