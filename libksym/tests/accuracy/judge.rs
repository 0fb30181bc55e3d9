// SPDX-License-Identifier: MIT OR Apache-2.0
//! Our answers and those of other tools, and how they differ.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use libksym::{FileSearch, Frame, KaslrHint, Location, Query, Resolver, Sources};
use modtest::calls::ReturnAddress;

/// Function, file and line, the innermost first.
pub type Chain = Vec<(String, String, u32)>;

/// Our chain for each candidate.
pub type Candidates = Vec<Chain>;

/// A tool and its answers.
pub type Reference = (&'static str, Vec<Chain>);

fn answers(sources: Sources, queries: &[Query]) -> Vec<Candidates> {
    let resolver = Resolver::new(sources);
    let answers = resolver.symbolize_all(queries);
    assert_eq!(resolver.take_warnings(), []);
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "??".to_owned());
    let frame = |frame: &Frame| (text(&frame.function), text(&frame.file), frame.line.unwrap_or(0));
    let chain = |place: &Location| place.frames.iter().map(frame).collect();
    answers.iter().map(|answer| answer.candidates.iter().map(chain).collect()).collect()
}

pub fn ours_of_kernel(vmlinux: &Path, places: &[ReturnAddress]) -> Vec<Candidates> {
    let mut sources = Sources::new(FileSearch::Named);
    sources.vmlinux = Some(vmlinux.to_owned());
    sources.kaslr = KaslrHint::known(0);
    let query = |place: &ReturnAddress| Query::address(place.address).returning();
    answers(sources, &places.iter().map(query).collect::<Vec<_>>())
}

pub fn ours_of_module(module: &Path, places: &[ReturnAddress]) -> Vec<Candidates> {
    let mut sources = Sources::new(FileSearch::Named);
    sources.modules = vec![module.to_owned()];
    let name = module.file_name().unwrap().to_str().unwrap().split('.').next().unwrap();
    let query = |place: &ReturnAddress| {
        Query::symbol(Some(name), &place.symbol, place.offset, Some(place.size)).returning()
    };
    answers(sources, &places.iter().map(query).collect::<Vec<_>>())
}

fn run(command: &mut Command, input: &str) -> String {
    let program = command.get_program().to_owned();
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

pub fn llvm(file: &Path, places: &[ReturnAddress]) -> Reference {
    let input: String = places.iter().map(|place| format!("{:#x}\n", place.address - 1)).collect();
    let mut command = Command::new("llvm-symbolizer");
    command
        .args(["--inlines", "--functions=linkage", "--no-demangle"])
        .arg(format!("--obj={}", file.display()));
    let output = run(&mut command, &input);
    let chains: Vec<_> = output.split("\n\n").filter(|block| !block.is_empty()).map(chain).collect();
    assert_eq!(chains.len(), places.len());
    ("LLVM", chains)
}

pub fn elfutils(file: &Path, places: &[ReturnAddress]) -> Reference {
    let is_module = file.extension().is_some_and(|extension| extension == "ko");
    let mut by_section: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, place) in places.iter().enumerate() {
        by_section.entry(if is_module { &place.section } else { "" }).or_default().push(index);
    }
    let mut chains = vec![Chain::new(); places.len()];
    for (section, indexes) in by_section {
        let input: String =
            indexes.iter().map(|&index| format!("{:#x}\n", places[index].address - 1)).collect();
        let mut command = Command::new("eu-addr2line");
        command.args(["-a", "-f", "-i", "-e"]).arg(file);
        if !section.is_empty() {
            command.args(["-j", section]);
        }
        let output = run(&mut command, &input);
        let blocks: Vec<_> = format!("\n{output}").split("\n0x").skip(1).map(str::to_owned).collect();
        assert_eq!(blocks.len(), indexes.len());
        for (index, block) in indexes.into_iter().zip(blocks) {
            chains[index] = chain(block.split_once('\n').unwrap().1);
        }
    }
    ("elfutils", chains)
}

