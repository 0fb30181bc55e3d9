// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a kernel refuses of any module file, whatever is in it.

use libmodsys::{Errno, Kernel, Lockdown};
use thiserror::Error;

/// Why this kernel would load no file, or not this one.
///
/// ```
/// use modkeep::LoadRestriction;
///
/// let kernel = modtest::keeper_exports::kernel();
/// assert_eq!(LoadRestriction::of(&kernel, false), None);
///
/// kernel.set(|settings| settings.sig_enforce = Some(true));
/// let restriction = LoadRestriction::of(&kernel, false).expect("it is not signed");
/// assert_eq!(restriction.errno(), libmodsys::Errno::EKEYREJECTED);
/// ```
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadRestriction {
    /// Modules are neither loaded nor removed any more.
    #[error("module loading is disabled until the next boot (kernel.modules_disabled)")]
    ModulesDisabled,
    /// Only signed modules are loaded.
    #[error("it is not signed, and the kernel loads only signed modules ({setting})")]
    Unsigned {
        /// The setting that requires a signature.
        setting: &'static str,
    },
}

impl LoadRestriction {
    /// What a load of a file would meet. Settings that cannot be read count as not set.
    #[must_use]
    pub fn of(kernel: &dyn Kernel, is_signed: bool) -> Option<Self> {
        if matches!(kernel.modules_disabled(), Ok(Some(true))) {
            return Some(Self::ModulesDisabled);
        }
        let setting = required_signature(kernel).filter(|_| !is_signed)?;
        Some(Self::Unsigned { setting })
    }

    /// The error number of the load.
    #[must_use]
    pub fn errno(&self) -> Errno {
        match self {
            // The kernel looks at this first.
            Self::Unsigned { setting: SIG_ENFORCE } => Errno::EKEYREJECTED,
            Self::ModulesDisabled | Self::Unsigned { .. } => Errno::EPERM,
        }
    }
}

const SIG_ENFORCE: &str = "module.sig_enforce";

/// The setting that makes this kernel load only signed modules.
pub(crate) fn required_signature(kernel: &dyn Kernel) -> Option<&'static str> {
    if matches!(kernel.sig_enforce(), Ok(Some(true))) {
        return Some(SIG_ENFORCE);
    }
    match kernel.lockdown() {
        Ok(Some(Lockdown::Integrity | Lockdown::Confidentiality)) => Some("lockdown"),
        Ok(Some(Lockdown::None) | None) | Err(_) => None,
    }
}
