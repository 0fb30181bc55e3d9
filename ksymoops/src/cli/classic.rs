// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--format=ksymoops`: the run of the classic output.

use std::cell::{OnceCell, RefCell};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result, bail};
use libksym::merged::{MapSources, MergedMap};
use libksym::{FileSearch, Sources};
use libmodsys::{Kernel, KmsgReader};
use liboops::report::{Kind, Report, Span, Spanned};
use liboops::{Event, panic_code, pstore, stream};
use modcli::{Level, Output, escape, os_text, without_os_error};

use super::args::{Args, is_on};
use super::session::{Outcome, UNWRITTEN};
use super::{addresses, log_file, setup, source_list};
use crate::Warning;
use crate::classic::{AddressNames, Classic, MapNames, Options, ResolverNames, Target};
use crate::decode::resolver_of;
use crate::input::{code_words, text};

/// Prints the classic output of all inputs.
///
/// # Errors
/// An option is malformed, or the output fails.
pub(super) fn run(
    args: &Args,
    kernel: &dyn Kernel,
    output: &mut Output,
    mut warnings: Vec<Warning>,
) -> Result<Outcome> {
    let options = options(args)?;
    let decoder = setup::decoder(args, kernel, &mut warnings)?;
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    banner(args, &decoder.sources, kernel, &mut out).context(UNWRITTEN)?;
    if args.debug > 0 {
        source_list::lines(&decoder.sources).iter().for_each(|line| output.always(Level::Debug, line));
    }
    let said = RefCell::new(Said { output, warnings: 0, errors: 0 });
    for warning in &warnings {
        said.borrow_mut().warn(&warning.to_string());
    }
    let map_sources = map_sources(args, &decoder.sources);
    let map = OnceCell::new();
    let read_map = || {
        Rc::clone(map.get_or_init(|| {
            let (map, warnings) = MergedMap::read(&map_sources);
            for warning in warnings {
                said.borrow_mut().warn(&warning.to_string());
            }
            if args.debug > 1 {
                said.borrow_mut().debug(&format!("symbols in the merged map: {}", map.symbols().len()));
            }
            Rc::new(MapNames::new(map.truncated(options.address_mask)))
        }))
    };
    // Sources that change, such as /proc, are to be those of the oops: with -1 they are read late.
    if !map_sources.is_empty() && !args.one_shot() {
        read_map();
    }
    let names_of = |report: Option<&Report>| -> Rc<dyn AddressNames> {
        if !map_sources.is_empty() {
            return read_map();
        }
        let no_title = Spanned { value: String::new(), span: Span::default() };
        let unknown = Report::new(Kind::Addresses, no_title);
        let resolver = resolver_of(&decoder, report.unwrap_or(&unknown));
        Rc::new(ResolverNames { resolver })
    };
    let mut classic = Classic::new(options, names_of);
    for text in &args.addresses {
        let block = addresses::block(text);
        let frames = block.iter().flat_map(|block| &block.reports).flat_map(|report| &report.frames);
        match frames.filter_map(|frame| Some(frame.place.address?.0)).collect::<Vec<_>>() {
            found if found.is_empty() => {
                said.borrow_mut().warn(&Warning::NoAddress { text: text.clone() }.to_string());
            }
            found => classic.ad_hoc(&found),
        }
    }
    let mut read = |name: &str, input: &mut dyn Read, classic: &mut Classic<'_>| -> Result<()> {
        let mut unwritten = None;
        let input = pstore::reader(input).with_context(|| name.to_owned())?;
        let (input, codes) = panic_code::reader(input);
        let end = stream(input, |mut event| {
            if let Event::Block(block) = &mut event {
                block.reports.iter_mut().for_each(|report| codes.complete(report));
            }
            if let Err(error) = classic.read(&event, &mut out) {
                unwritten = Some(error);
                return Err(io::ErrorKind::Interrupted.into());
            }
            for note in classic.take_notes() {
                said.borrow_mut().warn(&note);
            }
            if classic.is_done() { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
        });
        if let Some(error) = unwritten {
            return Err(error).context(UNWRITTEN);
        }
        if !classic.is_done() {
            end.with_context(|| name.to_owned())?;
            classic.finish(&mut out).context(UNWRITTEN)?;
        }
        for code in codes.take_new() {
            match code_words(name, &code) {
                (true, text) => said.borrow_mut().notice(&text),
                (false, text) => said.borrow_mut().warn(&text),
            }
        }
        for note in
            classic.take_notes().into_iter().chain(decoder.take_warnings().iter().map(ToString::to_string))
        {
            said.borrow_mut().warn(&note);
        }
        Ok(())
    };
    if args.dmesg {
        let mut log = KmsgReader::open().context("cannot read the kernel's log, /dev/kmsg")?;
        read("the kernel's log", &mut log, &mut classic)?;
    }
    for path in &args.files {
        let name = log_file::name(path);
        match log_file::open(path) {
            Ok(mut file) => read(&name, &mut file.reader, &mut classic)?,
            Err(error) => said.borrow_mut().error(&format!("{name}: {error}")),
        }
    }
    if args.files.is_empty() && !args.dmesg {
        let nothing: &mut dyn Read = &mut io::empty();
        let mut stdin = text(io::stdin().lock())?;
        let input = if args.addresses.is_empty() { &mut stdin } else { nothing };
        read("standard input", input, &mut classic)?;
    }
    let reports = classic.oopses();
    drop(classic);
    let summary = said.borrow().summary();
    if let Some(summary) = &summary {
        write!(out, "\n{summary}\n").context(UNWRITTEN)?;
    }
    out.flush().context(UNWRITTEN)?;
    Ok(Outcome { warned: summary.is_some(), reports })
}

