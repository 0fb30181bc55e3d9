// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist show`: the text, JSON, and what gdb says of the same bytes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command as Process;

use libmodfmt::types::{Type, TypeId};
use libmodsys::BootIdentity;
use modpersist::{Args, Command, ShowArgs};
use modtest::hostile::{NAME, assert_harmless};
use modtest::{FakeKernel, FakeModule};
use serde_json::Value;

use super::compiled::{Compiled, compiled, module};

const NAMES: [&str; 11] = [
    "stats",
    "table",
    "samples",
    "hashed",
    "sorted",
    "best",
    "anything",
    "counters",
    "full",
    "modes",
    "held_sample",
];
const HEAP: u64 = 0xffff_8880_0123_4000;

fn show(kernel: &FakeKernel, args: ShowArgs) -> String {
    let mut out = Vec::new();
    if let Err(error) = modpersist::run(&Args { command: Command::Show(args) }, kernel, &mut out) {
        // As the program prints it.
        modcli::escape::write_line(&mut out, format_args!("{error:#}")).unwrap();
    }
    String::from_utf8(out).unwrap()
}

fn args() -> ShowArgs {
    ShowArgs::of("values")
}

fn path(path: &str) -> ShowArgs {
    ShowArgs { path: Some(path.to_owned()), ..args() }
}

fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

/// A kernel with lists, a tree and pointers of each kind.
fn kernel() -> (Compiled, FakeKernel) {
    let mut compiled = compiled(&NAMES);
    let (samples, stats) = (compiled.address("samples"), compiled.address("stats"));
    // Three samples: node, value, by_value, by_hash, each of 64 bytes.
    let at = |index: u64| HEAP + index * 64;
    let (by_value, by_hash) = (24, 48);
    compiled.set("samples", 0, at(0));
    compiled.set("samples", 8, at(2));
    compiled.set("hashed", 0, at(1) + by_hash);
    compiled.set("sorted", 0, at(1) + by_value);
    compiled.set("best", 0, at(2));
    compiled.set("anything", 0, stats + 8);
    compiled.set("counters", 0, 0x6b6b_6b6b_6b6b_6b6b);
    compiled.set("held_sample", 0, 12_u64.wrapping_neg());
    let read = compiled.contents[0].len() - 16;
    compiled.set("stats", read, 0xffff_ffff_c000_0100);
    compiled.set("stats", read + 8, 0x7fff_0000_1000);
    let kernel = compiled.kernel();
    let sample =
        |next, previous, value, right, left, hash| words(&[next, previous, value, 0, right, left, hash, 0]);
    let all = [
        sample(at(1), samples, 10, 0, 0, 0),
        sample(at(2), at(0), 20, at(2) + by_value, at(0) + by_value, at(2) + by_hash),
        sample(samples, at(1), 30, 0, 0, 0),
    ];
    kernel.set(|settings| {
        settings.memory.insert(HEAP, all.concat());
        settings.kallsyms = b"ffffffff81000000 T _text\nffffffff82000000 B _end\n\
            ffffffffc0000100 t foo_read\t[foo]\n"
            .to_vec();
    });
    let mut foo = FakeModule::new("foo");
    foo.size = 0x4000;
    kernel.add(foo);
    (compiled, kernel)
}

fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == text, "{name} differs; SNAPSHOTS=overwrite writes it anew:\n{text}");
}

#[test]
fn text_of_all_variables() {
    let (_compiled, kernel) = kernel();
    let plain = show(&kernel, args());
    golden("show.txt", &plain);
    let followed = show(&kernel, ShowArgs { follow: Some(16), ..args() });
    golden("show-follow.txt", &followed);
    for text in [&plain, &followed] {
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
    let wide = show(&kernel, ShowArgs { wide: true, ..args() });
    assert!(wide.lines().any(|line| line.len() > 80), "{wide}");
    let joined = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(joined(&wide), joined(&plain));
}

#[test]
fn json_of_all_variables() {
    let (_compiled, kernel) = kernel();
    let text = show(&kernel, ShowArgs { json: true, follow: Some(16), ..args() });
    golden("show.json", &text);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["schema"], 1);
}

