// SPDX-License-Identifier: MIT OR Apache-2.0
//! The resolver: which file answers which query.

use super::answer::{Answer, Location, Unknown};
use super::binary::Binary;
use super::find::{self, ModuleFiles, Warnings};
use super::placement::{Placed, placed};
use super::slide::{Slide, of_pairs, work_out};
use super::symbols::{Symbol, TextTables};
use super::{Query, Sources, Warning, by_symbol};
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

/// Answers queries from its sources.
#[derive(Debug)]
pub struct Resolver {
    sources: Sources,
    warnings: Warnings,
    kernel: OnceCell<Option<Binary>>,
    system_map: OnceCell<Option<(PathBuf, TextTables)>>,
    kallsyms: OnceCell<Option<(PathBuf, TextTables)>>,
    files: ModuleFiles,
    modules: RefCell<HashMap<String, Option<Rc<Binary>>>>,
    placed: OnceCell<Vec<Placed>>,
    slide: OnceCell<Option<Slide>>,
}

impl Resolver {
    /// Takes note of the sources; reads nothing yet.
    #[must_use]
    pub fn new(sources: Sources) -> Self {
        Self {
            sources,
            warnings: Warnings::default(),
            kernel: OnceCell::new(),
            system_map: OnceCell::new(),
            kallsyms: OnceCell::new(),
            files: ModuleFiles::default(),
            modules: RefCell::default(),
            placed: OnceCell::new(),
            slide: OnceCell::new(),
        }
    }

    /// The answer to one query.
    #[must_use]
    pub fn symbolize(&self, query: &Query) -> Answer {
        match query {
            Query::Address { address, exact } => self.address(*address, *exact),
            Query::Symbol { module: None, name, offset, size, exact } => {
                let wanted = by_symbol::Wanted { name, offset: *offset, size: *size, exact: *exact };
                self.kernel_symbol(wanted)
            }
            Query::Symbol { module: Some(module), name, offset, size, exact } => {
                let wanted = by_symbol::Wanted { name, offset: *offset, size: *size, exact: *exact };
                self.module_symbol(&module.replace('-', "_"), wanted)
            }
        }
    }

    /// The answers to many queries, in their order; faster than one by one.
    #[must_use]
    pub fn symbolize_all(&self, queries: &[Query]) -> Vec<Answer> {
        // Neighbours are in one unit, which is then read once.
        let mut order: Vec<_> = queries.iter().enumerate().collect();
        order.sort_by_cached_key(|(_, query)| self.sort_key(query));
        let mut answers = vec![Answer::default(); queries.len()];
        for (index, query) in order {
            if let Some(answer) = answers.get_mut(index) {
                *answer = self.symbolize(query);
            }
        }
        answers
    }

    fn sort_key(&self, query: &Query) -> (String, u64) {
        match query {
            Query::Address { address, .. } => (String::new(), *address),
            Query::Symbol { module: None, name, .. } => {
                let symbol = self.kernel().and_then(|kernel| kernel.table.by_name(name.as_bytes()).next());
                (String::new(), symbol.map_or(0, |symbol| symbol.address))
            }
            Query::Symbol { module: Some(module), .. } => (module.clone(), 0),
        }
    }

    /// How far the kernel was moved at boot, and who says so; `None` if nobody does.
    #[must_use]
    pub fn slide(&self) -> Option<Slide> {
        *self.slide.get_or_init(|| {
            let hint = &self.sources.kaslr;
            let link_address = |name: &str, size: Option<u64>| self.link_address(name, size);
            let kallsyms = self.kallsyms().and_then(|(_, tables)| {
                let there = tables.kernel.by_name(b"_text").next()?.address;
                Some(there.wrapping_sub(self.link_address("_text", None)?))
            });
            let release = self.sources.release.as_deref();
            work_out(hint, release, kallsyms, &link_address, &self.warnings)
        })
    }

    /// Where a symbol of the kernel was at run time, by the report's addresses with symbols and by the
    /// saved table, and where it was linked to.
    pub fn told_places(&self, symbol: &str) -> (Vec<u64>, Option<u64>) {
        let linked = self.link_address(symbol, None);
        let link_address = |name: &str, size: Option<u64>| self.link_address(name, size);
        // Those that are hashed, or of another build, differ from each other: the first one counts.
        let slide = of_pairs(&self.sources.kaslr.pairs, &link_address).next();
        let by_pairs = linked.zip(slide).map(|(linked, slide)| linked.wrapping_add(slide));
        let saved = self.kallsyms().and_then(|(_, tables)| {
            let mut found = tables.kernel.by_name(symbol.as_bytes());
            found.next().filter(|_| found.next().is_none()).map(|symbol| symbol.address)
        });
        (by_pairs.into_iter().chain(saved).collect(), linked)
    }