/// Writes the merged map (`-s`).
///
/// # Errors
/// The file cannot be written.
pub(super) fn save_map(
    args: &Args,
    kernel: &dyn Kernel,
    file: &Path,
    warnings: &mut Vec<Warning>,
) -> Result<()> {
    let sources = super::sources::sources(args, kernel)?;
    let (map, found) = MergedMap::read(&map_sources(args, &sources));
    warnings.extend(found.into_iter().map(Warning::from));
    let wide = map.symbols().last().is_some_and(|last| last.address > u64::from(u32::MAX));
    let write = || -> io::Result<()> {
        let mut out = BufWriter::new(File::create(file)?);
        map.write(&mut out, if wide { 16 } else { 8 })?;
        out.flush()
    };
    write().with_context(|| format!("cannot write {}", os_text(file)))
}

/// Prints warnings and counts them.
struct Said<'o> {
    output: &'o mut Output,
    warnings: u64,
    errors: u64,
}

impl Said<'_> {
    /// The last line of the output: `2 warnings and 1 error issued.  Results may not be reliable.` `None` if
    /// there was nothing.
    fn summary(&self) -> Option<String> {
        let counted = |count: u64, what: &str| match count {
            0 => None,
            1 => Some(format!("1 {what}")),
            _ => Some(format!("{count} {what}s")),
        };
        let counts = [counted(self.warnings, "warning"), counted(self.errors, "error")];
        let counts: Vec<String> = counts.into_iter().flatten().collect();
        let said = counts.join(" and ");
        (!counts.is_empty()).then(|| format!("{said} issued.  Results may not be reliable."))
    }

    fn debug(&mut self, text: &str) {
        self.output.always(Level::Debug, text);
    }

    fn notice(&mut self, text: &str) {
        self.output.always(Level::Notice, text);
    }

    fn warn(&mut self, text: &str) {
        self.warnings = self.warnings.saturating_add(1);
        self.output.always(Level::Warning, without_os_error(text));
    }

    fn error(&mut self, text: &str) {
        self.errors = self.errors.saturating_add(1);
        self.output.error(without_os_error(text));
    }
}