#[test]
fn parts_are_selected() {
    let (_compiled, kernel) = kernel();
    let value = |selected: &str| {
        let text = show(&kernel, path(selected));
        text.lines().nth(1).unwrap_or(&text).trim().to_owned()
    };
    assert_eq!(value("stats.count"), "long long unsigned int = 9223372036854775808");
    assert_eq!(value("values.c:stats.name"), "char[12] = \"a\\x00b\\\"\\x1b\"");
    assert_eq!(value("stats.points[19].y"), "int = 8");
    assert_eq!(value("stats.pairs[1]"), "short int[2] = {2, -2}");
    assert_eq!(value("stats.pairs[1][1]"), "short int = -2");
    assert_eq!(value("stats.bits.over"), "unsigned int:27 = 89478485");
    assert_eq!(value("stats.bits.sign"), "long long int:40 = -3");
    assert_eq!(value("stats.word"), "long int = 16706", "of an anonymous union");
    assert_eq!(value("best->value"), "long int = 30");
    assert_eq!(value("best->node.prev->next->prev"), format!("struct list_head * = {:#x}", HEAP + 64));
    assert_eq!(value("table[4]"), "unsigned int = 5");
    for (selected, error) in [
        ("nothing", "no variable of values begins 'nothing'"),
        ("stats.nothing", "values.c:stats: struct stats has no field 'nothing'; it has count, low,"),
        ("table[64]", "values.c:table: [64] is beyond the array, which has 64 elements"),
        ("held_sample->value", "values.c:held_sample leads nowhere: it is 0xfffffffffffffff4"),
        ("counters->count", "/proc/kcore"),
        ("stats.low->x", "values.c:stats.low: int is not a pointer"),
    ] {
        let text = show(&kernel, path(selected));
        assert!(text.contains(error), "{selected}: {text}");
    }
}

#[test]
fn what_has_changed() {
    let (mut compiled, kernel) = kernel();
    let saved = compiled.folder.join("saved.json");
    std::fs::write(&saved, show(&kernel, ShowArgs { json: true, ..args() })).unwrap();
    let diff = || ShowArgs { diff: Some(saved.clone()), ..args() };
    assert_eq!(show(&kernel, diff()), "Nothing has changed.\n");
    compiled.set("stats", 0, 14);
    compiled.set("table", 240, 6 << 32 | 5);
    let kernel = compiled.kernel();
    kernel.set(|settings| {
        settings.memory.insert(compiled.address("full"), b"gone".to_vec());
    });
    let text = show(&kernel, diff());
    assert_eq!(
        text,
        "values.c:stats.count: 14, was 9223372036854775808\n\
         values.c:table[60]: 5, was 0\n\
         values.c:table[61]: 6, was 0\n\
         values.c:full: \"gone\" (no NUL), was \"full\" (no NUL)\n"
    );
    let json = show(&kernel, ShowArgs { json: true, ..diff() });
    let value: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["changes"][0]["path"], "values.c:stats.count");
    let part = |path: &str| ShowArgs { path: Some(path.to_owned()), ..diff() };
    assert_eq!(show(&kernel, part("stats.count")), "values.c:stats.count: 14, was 9223372036854775808\n");
    assert_eq!(show(&kernel, part("stats.word")), "Nothing has changed.\n");
    assert_eq!(show(&kernel, part("values.c:table[61]")), "values.c:table[61]: 6, was 0\n");
    let selected = compiled.folder.join("selected.json");
    let count = ShowArgs { json: true, ..path("stats.count") };
    std::fs::write(&selected, show(&kernel, count.clone())).unwrap();
    let unchanged = ShowArgs { json: false, diff: Some(selected), ..count };
    assert_eq!(show(&kernel, unchanged.clone()), "Nothing has changed.\n");
    let other_part = ShowArgs { path: Some("stats.low".to_owned()), ..unchanged };
    assert_eq!(show(&kernel, other_part), "the file has no value of values.c:stats.low\n");
    let other = compiled.folder.join("other.json");
    for (text, error) in [
        ("{", "not what `modpersist show --json` prints"),
        ("{\"schema\":99,\"owner\":\"values\"}", "schema 99 is not known; this version knows 1"),
        ("{\"schema\":1,\"owner\":\"other\"}", "the file has the data of other, not of values"),
    ] {
        std::fs::write(&other, text).unwrap();
        let text = show(&kernel, ShowArgs { diff: Some(other.clone()), ..args() });
        assert!(text.contains(error), "{text}");
    }
}

