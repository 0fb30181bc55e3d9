// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/proc/kallsyms`: address, type, name and, for a module's symbol, the module.

use super::ProcError;
use super::fields::{Fields, Lines};

const FILE: &str = "/proc/kallsyms";

/// A name has at most 511 bytes (`KSYM_NAME_LEN`, 6.1 and later); the rest is below 100.
const LINE: usize = 4096;

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Symbol<'t> {
    /// Its address: 0 if the reader may not know (`kptr_restrict`).
    pub address: u64,
    /// Type letter as of `nm`: `t`, `T`, `d`, `b`, ... A capital is an exported or global symbol.
    pub kind: u8,
    /// Its name.
    pub name: &'t [u8],
    /// Its module, without the brackets; `None` for the kernel proper.
    pub module: Option<&'t [u8]>,
}

impl Symbol<'_> {
    /// Whether the source may have the name. Others are made up by compilers and assemblers (`.LC0`, `$x`,
    /// `__pfx_work`), and hide those of the source at the same address.
    #[must_use]
    pub fn is_of_source(&self) -> bool {
        !self.name.is_empty() && !self.name.starts_with(b"__pfx_") && !matches!(self.name, [b'.' | b'$', ..])
    }

    /// Whether it is a variable that every kernel has. A kernel without `CONFIG_KALLSYMS_ALL`, such as
    /// Debian's for arm64, lists no variables: there a name that is not in the list may exist nevertheless.
    #[must_use]
    pub fn is_variable_of_every_kernel(&self) -> bool {
        self.module.is_none() && matches!(self.name, b"init_task" | b"jiffies")
    }
}

/// The symbols that a text lists. A wrong line gives an error, and the next line follows.
///
/// Files that hold the same without the module, such as `System.map`, can be read too.
///
/// # Errors
///
/// [`ProcError`] from the iterator, with the number of the line and the name of the field.
pub fn kallsyms(text: &[u8]) -> impl Iterator<Item = Result<Symbol<'_>, ProcError>> {
    let mut lines = Lines::new(FILE, text, LINE);
    std::iter::from_fn(move || lines.next().map(|line| line.and_then(symbol)))
}

fn symbol(mut line: Fields<'_>) -> Result<Symbol<'_>, ProcError> {
    let address = line.number("address", 16)?;
    let kind = match line.word("type")? {
        &[letter] => letter,
        other => return Err(line.wrong("type", other)),
    };
    let name = line.word("name")?;
    let module = match line.optional() {
        None => None,
        Some(word) => Some(
            word.strip_prefix(b"[")
                .and_then(|word| word.strip_suffix(b"]"))
                .ok_or_else(|| line.wrong("module", word))?,
        ),
    };
    Ok(Symbol { address, kind, name, module })
}
