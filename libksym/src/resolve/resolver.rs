// SPDX-License-Identifier: MIT OR Apache-2.0
//! The resolver: queries in, answers out.

use std::path::{Path, PathBuf};

use libmodfmt::elf::Machine;

use super::function_code::FunctionCode;
use super::open_files::OpenFiles;
use super::symbol_match::SymbolPlace;
use super::{by_address, by_symbol, disassemble, function_code};
use crate::answer::{Answer, Location};
use crate::caller::CallerState;
use crate::code::{CodeError, Listing};
use crate::image::Image;
use crate::kaslr_hint::KaslrOffset;
use crate::machine_state::MachineState;
use crate::query::Query;
use crate::sources::Sources;
use crate::symbols_and_debug::Binary;
use crate::variable::Variable;
use crate::warning::Warning;

/// The rest of a larger `.BTF` section is not read: that of a kernel has 5 MB.
const MAX_BTF_BYTES: u64 = 64 << 20;

/// `EM_X86_64`.
const MACHINE_X86_64: Machine = Machine(62);

/// Answers queries from its sources.
#[derive(Debug)]
pub struct Resolver {
    files: OpenFiles,
}

/// Where a symbol of the kernel was linked and where it was at run time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SymbolAddresses {
    /// The linked address, if exactly one symbol has the name.
    pub linked: Option<u64>,
    /// The run-time address, once for each source that implies one: first the report's addresses with
    /// symbols, then the saved `/proc/kallsyms`. They may contradict each other.
    pub run_time: Vec<u64>,
}

impl Resolver {
    /// Takes note of the sources; reads nothing yet.
    #[must_use]
    pub fn new(sources: Sources) -> Self {
        Self { files: OpenFiles::new(sources) }
    }

    /// Answers one query.
    #[must_use]
    pub fn symbolize(&self, query: &Query) -> Answer {
        match query {
            Query::Address { address, is_return } => by_address::symbolize(&self.files, *address, *is_return),
            Query::Symbol { module, name, offset, size, is_return } => {
                let place = SymbolPlace { name, offset: *offset, size: *size, is_return: *is_return };
                match module {
                    None => by_symbol::kernel_symbol(&self.files, place),
                    Some(module) => by_symbol::module_symbol(&self.files, &module.replace('-', "_"), place),
                }
            }
        }
    }

