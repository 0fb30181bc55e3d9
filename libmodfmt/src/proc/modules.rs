// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/proc/modules`: name, size, references, users, state, address and, if there is any, taint.

use super::ProcError;
use super::fields::{Fields, Lines};

const FILE: &str = "/proc/modules";

/// A line names at most every loaded module, each with up to 60 bytes: this allows 17,000.
const LINE: usize = 1 << 20;

/// The state of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It runs.
    Live,
    /// Its init has not returned yet, or never will since it oopsed.
    Loading,
    /// Its exit runs.
    Unloading,
}

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadedModule<'t> {
    /// Name of the module.
    pub name: &'t [u8],
    /// Size in memory, in bytes.
    pub size: u64,
    /// Number of references; `None` on a kernel that cannot unload modules (`-`). It is -1 while
    /// the module is unloading.
    pub references: Option<i64>,
    used_by: &'t [u8],
    /// State of the module.
    pub state: State,
    /// Where its text is: 0 if the reader may not know, and for a module without text.
    pub address: u64,
    /// Taint flags, such as `OE`, followed by `+` or `-` while the module is being loaded or unloaded.
    /// Empty for a module that does not taint the kernel.
    pub taint: &'t [u8],
}

impl<'t> LoadedModule<'t> {
    /// Names of the modules that refer to this one.
    pub fn users(&self) -> impl Iterator<Item = &'t [u8]> + use<'t> {
        self.used_by().filter(|name| !name.starts_with(b"["))
    }

    /// Whether the module can never be unloaded, as it has an init and no exit.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        self.used_by().any(|name| name == b"[permanent]")
    }

    fn used_by(&self) -> impl Iterator<Item = &'t [u8]> + use<'t> {
        self.used_by.split(|&byte| byte == b',').filter(|name| !name.is_empty() && name != b"-")
    }
}

/// The modules that a text lists. A wrong line gives an error, and the next line follows.
///
/// # Errors
///
/// [`ProcError`] from the iterator, with the number of the line and the name of the field.
pub fn modules(text: &[u8]) -> impl Iterator<Item = Result<LoadedModule<'_>, ProcError>> {
    let mut lines = Lines::new(FILE, text, LINE);
    std::iter::from_fn(move || lines.next().map(|line| line.and_then(module)))
}

fn module(mut line: Fields<'_>) -> Result<LoadedModule<'_>, ProcError> {
    let name = line.word("name")?;
    let size = line.number("size", 10)?;
    let references = match line.word("references")? {
        b"-" => None,
        word => Some(
            std::str::from_utf8(word)
                .ok()
                .and_then(|word| word.parse().ok())
                .ok_or_else(|| line.wrong("references", word))?,
        ),
    };
    let used_by = line.word("users")?;
    let state = match line.word("state")? {
        b"Live" => State::Live,
        b"Loading" => State::Loading,
        b"Unloading" => State::Unloading,
        other => return Err(line.wrong("state", other)),
    };
    let address = line.number("address", 16)?;
    let taint = match line.optional() {
        None => &[],
        Some(word) => word
            .strip_prefix(b"(")
            .and_then(|word| word.strip_suffix(b")"))
            .ok_or_else(|| line.wrong("taint", word))?,
    };
    Ok(LoadedModule { name, size, references, used_by, state, address, taint })
}
