// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a report says of the kernel, the task and the modules.

use super::{Hex, Span};

/// Who printed a line, with `CONFIG_PRINTK_CALLER`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Caller {
    /// A task, by its number.
    Task(u32),
    /// A processor outside of any task.
    Cpu(u32),
}

/// A value and where it is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it is written.
    pub span: Span,
}

/// A module in `Modules linked in:`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ModuleName {
    /// Its name.
    pub name: String,
    /// Letters in the brackets behind it: taint, `+` while it comes, `-` while it goes.
    pub flags: String,
    /// Where it is written.
    pub span: Span,
}

/// `Kernel Offset:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct KernelOffset {
    /// How far the kernel is from where it was linked to; 0 where the log says "disabled".
    pub slide: Hex,
    /// The address that it was linked to, where the log has it.
    pub base: Option<Hex>,
    /// Where it is written.
    pub span: Span,
}

impl KernelOffset {
    /// The log says "disabled". An x86 kernel without `CONFIG_RANDOMIZE_MEMORY` says so wherever it is
    /// (`kaslr_enabled()` in `arch/x86/include/asm/setup.h`, seen in 6.1): whoever knows better is right.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.slide.0 == 0 && self.base.is_none()
    }
}

/// What a report says of its surroundings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Context {
    /// The processor.
    pub cpu: Option<u32>,
    /// The number of the task.
    pub pid: Option<u32>,
    /// The name of the task.
    pub comm: Option<String>,
    /// Taint letters without blanks; an empty text where the log says "Not tainted".
    pub taint: Option<Spanned<String>>,
    /// The kernel's release.
    pub release: Option<Spanned<String>>,
    /// What follows the release: `#1 Debian 6.1.192-2`.
    pub version: Option<String>,
    /// The kernel's build id in hexadecimal digits, of a kernel that prints it.
    pub build_id: Option<String>,
    /// The latest `Linux version` line before the report.
    pub banner: Option<String>,
    /// The hardware.
    pub hardware: Option<String>,
    /// `Modules linked in:`; none where the log has no such line.
    pub modules: Option<Vec<ModuleName>>,
    /// The module that was unloaded last.
    pub last_unloaded: Option<String>,
    /// How far the kernel was moved.
    pub kernel_offset: Option<KernelOffset>,
}