    /// Answers many queries, in their order; faster than one by one.
    #[must_use]
    pub fn symbolize_all(&self, queries: &[Query]) -> Vec<Answer> {
        // Neighbours are in one compilation unit, which is then read once.
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
                let kernel = self.files.kernel();
                let symbol = kernel.and_then(|kernel| kernel.table.by_name(name.as_bytes()).next());
                (String::new(), symbol.map_or(0, |symbol| symbol.address))
            }
            Query::Symbol { module: Some(module), .. } => (module.clone(), 0),
        }
    }

    /// How far the kernel was moved at boot, and where that is from; `None` if no source says so.
    #[must_use]
    pub fn kaslr_offset(&self) -> Option<KaslrOffset> {
        self.files.kaslr_offset()
    }

    /// Where a symbol of the kernel was linked, and where it was at run time according to the report's
    /// addresses with symbols ([`KaslrHint::pairs`](crate::KaslrHint::pairs)) and to the saved
    /// `/proc/kallsyms`.
    ///
    /// For telling boots apart: a record of another boot has other run-time addresses. The rest of
    /// [`KaslrHint`](crate::KaslrHint) plays no part.
    #[must_use]
    pub fn symbol_addresses(&self, symbol: &str) -> SymbolAddresses {
        let linked = self.files.link_address(symbol, None);
        let moved = self.files.kaslr_offset_by_pairs();
        let by_pairs = linked.zip(moved).map(|(linked, moved)| linked.wrapping_add(moved));
        let by_kallsyms = self.files.kallsyms().and_then(|(_, tables)| {
            let mut found = tables.kernel.by_name(symbol.as_bytes());
            found.next().filter(|_| found.next().is_none()).map(|symbol| symbol.address)
        });
        SymbolAddresses { linked, run_time: by_pairs.into_iter().chain(by_kallsyms).collect() }
    }

    /// The bytes of the `.BTF` section of the kernel's file, or of its debug file.
    #[must_use]
    pub fn kernel_btf(&self) -> Option<Vec<u8>> {
        let kernel = self.files.kernel()?;
        let types = |image: &Image| {
            let bytes = image.read_raw(image.find(".BTF")?, 0, MAX_BTF_BYTES).ok()?;
            (!bytes.is_empty()).then_some(bytes)
        };
        types(&kernel.image).or_else(|| types(kernel.line_image()?))
    }

    /// The value of an option that the kernel was built with: `0xdfff800000000000` for
    /// `CONFIG_KASAN_SHADOW_OFFSET`. `None` if it is not set, or the configuration is not known for certain:
    /// it is taken from the kernel's file, or from a file `config-RELEASE` beside that or in `/boot`.
    #[must_use]
    pub fn kernel_option(&self, name: &str) -> Option<&str> {
        let values =
            self.files.kernel_config()?.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        values.map(|value| value.trim().trim_matches('"')).next()
    }

    /// The code of the function that a place of an answer is in; `None` if no file has it.
    #[must_use]
    pub fn function_code(&self, place: &Location) -> Option<FunctionCode> {
        function_code::read(&self.files, place)
    }

    /// Disassembles the code around a place of an answer, as the file has it: at least the instruction at the
    /// place, which is the marked one, and up to `before` and `after` more bytes of its function. The running
    /// kernel may have patched its code. What a module's code refers to is named by its relocations.
    ///
    /// # Errors
    /// No file has the code, or there is no disassembler for it.
    pub fn disassemble(&self, place: &Location, before: usize, after: usize) -> Result<Listing, CodeError> {
        disassemble::around(&self.files, place, before, after)
    }

    /// The parameters and local variables of the function that a place of an answer is in, and of what is
    /// inlined at that instruction, the innermost function first, by what is known of the processor there.
    /// Empty without debug information.
    #[must_use]
    pub fn variables(&self, place: &Location, state: &dyn MachineState) -> Vec<Variable> {
        let of = |binary: &Binary, run_time: &dyn Fn(&Image, u64) -> Option<u64>| {
            binary.variables(image_address(binary, place), state, run_time)
        };
        match &place.module {
            None => {
                let moved = self.files.kaslr_offset().map(|offset| offset.bytes);
                let run_time = |image: &Image, address: u64| {
                    is_one_for_all(image, address).then_some(address.wrapping_add(moved?))
                };
                self.files.kernel().map(|kernel| of(kernel, &run_time)).unwrap_or_default()
            }
            Some(module) => {
                let run_time = |image: &Image, address: u64| {
                    let mut memory = self.files.module_memory().iter();
                    let memory = memory.find(|memory| memory.module == *module)?;
                    // The first byte behind a section is not where the next one begins.
                    let is_end = image.sections().iter().any(|section| section.ends_at(address));
                    let is_certain = is_one_for_all(image, address) && !is_end;
                    is_certain.then(|| memory.run_time_address(image, address))?
                };
                self.files.module(module).map(|binary| of(&binary, &run_time)).unwrap_or_default()
            }
        }
    }

    /// What the caller of the function that a place of an answer is in has in its registers, by the
    /// function's unwind information and what is known of the processor at the place. On x86-64 only; `None`
    /// also where the file has no such information.
    ///
    /// The caller is where the function returns to, if it was called; the state there is one of the call
    /// instruction ([`Location::of_call`]), and may be used for the [`variables`](Self::variables) there and
    /// for the next caller.
    #[must_use]
    pub fn caller(&self, place: &Location, state: &dyn MachineState) -> Option<CallerState> {
        let of = |binary: &Binary| {
            let is_x86_64 = binary.image.machine().0 == MACHINE_X86_64;
            is_x86_64.then(|| binary.caller(image_address(binary, place), state))?
        };
        match &place.module {
            None => of(self.files.kernel()?),
            Some(module) => of(&*self.files.module(module)?),
        }
    }

    /// Whether the file with a place has the build id that the sources name ([`Sources::build_id`],
    /// [`LoadedModule::build_id`](crate::LoadedModule::build_id)); `None` if they name none. A file without a
    /// build id is taken by its release, which does not prove that it is what ran.
    #[must_use]
    pub fn is_named_build(&self, place: &Location) -> Option<bool> {
        self.files.is_named_build(place.module.as_deref())
    }

    /// The files of a module that are of the right build: first the one with its debug information, then
    /// the one with its symbols if that is another.
    #[must_use]
    pub fn module_files(&self, module: &str) -> Vec<PathBuf> {
        let Some(binary) = self.files.module(&module.replace('-', "_")) else { return Vec::new() };
        let mut files: Vec<_> =
            binary.line_image().map(|image| image.path().to_owned()).into_iter().collect();
        if !files.iter().any(|file| file == binary.path()) {
            files.push(binary.path().to_owned());
        }
        files
    }

    /// Returns where a path of the machine of the report is: see [`below_root`](crate::files::below_root).
    #[must_use]
    pub fn below_root(&self, path: &Path) -> PathBuf {
        self.files.below_root(path)
    }

    /// Takes the warnings since the last call. Each is returned once in the life of the resolver.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<Warning> {
        self.files.warnings.take()
    }
}

/// Where in the file of its code a place is.
fn image_address(binary: &Binary, place: &Location) -> u64 {
    let section = place.section.as_ref().and_then(|name| binary.image.section(name));
    let base = section.filter(|_| binary.image.is_relocatable()).map_or(0, |section| section.address);
    place.link_address.wrapping_add(base)
}

/// Whether what is at an address is there once, not for each processor.
fn is_one_for_all(image: &Image, address: u64) -> bool {
    image.section_at(address).is_some_and(|section| !section.name.starts_with(".data..percpu"))
}