/// A kernel whose per-CPU addresses begin there, and a pointer to an object that has a copy for each of CPUs 0 and
/// 2, with 1 and 2 in it, or nothing.
fn per_cpu(start: u64, is_used: bool) -> FakeKernel {
    let (mut compiled, _) = kernel();
    compiled.set("counters", 0, start + 0x3_0000);
    let kernel = compiled.kernel();
    let size = compiled.contents[0].len();
    kernel.set(|settings| {
        settings.boot = Some(BootIdentity::default());
        settings.kallsyms = format!(
            "{start:016x} A __per_cpu_start\n{:016x} A __per_cpu_end\n\
            ffffffff81000000 T _text\n\
            ffffffff81001000 D nr_cpu_ids\n\
            ffffffff81001100 D __per_cpu_offset\n\
            ffffffff81001200 D __cpu_possible_mask\n\
            ffffffff81001300 D pcpu_unit_size\n\
            ffffffff81e28000 D behind\n\
            ffffffff82000000 B _end\n",
            start + 0x2_0000
        )
        .into_bytes();
        let mut add = |address, bytes: Vec<u8>| settings.memory.insert(address, bytes);
        add(0xffff_ffff_8100_1000, words(&[3]));
        let offset = HEAP.wrapping_sub(start);
        add(0xffff_ffff_8100_1100, words(&[offset, 0, offset.wrapping_add(0x10_0000)]));
        add(0xffff_ffff_8100_1200, words(&[0b101]));
        add(0xffff_ffff_8100_1300, words(&[0x4_0000]));
        for (cpu, at) in [(1, HEAP), (2, HEAP + 0x10_0000)] {
            let mut bytes = vec![0; size];
            bytes[0] = if is_used { cpu } else { 0 };
            add(at + 0x3_0000, bytes);
        }
    });
    kernel
}

#[test]
fn per_cpu_data_of_each_cpu() {
    // From 6.15 on in the kernel's image, where something else is as well.
    for (start, said) in [
        (0, "= 0x30000 <per-CPU>\n"),
        (0xffff_ffff_81e0_0000, "= 0xffffffff81e30000 <per-CPU, or behind+0x8000>\n"),
    ] {
        let text = show(&per_cpu(start, true), path("counters"));
        assert!(text.contains(said), "{text}");
        assert!(text.contains("values.c:counters -> per CPU, struct stats\n"), "{text}");
        let (first, second) = text.split_once("CPU 2 ").unwrap();
        assert!(
            first.contains("CPU 0 ") && first.contains("count = 1\n") && second.contains("count = 2\n"),
            "{text}"
        );
        assert!(!text.contains("CPU 1 "), "it is not possible: {text}");
    }
    let text = show(&per_cpu(0xffff_ffff_81e0_0000, false), path("counters"));
    assert!(text.contains("= 0xffffffff81e30000 <behind+0x8000>\n"), "no copy has anything: {text}");
}

