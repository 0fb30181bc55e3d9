// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/proc/ksyms` of Linux 2.0 to 2.4: address, name and, for a module's symbol, the module.
//!
//! It lists exported symbols only. modutils adds symbols of its own that say where a module is:
//! `__insmod_NAME_O/PATH_MTIME_VERSION` names the file, `__insmod_NAME_S.text_LBYTES` a section.

use super::ProcError;
use super::fields::{Fields, Lines};

const FILE: &str = "/proc/ksyms";

/// A name with the path of a module's file is the longest.
const LINE: usize = 8192;

/// What modutils puts before the names of its own symbols.
const INSMOD: &[u8] = b"__insmod_";
/// What 2.4 puts before the names of symbols that only GPL modules may use.
const GPL_ONLY: &[u8] = b"GPLONLY_";

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportedSymbol<'t> {
    /// Its address.
    pub address: u64,
    /// Its name, without `GPLONLY_` and the symbol version (`_R1a2b3c4d`, `_Rsmp_1a2b3c4d`).
    pub name: &'t [u8],
    /// Its module, without the brackets; `None` for the kernel proper.
    pub module: Option<&'t [u8]>,
}

/// What a symbol of modutils says about its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InsmodSymbol<'t> {
    /// The file that the module was loaded from.
    File {
        /// Its path as `insmod` was given it; in an initial RAM disk, a path there.
        path: &'t [u8],
        /// When the file was last modified, in seconds since 1970.
        modified: u64,
    },
    /// A section, which starts at the symbol's address.
    Section {
        /// Its name: `.text`, `.rodata`, `.data`, `.bss` or `.sbss`.
        name: &'t [u8],
        /// Its size in bytes.
        size: u64,
    },
}

/// The symbols that a text lists. A wrong line gives an error, and the next line follows.
///
/// # Errors
///
/// [`ProcError`] from the iterator, with the number of the line and the name of the field.
pub fn ksyms(text: &[u8]) -> impl Iterator<Item = Result<ExportedSymbol<'_>, ProcError>> {
    let mut lines = Lines::new(FILE, text, LINE);
    std::iter::from_fn(move || lines.next().map(|line| line.and_then(symbol)))
}

/// Takes the symbol version of `MODVERSIONS` kernels of 2.x from the end of a name.
#[must_use]
pub fn without_symbol_version(name: &[u8]) -> &[u8] {
    const DIGITS: usize = 8;
    let Some((front, digits)) = name.len().checked_sub(DIGITS).and_then(|at| name.split_at_checked(at))
    else {
        return name;
    };
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return name;
    }
    // `_R`, `_Rsmp_`, `_R2gig_`, `_Rsmp_2gig_`, ...
    let marks = front.windows(2).rposition(|pair| pair == b"_R");
    let Some((bare, mark)) = marks.and_then(|at| front.split_at_checked(at)) else { return name };
    let is_mark = mark == b"_R" || (mark.ends_with(b"_") && mark.len() > 3);
    if is_mark && !bare.is_empty() { bare } else { name }
}

/// Reads the name of a symbol that modutils added; `None` for any other.
#[must_use]
pub fn insmod_symbol<'t>(name: &'t [u8], module: &[u8]) -> Option<InsmodSymbol<'t>> {
    let rest = name.strip_prefix(INSMOD)?.strip_prefix(module)?.strip_prefix(b"_")?;
    let (&letter, rest) = rest.split_first()?;
    let split = |mark: &[u8]| {
        let at = rest.windows(mark.len()).rposition(|bytes| bytes == mark)?;
        Some((rest.get(..at)?, rest.get(at.checked_add(mark.len())?..)?))
    };
    let number = |digits: &[u8], radix| u64::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok();
    match letter {
        b'O' => {
            let (path, rest) = split(b"_M")?;
            let digits = rest.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(rest.len());
            Some(InsmodSymbol::File { path, modified: number(rest.get(..digits)?, 16)? })
        }
        b'S' => {
            let (name, size) = split(b"_L")?;
            Some(InsmodSymbol::Section { name, size: number(size, 10)? })
        }
        _ => None,
    }
}

/// Whether modutils added the symbol.
#[must_use]
pub fn is_insmod_symbol(name: &[u8]) -> bool {
    name.starts_with(INSMOD)
}

fn symbol(mut line: Fields<'_>) -> Result<ExportedSymbol<'_>, ProcError> {
    let address = line.number("address", 16)?;
    let name = line.word("name")?;
    let name = name.strip_prefix(GPL_ONLY).unwrap_or(name);
    let name = if is_insmod_symbol(name) { name } else { without_symbol_version(name) };
    let module = match line.optional() {
        None => None,
        Some(word) => Some(
            word.strip_prefix(b"[")
                .and_then(|word| word.strip_suffix(b"]"))
                .ok_or_else(|| line.wrong("module", word))?,
        ),
    };
    Ok(ExportedSymbol { address, name, module })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_2_4_kernel() {
        let text = b"d0836060 __insmod_mousedev_S.text_L4321\t[mousedev]\n\
            d0836000 __insmod_mousedev_O/lib/modules/2.4.21/kernel/mousedev.o_M3EFD9C4C_V132117\t[mousedev]\n\
            c0131f70 kmalloc_Rsmp_93d4cfe6\n\
            c0110000 GPLONLY_kick_R1234abcd\n\
            oops\n";
        let all: Vec<_> = ksyms(text).collect();
        let first = all[0].as_ref().unwrap();
        assert_eq!((first.address, first.module), (0xd083_6060, Some(&b"mousedev"[..])));
        assert_eq!(
            insmod_symbol(first.name, b"mousedev"),
            Some(InsmodSymbol::Section { name: b".text", size: 4321 })
        );
        let path = &b"/lib/modules/2.4.21/kernel/mousedev.o"[..];
        assert_eq!(
            insmod_symbol(all[1].as_ref().unwrap().name, b"mousedev"),
            Some(InsmodSymbol::File { path, modified: 0x3efd_9c4c })
        );
        assert_eq!(all[2].as_ref().unwrap().name, b"kmalloc");
        assert_eq!(all[3].as_ref().unwrap().name, b"kick");
        assert!(all[4].is_err());
    }

    #[test]
    fn names_that_only_look_versioned_stay() {
        for name in ["__R12345678", "set_Rx_1234567z", "_R12345678", "deadbeef", "a_Rb12345678"] {
            let name = name.as_bytes();
            let expected: &[u8] = if name == b"__R12345678" { b"_" } else { name };
            assert_eq!(without_symbol_version(name), expected, "{}", String::from_utf8_lossy(name));
        }
        assert_eq!(insmod_symbol(b"__insmod_a_O", b"a"), None);
        assert_eq!(insmod_symbol(b"__insmod_a_S.text_Lx", b"a"), None);
        assert_eq!(insmod_symbol(b"printk", b"a"), None);
    }
}
