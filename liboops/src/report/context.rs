// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a report says about the kernel, the task and the modules.

use super::{Hex, Span};

/// Who printed a line, with `CONFIG_PRINTK_CALLER`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Caller {
    /// A task, by its number.
    Task(u32),
    /// A processor that is not running a task, by its number.
    Cpu(u32),
}

/// A value, and where the log has it.
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
    /// Letters in parentheses after it: taint, `+` while it is being loaded, `-` while it is being unloaded.
    pub flags: String,
    /// Where it is written.
    pub span: Span,
}

/// `Kernel Offset:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct KernelOffset {
    /// Distance from the address that the kernel was linked to. 0 if the log says "disabled".
    pub slide: Hex,
    /// The address that it was linked to, if the log has it.
    pub base: Option<Hex>,
    /// Where it is written.
    pub span: Span,
}

impl KernelOffset {
    /// Whether the log says "disabled". Do not rely on it: an x86 kernel without `CONFIG_RANDOMIZE_MEMORY`
    /// says so wherever it was loaded (`kaslr_enabled()` in `arch/x86/include/asm/setup.h`, seen in 6.1).
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.slide.0 == 0 && self.base.is_none()
    }
}

/// What a report says about the kernel, the task and the modules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Context {
    /// The processor.
    pub cpu: Option<u32>,
    /// The number of the task (PID).
    pub pid: Option<u32>,
    /// The name of the task.
    pub comm: Option<String>,
    /// Taint letters without blanks. Empty if the log says "Not tainted".
    pub taint: Option<Spanned<String>>,
    /// The kernel's release.
    pub release: Option<Spanned<String>>,
    /// What follows the release: `#1 Debian 6.1.192-2`.
    pub version: Option<String>,
    /// The kernel's build ID in hexadecimal digits, if the kernel prints it.
    pub build_id: Option<String>,
    /// The latest `Linux version` line before the report.
    pub banner: Option<String>,
    /// The name of the hardware.
    pub hardware: Option<String>,
    /// `Modules linked in:`. `None` if the log has no such line.
    pub modules: Option<Vec<ModuleName>>,
    /// The module that was unloaded last.
    pub last_unloaded: Option<String>,
    /// `Kernel Offset:`, where KASLR moved the kernel.
    pub kernel_offset: Option<KernelOffset>,
    /// A line `CPU: 1 PID: 321 Comm: ... Not tainted ...` was read.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(crate) has_cpu_line: bool,
}
