// SPDX-License-Identifier: MIT OR Apache-2.0
//! Generated pairs of structures: what C reads from the converted bytes is what it read before.

use std::fmt::Write;
use std::io::Write as _;
use std::process::{Command, Stdio};

use libmodfmt::convert::{Decision, Move, Moves, Request, decide};
use libmodfmt::elf::{ByteOrder, Class};

use super::compiled::{NEW, OLD, compilers, variables};

/// Structures in one source file.
const STRUCTURES: usize = 40;

/// Numbers that look random and repeat.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

/// A field: its name is its number.
#[derive(Clone)]
enum Kind {
    /// Signed, bytes.
    Number(bool, u64),
    /// Signed, bits.
    Bits(bool, u64),
    Array(Box<Kind>, u64),
    Text(u64),
    Enumeration,
    Structure(Vec<(u64, Kind)>),
    /// Its fields are those of the structure around it.
    Anonymous(Vec<(u64, Kind)>),
}

fn kind(numbers: &mut Numbers, depth: u32) -> Kind {
    let signed = numbers.next(2) == 0;
    match numbers.next(if depth == 0 { 6 } else { 9 }) {
        0..3 => Kind::Number(signed, 1 << numbers.next(4)),
        3 => Kind::Bits(signed, 1 + numbers.next(30)),
        4 => Kind::Text(1 + numbers.next(9)),
        5 => Kind::Enumeration,
        6 => Kind::Array(Box::new(kind(numbers, depth - 1)).unbitten(), 1 + numbers.next(4)),
        7 => Kind::Structure(fields(numbers, depth - 1)),
        _ => Kind::Anonymous(fields(numbers, depth - 1)),
    }
}

trait Unbitten {
    fn unbitten(self) -> Self;
}

impl Unbitten for Box<Kind> {
    /// There are no arrays of bit-fields or of what has no name.
    fn unbitten(self) -> Self {
        match *self {
            Kind::Bits(signed, _) => Box::new(Kind::Number(signed, 4)),
            Kind::Anonymous(fields) => Box::new(Kind::Structure(fields)),
            _ => self,
        }
    }
}

fn fields(numbers: &mut Numbers, depth: u32) -> Vec<(u64, Kind)> {
    let count = 1 + numbers.next(5);
    (0..count).map(|_| (numbers.next(1 << 40), kind(numbers, depth))).collect()
}

/// A later version: wider, longer, in another order, with more in between.
fn later(numbers: &mut Numbers, old: &Kind) -> Kind {
    let wider = numbers.next(2) == 0;
    match old {
        Kind::Number(signed, size) if wider && *size < 8 => Kind::Number(*signed, size * 2),
        Kind::Bits(signed, bits) if wider => Kind::Bits(*signed, bits + numbers.next(3)),
        Kind::Text(size) => Kind::Text(size + numbers.next(4)),
        Kind::Array(element, count) => {
            Kind::Array(Box::new(later(numbers, element)), count + numbers.next(3))
        }
        Kind::Structure(fields) => Kind::Structure(later_fields(numbers, fields)),
        Kind::Anonymous(fields) => Kind::Anonymous(later_fields(numbers, fields)),
        other => other.clone(),
    }
}

fn later_fields(numbers: &mut Numbers, old: &[(u64, Kind)]) -> Vec<(u64, Kind)> {
    let mut new: Vec<_> = old.iter().map(|(name, kind)| (*name, later(numbers, kind))).collect();
    for _ in 0..numbers.next(3) {
        new.push((numbers.next(1 << 40), kind(numbers, 1)));
    }
    for at in 1..new.len() {
        if numbers.next(3) == 0 {
            new.swap(at - 1, at);
        }
    }
    new
}

fn declare(kind: &Kind, name: &str) -> String {
    match kind {
        Kind::Number(signed, size) => {
            let of = ["", "char", "short", "", "int", "", "", "", "long"][*size as usize];
            format!("{} {of} {name};", if *signed { "signed" } else { "unsigned" })
        }
        Kind::Bits(signed, bits) => {
            format!("{} int {name} : {};", if *signed { "signed" } else { "unsigned" }, bits.min(&32))
        }
        Kind::Text(size) => format!("char {name}[{size}];"),
        Kind::Enumeration => format!("enum e {name};"),
        Kind::Array(element, count) => declare(element, &format!("{name}[{count}]")),
        Kind::Structure(fields) => format!("struct {{ {} }} {name};", declare_all(fields)),
        Kind::Anonymous(fields) => format!("struct {{ {} }};", declare_all(fields)),
    }
}

fn declare_all(fields: &[(u64, Kind)]) -> String {
    fields.iter().map(|(name, kind)| declare(kind, &format!("f{name}"))).collect()
}

/// Statements that print the fields of the old version, by their paths.
fn print(kind: &Kind, path: &str, out: &mut String) {
    match kind {
        Kind::Number(..) | Kind::Bits(..) => {
            let _ = write!(out, "printf(\"{path} %lld\\n\", (long long){path});");
        }
        Kind::Text(size) => {
            let _ = write!(out, "printf(\"{path} %.{size}s\\n\", {path});");
        }
        Kind::Enumeration => {
            let _ = write!(
                out,
                "printf(\"{path} %s\\n\", {path} == ONE ? \"one\" : {path} == TWO ? \"two\" : \"?\");"
            );
        }
        Kind::Array(element, count) => {
            (0..*count).for_each(|index| print(element, &format!("{path}[{index}]"), out));
        }
        Kind::Structure(fields) | Kind::Anonymous(fields) => {
            fields.iter().for_each(|(name, inner)| match inner {
                Kind::Anonymous(_) => print(inner, path, out),
                _ => print(inner, &format!("{path}.f{name}"), out),
            })
        }
    }
}

