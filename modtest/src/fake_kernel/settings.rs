// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a fake kernel says about itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use libmodsys::{BootIdentity, InstalledModule, KernelCompression, Lockdown, LogRecord, PersistSupport};

/// Facts about the kernel as a whole. Each field is the answer of the method of [`libmodsys::Kernel`] of that
/// name.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the answer of the method of Kernel of that name")]
pub struct Settings {
    pub release: String,
    /// `None`: the kernel does not say, and so nothing is written to a journal.
    pub boot: Option<BootIdentity>,
    pub kallsyms: Vec<u8>,
    pub vmlinux_btf: Option<Vec<u8>>,
    /// BTF of modules by name.
    pub module_btf: BTreeMap<String, Vec<u8>>,
    pub taint: u64,
    pub compression: Option<KernelCompression>,
    /// If not, `initstate` is not there either.
    pub shows_modules: bool,
    pub sig_enforce: Option<bool>,
    pub lockdown: Option<Lockdown>,
    pub modules_disabled: Option<bool>,
    pub kptr_restrict: Option<u64>,
    pub exporting_module: Option<InstalledModule>,
    /// Files of installed modules by name.
    pub installed_files: BTreeMap<String, PathBuf>,
    pub persist_support: PersistSupport,
    /// Kernel headers: contents by path.
    pub headers: BTreeMap<String, Vec<u8>>,
    /// The text of the list; `None`: there is no such service.
    pub name_tokens: Option<Vec<u8>>,
    pub kernel_log: Vec<LogRecord>,
    /// The lines that were added to it.
    pub added_to_log: Vec<String>,
    pub symbol_index: Option<Vec<u8>>,
    /// Names of built-in modules.
    pub builtin: Vec<String>,
    /// Kernel memory: pieces by their first address.
    pub memory: BTreeMap<u64, Vec<u8>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            release: "6.1.0-fake".to_owned(),
            boot: None,
            kallsyms: Vec::new(),
            vmlinux_btf: None,
            module_btf: BTreeMap::new(),
            taint: 0,
            compression: None,
            shows_modules: true,
            sig_enforce: Some(false),
            lockdown: None,
            modules_disabled: Some(false),
            kptr_restrict: Some(0),
            exporting_module: None,
            installed_files: BTreeMap::new(),
            persist_support: PersistSupport::Stock,
            headers: BTreeMap::new(),
            name_tokens: None,
            kernel_log: Vec::new(),
            added_to_log: Vec::new(),
            symbol_index: None,
            builtin: Vec::new(),
            memory: BTreeMap::new(),
        }
    }
}
