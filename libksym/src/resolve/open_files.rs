// SPDX-License-Identifier: MIT OR Apache-2.0
//! The files behind a resolver, each opened when it is first needed.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::module_memory::{self, ModuleMemory};
use super::{kaslr_offset, kernel_config};
use crate::files;
use crate::kaslr_hint::KaslrOffset;
use crate::search::{self, ModuleFiles};
use crate::sources::Sources;
use crate::symbols::{Symbol, TextTables};
use crate::symbols_and_debug::Binary;
use crate::warning_log::WarningLog;

/// The sources, and what was read of them so far.
#[derive(Debug)]
pub(super) struct OpenFiles {
    sources: Sources,
    pub(super) warnings: WarningLog,
    kernel: OnceCell<Option<Binary>>,
    system_map: OnceCell<Option<(PathBuf, TextTables)>>,
    kallsyms: OnceCell<Option<(PathBuf, TextTables)>>,
    module_files: ModuleFiles,
    modules: RefCell<HashMap<String, Option<Rc<Binary>>>>,
    module_memory: OnceCell<Vec<ModuleMemory>>,
    kaslr_offset: OnceCell<Option<KaslrOffset>>,
    kernel_config: OnceCell<Option<String>>,
}

impl OpenFiles {
    pub(super) fn new(sources: Sources) -> Self {
        Self {
            sources,
            warnings: WarningLog::default(),
            kernel: OnceCell::new(),
            system_map: OnceCell::new(),
            kallsyms: OnceCell::new(),
            module_files: ModuleFiles::default(),
            modules: RefCell::default(),
            module_memory: OnceCell::new(),
            kaslr_offset: OnceCell::new(),
            kernel_config: OnceCell::new(),
        }
    }

    pub(super) fn below_root(&self, path: &Path) -> PathBuf {
        files::below_root(&self.sources.root, path)
    }

    pub(super) fn kernel(&self) -> Option<&Binary> {
        self.kernel.get_or_init(|| search::kernel(&self.sources, &self.warnings)).as_ref()
    }

    /// The configuration that the kernel was built with.
    pub(super) fn kernel_config(&self) -> Option<&str> {
        self.kernel_config.get_or_init(|| kernel_config::read(&self.sources, self.kernel())).as_deref()
    }

    pub(super) fn system_map(&self) -> Option<&(PathBuf, TextTables)> {
        self.system_map.get_or_init(|| search::system_map(&self.sources, &self.warnings)).as_ref()
    }

    pub(super) fn kallsyms(&self) -> Option<&(PathBuf, TextTables)> {
        let read = || {
            let path = self.sources.kallsyms.clone()?;
            let tables = TextTables::read(&path);
            let tables = tables.inspect_err(|error| self.warnings.unreadable(&path, error)).ok()?;
            Some((path, tables))
        };
        self.kallsyms.get_or_init(read).as_ref()
    }

    /// A module, whose name has underscores.
    pub(super) fn module(&self, name: &str) -> Option<Rc<Binary>> {
        if let Some(known) = self.modules.borrow().get(name) {
            return known.clone();
        }
        let binary = self.module_files.open(&self.sources, name, &self.warnings).map(Rc::new);
        self.modules.borrow_mut().insert(name.to_owned(), binary.clone());
        binary
    }

    /// Whether the file of the kernel or of a module, whose name has underscores, says of itself that it is of
    /// the build that the sources name; `None` if they name none.
    pub(super) fn is_named_build(&self, module: Option<&str>) -> Option<bool> {
        let Some(name) = module else {
            let wanted = self.sources.build_id.as_ref()?;
            return Some(self.kernel().is_some_and(|kernel| kernel.is_of_build(wanted)));
        };
        let mut loaded = self.sources.loaded.iter().filter(|loaded| loaded.name.replace('-', "_") == name);
        let wanted = loaded.next()?.build_id.as_ref()?;
        Some(self.module(name).is_some_and(|binary| binary.is_of_build(wanted)))
    }

    pub(super) fn module_memory(&self) -> &[ModuleMemory] {
        self.module_memory.get_or_init(|| module_memory::of_loaded(&self.sources))
    }

    pub(super) fn kaslr_offset(&self) -> Option<KaslrOffset> {
        *self.kaslr_offset.get_or_init(|| {
            let by_kallsyms = self.kallsyms().and_then(|(_, tables)| {
                let there = tables.kernel.by_name(b"_text").next()?.address;
                Some(there.wrapping_sub(self.link_address("_text", None)?))
            });
            let link_address = |name: &str, size: Option<u64>| self.link_address(name, size);
            let release = self.sources.release.as_deref();
            kaslr_offset::work_out(&self.sources.kaslr, release, by_kallsyms, &link_address, &self.warnings)
        })
    }

    /// The KASLR offset by the report's addresses with symbols alone, if they say any.
    pub(super) fn kaslr_offset_by_pairs(&self) -> Option<u64> {
        let link_address = |name: &str, size: Option<u64>| self.link_address(name, size);
        // Addresses that are hashed, or of another build, disagree: the first one is used.
        kaslr_offset::of_pairs(&self.sources.kaslr.pairs, &link_address).next()
    }

    /// Linked address of a symbol of the kernel, if exactly one has that name and size.
    pub(super) fn link_address(&self, name: &str, size: Option<u64>) -> Option<u64> {
        let table = match self.kernel() {
            Some(kernel) => &kernel.table,
            None => &self.system_map()?.1.kernel,
        };
        let fits = |symbol: &&Symbol| size.is_none_or(|size| table.size(symbol).fits(size));
        let mut found = table.by_name(name.as_bytes()).filter(fits);
        let first = found.next()?;
        found.next().is_none().then_some(first.address)
    }
}