/// Pairs of lines: function, and `file:line:column`.
fn chain(block: &str) -> Chain {
    let lines: Vec<_> = block.lines().filter(|line| !line.is_empty()).collect();
    let pair = |pair: &[&str]| {
        let function = pair[0].split(" inlined at ").next().unwrap().to_owned();
        let place = pair[1].split(" (discriminator").next().unwrap();
        let mut parts = place.rsplitn(3, ':').collect::<Vec<_>>();
        parts.reverse();
        // Without a column there are two parts, unless the file's name has a colon.
        let (file, line) = match parts[..] {
            [file, line, _] => (file, line),
            [file, line] => (file, line),
            _ => (place, "0"),
        };
        (function, clean(file), line.parse().unwrap_or(0))
    };
    lines.chunks_exact(2).map(pair).collect()
}

fn clean(file: &str) -> String {
    let names: Vec<_> = file.split('/').filter(|name| !name.is_empty() && *name != ".").collect();
    format!("{}{}", if file.starts_with('/') { "/" } else { "" }, names.join("/"))
}

/// The reason why an answer differs from a tool's and is right all the same.
fn class(place: &ReturnAddress, ours: &[Chain], theirs: &Chain) -> Option<&'static str> {
    if ours.len() > 1 {
        let among = ours.contains(theirs);
        return among.then_some("several functions of that name and size: all are listed, theirs among them");
    }
    let ours = ours.first()?;
    let (ours_last, rest) = ours.split_last()?;
    let (theirs_last, theirs_rest) = theirs.split_last()?;
    let same_place = (&ours_last.1, ours_last.2) == (&theirs_last.1, theirs_last.2) && rest == theirs_rest;
    if same_place && theirs_last.0 == "??" && ours_last.0 == place.symbol {
        return Some("no function in DWARF: the name is the symbol's");
    }
    if same_place && theirs_last.0.strip_prefix(&ours_last.0).is_some_and(|rest| rest.starts_with('.')) {
        return Some("LLVM names the symbol (a part or clone), not DWARF's function");
    }
    None
}

/// Prints the shares and the differences by reason. Returns an error if too many differ, or if one
/// differs without a known reason.
pub fn report(
    what: &str,
    places: &[ReturnAddress],
    ours: &[Candidates],
    references: &[Reference],
    least: usize,
) -> Result<(), String> {
    assert!(!references.is_empty() && !places.is_empty() && ours.len() == places.len());
    let is_equal = |ours: &Candidates, theirs: &Chain| matches!(&ours[..], [one] if one == theirs);
    for (tool, theirs) in references {
        let equal = ours.iter().zip(theirs).filter(|(ours, theirs)| is_equal(ours, theirs)).count();
        println!("{what}: {equal} of {} equal to {tool}", ours.len());
    }
    let (mut equal, mut classes, mut unexplained) = (0, BTreeMap::<_, usize>::new(), 0);
    for (index, (place, ours)) in places.iter().zip(ours).enumerate() {
        if references.iter().any(|(_, theirs)| is_equal(ours, &theirs[index])) {
            equal += 1;
            continue;
        }
        if let Some(class) = references.iter().find_map(|(_, theirs)| class(place, ours, &theirs[index])) {
            *classes.entry(class).or_default() += 1;
            continue;
        }
        unexplained += 1;
        println!("{}+{:#x} ({} {:#x})", place.symbol, place.offset, place.section, place.address);
        println!("  ours     {ours:?}");
        for (tool, theirs) in references {
            println!("  {tool:8} {:?}", theirs[index]);
        }
    }
    println!("{what}: {equal} of {} equal to at least one of them", ours.len());
    classes.iter().for_each(|(class, count)| println!("{what}: {count} differ: {class}"));
    println!("{what}: {unexplained} differ without a known reason");
    if equal * 1000 < ours.len() * least {
        return Err(format!("{what}: {equal} of {} are equal", ours.len()));
    }
    if unexplained > 0 {
        return Err(format!("{what}: {unexplained} differ without a known reason"));
    }
    Ok(())
}