    /// What was noticed since the last call, each once.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<Warning> {
        self.warnings.take()
    }

    pub(super) fn kernel(&self) -> Option<&Binary> {
        self.kernel.get_or_init(|| find::kernel(&self.sources, &self.warnings)).as_ref()
    }

    pub(super) fn system_map(&self) -> Option<&(PathBuf, TextTables)> {
        self.system_map.get_or_init(|| find::system_map(&self.sources, &self.warnings)).as_ref()
    }

    pub(super) fn kallsyms(&self) -> Option<&(PathBuf, TextTables)> {
        let read = || {
            let path = self.sources.kallsyms.clone()?;
            let tables = TextTables::read(&path);
            let tables = tables.inspect_err(|error| {
                self.warnings.push(Warning::Unreadable { file: path.clone(), error: error.to_string() });
            });
            Some((path, tables.ok()?))
        };
        self.kallsyms.get_or_init(read).as_ref()
    }

    pub(super) fn module(&self, name: &str) -> Option<Rc<Binary>> {
        if let Some(known) = self.modules.borrow().get(name) {
            return known.clone();
        }
        let binary = self.files.open(&self.sources, name, &self.warnings).map(Rc::new);
        self.modules.borrow_mut().insert(name.to_owned(), binary.clone());
        binary
    }

    pub(super) fn placed(&self) -> &[Placed] {
        self.placed.get_or_init(|| placed(&self.sources))
    }

    /// Address of a symbol that there is only one of.
    fn link_address(&self, name: &str, size: Option<u64>) -> Option<u64> {
        let table = match self.kernel() {
            Some(kernel) => &kernel.table,
            None => &self.system_map()?.1.kernel,
        };
        let fits = |symbol: &&Symbol| size.is_none_or(|size| table.size(symbol).fits(size));
        let mut found = table.by_name(name.as_bytes()).filter(fits);
        let first = found.next()?;
        found.next().is_none().then_some(first.address)
    }

    pub(super) fn kernel_symbol(&self, wanted: by_symbol::Wanted<'_>) -> Answer {
        let slide = || self.slide().map(|slide| slide.offset);
        if let Some(kernel) = self.kernel() {
            let mut answer = by_symbol::in_binary(kernel, wanted);
            for place in &mut answer.candidates {
                place.address = slide().map(|slide| place.link_address.wrapping_add(slide));
            }
            return answer;
        }
        if let Some((path, tables)) = self.system_map() {
            let mut answer = by_symbol::in_text(None, &tables.kernel, path, wanted);
            for place in &mut answer.candidates {
                place.address = slide().map(|slide| place.link_address.wrapping_add(slide));
            }
            return answer;
        }
        if let Some((path, tables)) = self.kallsyms() {
            return by_symbol::at_run_time(by_symbol::in_text(None, &tables.kernel, path, wanted));
        }
        Answer { candidates: Vec::new(), unknown: Some(Unknown::NoKernel) }
    }

    /// The run-time address by the saved `/proc/kallsyms`, if there is one symbol of that name in the module.
    fn by_saved_table(&self, module: &str, place: &Location) -> Option<u64> {
        let mut found = self.kallsyms()?.1.modules.get(module)?.by_name(place.symbol.as_bytes());
        let only = found.next().filter(|_| found.next().is_none())?;
        only.address.checked_add(place.offset)
    }

    pub(super) fn module_symbol(&self, module: &str, wanted: by_symbol::Wanted<'_>) -> Answer {
        if let Some(binary) = self.module(module) {
            let mut answer = by_symbol::in_binary(&binary, wanted);
            let placed = self.placed().iter().find(|placed| placed.name == module);
            for place in &mut answer.candidates {
                let section = place.section.as_deref().and_then(|name| binary.image.find(name));
                let section = section.and_then(|index| binary.image.sections.get(index));
                let address = section.map(|section| section.address.wrapping_add(place.link_address));
                let at = |address| placed.and_then(|placed| placed.at_run_time(&binary.image, address));
                place.address = address.and_then(at).or_else(|| self.by_saved_table(module, place));
            }
            return answer;
        }
        let table = self.kallsyms().and_then(|(path, tables)| Some((path, tables.modules.get(module)?)));
        match table {
            Some((path, table)) => {
                by_symbol::at_run_time(by_symbol::in_text(Some(module), table, path, wanted))
            }
            None => {
                let unknown = Unknown::NoModule { module: module.to_owned() };
                Answer { candidates: Vec::new(), unknown: Some(unknown) }
            }
        }
    }
}
