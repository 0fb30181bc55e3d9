// SPDX-License-Identifier: MIT OR Apache-2.0
//! A parameter or local variable of a function, and its value as far as registers tell it.

/// A parameter or local variable of a function at an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variable {
    /// The function that it is of, which may be inlined at the instruction.
    pub function: String,
    /// Its name.
    pub name: String,
    /// Its C type: `struct device *`.
    pub type_name: Option<String>,
    /// It is a parameter.
    pub is_parameter: bool,
    /// What is known of its value.
    pub value: VariableValue,
    /// It points to a structure, whose members are found by [`Variable::member`].
    pub(crate) members: Vec<Member>,
}

/// A member of the structure that a variable points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub path: String,
    pub start: u64,
    pub size: u64,
}

/// What is known of the value of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VariableValue {
    /// A value of at most eight bytes.
    Known {
        /// The value, extended by its sign if it has one.
        value: u64,
        /// Its size in bytes.
        size: u64,
        /// It is a signed number.
        is_signed: bool,
        /// The register that holds it; `None` if it was worked out from registers, or is a constant.
        register: Option<u16>,
        /// Where in memory it is, if it is there.
        address: Option<u64>,
    },
    /// The compiler kept no value there.
    OptimisedOut,
    /// Only the caller knows it: it is described by a register at the function's entry.
    EntryValue,
    /// It is in memory or in a register that is not known, or in several pieces.
    Elsewhere,
}

impl Variable {
    /// The member at an offset in the structure that it points to, such as `parent` or `p.lock+0x4`.
    #[must_use]
    pub fn member(&self, offset: u64) -> Option<String> {
        let inside = |member: &&Member| offset.checked_sub(member.start).is_some_and(|at| at < member.size);
        let found = self.members.iter().filter(inside).min_by_key(|member| member.size)?;
        let rest = offset.saturating_sub(found.start);
        Some(if rest == 0 { found.path.clone() } else { format!("{}+{rest:#x}", found.path) })
    }
}