#[test]
fn names_of_types_are_harmless() {
    let (mut compiled, _) = kernel();
    let types = &mut compiled.header.types;
    let all: Vec<Type> = types.types().iter().map(|ty| Type::clone(ty)).collect();
    for (id, mut ty) in (0..).map(TypeId).zip(all) {
        match &mut ty {
            Type::Record { name, members, .. } => {
                // Lists are known by their tag.
                if !name.contains("list") {
                    *name = NAME.to_owned();
                }
                members.iter_mut().for_each(|member| member.name = NAME.to_owned());
            }
            Type::Enumeration { name, values, .. } => {
                *name = NAME.to_owned();
                values.iter_mut().for_each(|(name, _)| *name = NAME.to_owned());
            }
            Type::Number { name, .. } if *name == "int" => *name = NAME.to_owned(),
            _ => {}
        }
        types.replace(id, ty);
    }
    compiled.contents[8].copy_from_slice(b"\x1b[2J");
    let kernel = compiled.kernel();
    kernel.set(|settings| settings.kallsyms = format!("ffffffff81000000 T _text {NAME}\n").into_bytes());
    for (json, wide) in [(false, false), (false, true), (true, false)] {
        let all = ShowArgs { json, wide, follow: Some(9), ..args() };
        let text = show(&kernel, all.clone());
        assert_harmless(text.as_bytes());
        assert!(text.contains("values.c"), "{text}");
        for selected in [NAME, &format!("stats.{NAME}"), "stats.nothing"] {
            let text = show(&kernel, ShowArgs { path: Some(selected.to_owned()), ..all.clone() });
            assert_harmless(text.as_bytes());
        }
    }
}

/// What gdb prints for each of some expressions.
fn gdb(compiled: &Compiled, expressions: &[String]) -> Vec<String> {
    gdb_with(&compiled.folder, "", &[&compiled.object], expressions)
}

/// `setup` are commands that come first, `files` what is opened.
fn gdb_with(folder: &Path, setup: &str, files: &[&PathBuf], expressions: &[String]) -> Vec<String> {
    const BEGIN: &str = "== values ==";
    const END: &str = "== end ==";
    let script = folder.join("script");
    let mut text = String::from("set print repeats unlimited\nset print elements 0\nset print symbol off\n");
    text.push_str(&format!("{setup}echo {BEGIN}\\n\n"));
    for expression in expressions {
        text.push_str(&format!("{expression}\necho \\n\n"));
    }
    text.push_str(&format!("echo {END}\\n\n"));
    std::fs::write(&script, text).unwrap();
    let output = Process::new("gdb").args(["-batch", "-nx", "-x"]).arg(&script).args(files).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // What is said before and after is not looked at.
    let lines = text.lines().skip_while(|line| *line != BEGIN).skip(1).take_while(|line| *line != END);
    let lines: Vec<String> = lines.map(str::to_owned).collect();
    assert_eq!(lines.len(), expressions.len(), "{}", String::from_utf8_lossy(&output.stderr));
    lines
}

/// Each value that has no parts, with the expression that gives it in gdb.
fn leaves(name: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    match value["kind"].as_str().unwrap() {
        "struct" | "union" => {
            for field in value["fields"].as_array().unwrap() {
                let own = field["name"].as_str().unwrap();
                let name = if own.is_empty() { name.to_owned() } else { format!("{name}.{own}") };
                leaves(&name, &field["value"], found);
            }
        }
        "array" => {
            assert!(value["cut"].is_null());
            for run in value["runs"].as_array().unwrap() {
                for index in 0..run["count"].as_u64().unwrap() {
                    let index = index + run["first"].as_u64().unwrap();
                    leaves(&format!("{name}[{index}]"), &run["value"], found);
                }
            }
        }
        _ => found.push((name.to_owned(), value.clone())),
    }
}

/// `/x` where gdb's own format has more than the value; of enumerators, number and name.
fn expression(name: &str, value: &Value) -> String {
    match value["kind"].as_str().unwrap() {
        "text" | "pointer" => format!("output/x {name}"),
        "enum" => format!("output/d {name}\necho =\noutput {name}"),
        _ => format!("output {name}"),
    }
}

