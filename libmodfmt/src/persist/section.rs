// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of persistent sections.

/// What the names of the variables begin with that `PERSISTENT_HOLDS()` makes (persistent.h).
pub(crate) const HOLDS_PREFIX: &str = "__persistent_holds_";

/// The two marks in the source, by the name that their sections begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PersistentSection {
    /// `__persistent`: variables with initial values in the file.
    Data,
    /// `__persistent_bss`: variables that start as zero and take no room in the file.
    Bss,
}

impl PersistentSection {
    /// Both, in the order in which they are listed everywhere.
    pub const ALL: [Self; 2] = [Self::Data, Self::Bss];

    /// The name of the mark's common section, with which the names of all its sections begin.
    #[must_use]
    pub const fn section_name(self) -> &'static str {
        match self {
            Self::Data => ".data..persistent",
            Self::Bss => ".bss..persistent",
        }
    }

    /// The mark of a section by its name, `.data..persistent` or `.data..persistent.FILE.N`; `None` if it is
    /// not a persistent section.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|section| {
            let rest = name.strip_prefix(section.section_name().as_bytes());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"."))
        })
    }

    /// What the base symbol's name ended with in note version 1.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Data => "_data",
            Self::Bss => "_bss",
        }
    }
}

/// The source file in the name of a section, `.data..persistent.FILE.N`. It is what kbuild calls the base
/// name: without the extension, `-` and `,` replaced by `_`.
pub(super) fn file_in_name(section: &str) -> Option<&str> {
    let mark = PersistentSection::from_name(section.as_bytes())?;
    let rest = section.strip_prefix(mark.section_name())?.strip_prefix('.')?;
    let (file, number) = rest.rsplit_once('.')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !file.is_empty()).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::{PersistentSection, file_in_name};

    #[test]
    fn sections_by_name() {
        let of = |name: &str| PersistentSection::from_name(name.as_bytes());
        assert_eq!(of(".data..persistent"), Some(PersistentSection::Data));
        assert_eq!(of(".bss..persistent.foo.3"), Some(PersistentSection::Bss));
        assert_eq!(of(".data..persistently"), None);
        assert_eq!(of(".rela.data..persistent"), None);
    }

    #[test]
    fn the_source_file_is_in_the_name() {
        assert_eq!(file_in_name(".data..persistent.foo_main.12"), Some("foo_main"));
        assert_eq!(file_in_name(".bss..persistent.a.b.0"), Some("a.b"));
        for other in [".data..persistent", ".data..persistent.foo", ".data..persistent..0", ".data.foo.0"] {
            assert_eq!(file_in_name(other), None, "{other}");
        }
    }
}