/// Statements that give values to the fields.
fn fill(kind: &Kind, path: &str, numbers: &mut Numbers, out: &mut String) {
    match kind {
        Kind::Number(..) | Kind::Bits(..) => {
            let _ = write!(out, "{path} = {}ull;", numbers.next(u64::MAX));
        }
        Kind::Text(size) => {
            let text = &"abcdefgh"[..numbers.next(*size + 1).min(8) as usize];
            let _ = write!(out, "strncpy({path}, \"{text}\", {size});");
        }
        Kind::Enumeration => {
            let _ = write!(out, "{path} = {};", ["ONE", "TWO"][numbers.next(2) as usize]);
        }
        Kind::Array(element, count) => {
            (0..*count).for_each(|index| fill(element, &format!("{path}[{index}]"), numbers, out));
        }
        Kind::Structure(fields) | Kind::Anonymous(fields) => {
            fields.iter().for_each(|(name, inner)| match inner {
                Kind::Anonymous(_) => fill(inner, path, numbers, out),
                _ => fill(inner, &format!("{path}.f{name}"), numbers, out),
            })
        }
    }
}

/// A program that fills the structures (or reads them from its input), writes them to standard error, and
/// prints the fields of the old version.
fn program(structures: &[Kind], enumeration: &str, begin: &str, body: &str) -> String {
    let mut source = format!("#include <stdio.h>\n#include <string.h>\nenum e {{ {enumeration} }};\n");
    for (index, structure) in structures.iter().enumerate() {
        let Kind::Structure(fields) = structure else { panic!() };
        let _ = writeln!(source, "struct s{index} {{ {} }} x{index};", declare_all(fields));
    }
    let _ = write!(source, "int main(void) {{ {begin}\n{body}\n");
    for index in 0..structures.len() {
        let _ = write!(source, "fwrite(&x{index}, sizeof x{index}, 1, stderr);");
    }
    source + "return 0; }\n"
}

fn run(compiler: &str, source: &str, input: &[u8]) -> (String, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let (path, binary) = (folder.path().join("x.c"), folder.path().join("x"));
    std::fs::write(&path, source).unwrap();
    let built = Command::new(compiler).args(["-w", "-o"]).arg(&binary).arg(&path).output().unwrap();
    assert!(built.status.success(), "{source}\n{}", String::from_utf8_lossy(&built.stderr));
    let mut child = Command::new(&binary)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    (String::from_utf8(output.stdout).unwrap(), output.stderr)
}

fn carried_through(compiler: &str, seed: u64) {
    let mut numbers = Numbers(seed);
    let old: Vec<Kind> = (0..STRUCTURES).map(|_| Kind::Structure(fields(&mut numbers, 3))).collect();
    let new: Vec<Kind> = old.iter().map(|kind| later(&mut numbers, kind)).collect();
    let (mut prints, mut fills, mut reads) = (String::new(), String::new(), String::new());
    for (index, structure) in old.iter().enumerate() {
        fill(structure, &format!("x{index}"), &mut numbers, &mut fills);
        print(structure, &format!("x{index}"), &mut prints);
        let _ = write!(reads, "fread(&x{index}, sizeof x{index}, 1, stdin);");
    }
    let before = program(&old, "ONE = 1, TWO", &fills, &prints);
    let after = program(&new, "ZERO, MORE, ONE, TWO", &reads, &prints);
    let names: Vec<String> = (0..STRUCTURES).map(|index| format!("x{index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (old_variables, new_variables) =
        (variables(compiler, &before, &names), variables(compiler, &after, &names));
    let (printed, mut kept) = run(compiler, &before, &[]);
    let mut input = Vec::new();
    for (name, (old, new)) in names.iter().zip(old_variables.iter().zip(&new_variables)) {
        let rest = kept.split_off(old.bytes.len());
        let bytes = std::mem::replace(&mut kept, rest);
        let mut request = Request::new(name, old.side(), new.side(), ByteOrder::Little, Class::Elf64);
        (request.kept, request.align, request.new_align) = (Some(&bytes[..]), new.align, new.align);
        let mut converted = match decide(&request).unwrap() {
            Decision::Converts(plan) => {
                let own = Move { variable: name, old_address: OLD, new_address: Some(NEW), plan: &plan };
                plan.apply(&bytes, &[], 0, &Moves::new(vec![own], vec![])).unwrap().bytes
            }
            // What stays where it is has the same bytes, and zeros behind them.
            _ => bytes.clone(),
        };
        converted.resize(new.bytes.len(), 0);
        input.extend(converted);
    }
    let (read, _) = run(compiler, &after, &input);
    for (before, after) in printed.lines().zip(read.lines()) {
        assert_eq!(before, after, "{compiler}, seed {seed}");
    }
    assert_eq!(printed.lines().count(), read.lines().count());
}

#[test]
fn c_reads_the_same_values() {
    for compiler in compilers() {
        for seed in 1..=3_u64 {
            carried_through(compiler, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
    }
}