/// Whether gdb's text says the same.
fn agrees(value: &Value, gdb: &str) -> bool {
    let own = |key: &str| value[key].as_str().unwrap_or_default();
    match own("kind") {
        // A byte has its character behind it.
        "number" | "char" => gdb.split(' ').next() == Some(own("value")),
        "float" => match (own("value").parse::<f64>().unwrap(), gdb.parse::<f64>()) {
            (own, _) if own.is_nan() => gdb.contains("nan"),
            // gdb prints 9 or 17 digits.
            (own, Ok(gdb)) => own == gdb || ((own - gdb) / own).abs() < 1e-7,
            (own, Err(_)) => own.is_infinite() && gdb.contains("inf"),
        },
        "bool" => match own("value") {
            "0" => gdb == "false",
            "1" => gdb == "true",
            other => gdb == other,
        },
        "pointer" => gdb == own("address"),
        // An array without elements is an address to gdb.
        "text" if own("bytes").is_empty() && gdb.starts_with("0x") => true,
        "text" => {
            let bytes = gdb.trim_matches(['{', '}']).split(", ");
            let byte = |byte: &str| u8::from_str_radix(byte.strip_prefix("0x")?, 16).ok();
            let digits = bytes.map(|text| byte(text).map(|byte| format!("{byte:02x}")));
            let digits: String = digits.map(|text| text.unwrap_or_else(|| "??".to_owned())).collect();
            digits.strip_prefix(own("bytes")).is_some_and(|rest| rest.bytes().all(|digit| digit == b'0'))
        }
        "enum" => {
            let Some((number, text)) = gdb.split_once('=') else { return false };
            // gdb gives it a sign.
            let Ok(number) = number.parse::<i128>() else { return false };
            let distance = (own("value").parse::<i128>().unwrap() - number).unsigned_abs();
            let names: Vec<&str> =
                value["names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
            let parts: Vec<&str> = text.trim_matches(['(', ')']).split(" | ").collect();
            // Which enumerations are flags is a matter of taste: what gdb takes for one has no names then.
            let has_names = match names.as_slice() {
                [] => true,
                [only] if value["rest"].is_null() => text == *only,
                _ => parts.starts_with(&names) || text.parse::<u64>().is_ok(),
            };
            [0, 1 << 8, 1 << 16, 1 << 32, 1 << 64].contains(&distance) && has_names
        }
        _ => false,
    }
}

#[test]
fn gdb_prints_the_same() {
    if !modtest::compile::is_installed("gdb") {
        return;
    }
    let seen = compare_with_gdb(compiled(&NAMES), 6);
    assert!(seen.values().sum::<i32>() > 900 && seen.len() == 7, "{seen:?}");
}

/// The variables of a module's file, of which `cargo xtask test --all` gives the path.
#[test]
#[ignore = "needs a module that was built with a kernel's headers"]
fn gdb_prints_the_same_of_kernel_types() {
    let file = std::env::var_os("MODPERSIST_KERNEL_TYPES").expect("MODPERSIST_KERNEL_TYPES is a file");
    let module = module(Path::new(&file));
    let variables = module.contents.len();
    let seen = compare_with_gdb(module, 2);
    println!("{variables} variables, values by kind, twice: {seen:?}");
    assert!(variables >= 500, "{variables}");
}

/// What modpersist has read in a virtual machine, of which `cargo xtask test --all` gives the values and the
/// socket for a debugger, against what gdb reads there.
#[test]
#[ignore = "needs a virtual machine that has loaded a module"]
fn gdb_prints_the_same_of_a_kernels_memory() {
    let given = |name: &str| PathBuf::from(std::env::var_os(name).expect(name));
    let module = module(&given("MODPERSIST_KERNEL_TYPES"));
    let saved: Value = serde_json::from_slice(&std::fs::read(given("MODPERSIST_VALUES")).unwrap()).unwrap();
    let mut symbols = format!("add-symbol-file {}", module.object.display());
    let (mut found, mut variables) = (Vec::new(), 0);
    for section in saved["sections"].as_array().unwrap() {
        let (name, address) = (section["name"].as_str().unwrap(), section["address"].as_str().unwrap());
        symbols.push_str(&format!(" -s {name} {address}"));
        for variable in section["variables"].as_array().unwrap() {
            variables += 1;
            leaves(variable["name"].as_str().unwrap(), &variable["value"], &mut found);
        }
    }
    let setup =
        format!("set confirm off\n{symbols}\ntarget remote {}\n", given("MODPERSIST_DEBUGGER").display());
    let expressions: Vec<String> = found.iter().map(|(name, value)| expression(name, value)).collect();
    let printed = gdb_with(&module.folder, &setup, &[], &expressions);
    let mut seen = BTreeMap::new();
    let mut different = Vec::new();
    for ((name, value), gdb) in found.iter().zip(printed) {
        if !agrees(value, &gdb) {
            different.push(format!("{name}: gdb {gdb}, {value}"));
        }
        *seen.entry(value["kind"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    println!("{variables} variables in a kernel's memory, values by kind: {seen:?}");
    let count = different.len();
    different.truncate(50);
    assert!(count == 0, "{count} values differ:\n{}", different.join("\n"));
    assert!(variables >= 500, "{variables}");
    // That nothing is zero would show that the wrong memory was read, and so would the contrary.
    let numbers = found.iter().filter(|(_, value)| value["kind"] == "number");
    let (zero, other): (Vec<_>, Vec<_>) = numbers.partition(|(_, value)| value["value"] == "0");
    assert!(zero.len() > 1000 && other.len() > 1000, "{} are zero, {} are not", zero.len(), other.len());
}

/// Compares variables with what gdb prints of them, a number of times: as they were compiled, and filled with
/// any bytes. Returns how many values of each kind there were.
fn compare_with_gdb(mut compiled: Compiled, rounds: u64) -> BTreeMap<String, i32> {
    let mut file = std::fs::read(&compiled.object).unwrap();
    let mut state = 0x1234_5678_9abc_def1_u64;
    let mut random = move || {
        // xorshift
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut seen = BTreeMap::new();
    for round in 0..rounds {
        for (bytes, at) in compiled.contents.iter_mut().zip(&compiled.file_offsets) {
            // The first time as they were compiled; then any bytes, and ever fewer that are not zero.
            if round > 0 {
                bytes.fill_with(|| if random() % (3 * round) < 3 { random().to_ne_bytes()[3] } else { 0 });
            }
            file[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        std::fs::write(&compiled.object, &file).unwrap();
        // Nothing of a saved variable is left out.
        let saved = compiled.folder.join("saved");
        let save = Command::Save { owner: "values".to_owned(), file: saved.clone() };
        modpersist::run(&Args { command: save }, &compiled.kernel(), &mut Vec::new()).unwrap();
        let shown: Value = serde_json::from_slice(&std::fs::read(&saved).unwrap()).unwrap();
        let mut found = Vec::new();
        for section in shown["sections"].as_array().unwrap() {
            let variable = &section["variables"][0];
            leaves(variable["name"].as_str().unwrap(), &variable["value"], &mut found);
        }
        let expressions: Vec<String> = found.iter().map(|(name, value)| expression(name, value)).collect();
        let mut different = Vec::new();
        for ((name, value), gdb) in found.iter().zip(gdb(&compiled, &expressions)) {
            if !agrees(value, &gdb) {
                different.push(format!("round {round}, {name}: gdb {gdb}, {value}"));
            }
            *seen.entry(value["kind"].as_str().unwrap().to_owned()).or_insert(0) += 1;
        }
        let count = different.len();
        different.truncate(50);
        assert!(count == 0, "{count} values differ:\n{}", different.join("\n"));
    }
    seen
}