fn map_sources(args: &Args, sources: &Sources) -> MapSources {
    let mut map = MapSources::default();
    map.vmlinux = sources.vmlinux.clone().filter(|_| sources.discover.kernel != FileSearch::Nowhere);
    map.ksyms.clone_from(&sources.kallsyms);
    map.system_map.clone_from(&sources.system_map);
    map.modules.clone_from(&sources.modules);
    map.modules_text.clone_from(&sources.modules_text);
    map.ignore_insmod_paths = is_on(args.ignore_insmod_path);
    map.ignore_insmod = is_on(args.ignore_insmod_all);
    map
}

fn options(args: &Args) -> Result<Options> {
    let target = match (args.target.last(), args.architecture.last()) {
        (None, None) => None,
        (name, architecture) => {
            match Target::find(name.map(String::as_str), architecture.map(String::as_str)) {
                Some(target) => Some(target),
                None => bail!("no such target or architecture; -t ? and -a ? list them"),
            }
        }
    };
    let bits = args.truncate.last().copied().unwrap_or(0);
    let mask = u32::try_from(bits).ok().filter(|bits| (1..64).contains(bits));
    Ok(Options {
        long_lines: is_on(args.short_lines),
        swap_endian: is_on(args.endian_swap),
        decimal: is_on(args.hex),
        address_mask: mask
            .and_then(|bits| 1_u64.checked_shl(bits))
            .map_or(u64::MAX, |bit| bit.wrapping_sub(1)),
        target,
        one_shot: args.one_shot(),
    })
}

/// Which sources are used, and what was asked for.
fn banner(args: &Args, sources: &Sources, kernel: &dyn Kernel, out: &mut dyn Write) -> io::Result<()> {
    let machine = std::env::consts::ARCH;
    let release = kernel.release().unwrap_or_default();
    writeln!(out, "ksymoops {} on {machine} {release}.  Options used", env!("CARGO_PKG_VERSION"))?;
    let path = |path: Option<&PathBuf>| path.map(os_text).into_iter().collect::<Vec<_>>();
    let objects = sources.modules.iter().map(os_text).collect();
    let no_lsmod = args.no_lsmod || args.lsmod.is_empty();
    let lsmod = if no_lsmod { Vec::new() } else { path(args.lsmod.last()) };
    for (letter, files, specified) in [
        ('v', path(sources.vmlinux.as_ref()), !args.vmlinux.is_empty() || args.no_vmlinux),
        ('k', path(sources.kallsyms.as_ref()), !args.ksyms.is_empty() || args.no_ksyms),
        ('l', lsmod, !args.lsmod.is_empty() || args.no_lsmod),
        ('o', objects, !args.object.is_empty() || args.no_object),
        ('m', path(sources.system_map.as_ref()), !args.system_map.is_empty() || args.no_system_map),
    ] {
        write!(out, "    ")?;
        if files.is_empty() {
            write!(out, " -{}", letter.to_ascii_uppercase())?;
        }
        for file in files {
            write!(out, " -{letter} {}", escape::line(&file))?;
        }
        writeln!(out, " ({})", if specified { "specified" } else { "default" })?;
    }
    let mut toggles: Vec<String> = [
        ("-S", is_on(args.short_lines)),
        ("-e", is_on(args.endian_swap)),
        ("-x", is_on(args.hex)),
        ("-1", args.one_shot()),
        ("-i", is_on(args.ignore_insmod_path)),
        ("-I", is_on(args.ignore_insmod_all)),
    ]
    .into_iter()
    .filter(|(_, given)| *given)
    .map(|(letter, _)| letter.to_owned())
    .collect();
    toggles.extend(args.truncate.last().filter(|&&bits| bits != 0).map(|bits| format!("-T {bits}")));
    toggles.extend(args.target.last().map(|target| format!("-t {target}")));
    toggles.extend(args.architecture.last().map(|architecture| format!("-a {architecture}")));
    if !toggles.is_empty() {
        writeln!(out, "     {}", escape::line(&toggles.join(" ")))?;
    }
    writeln!(out)
}
