// SPDX-License-Identifier: MIT OR Apache-2.0
//! The DWARF reader on the output of this machine's C compilers. Without one it says that it skips.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests panic to fail")]

use std::process::Command;

use libmodfmt::dwarf::{DebugInfo, DebugSections, DebugVariable, DwarfTypes};
use libmodfmt::elf::Object;
use libmodfmt::types::{Comparison, layout_hash};

const SOURCE: &str = r#"
#define P __attribute__((section(".data..persistent"), used))
typedef unsigned int u32;
struct list_head { struct list_head *next, *prev; };
typedef struct { int counter; } atomic_t;
enum mode { OFF, ON = 7, BAD = -1 };
struct ops { int (*open)(void *file, const char *name); void (*close)(void); };
struct dev {
    struct list_head queue;
    struct { u32 hits[4]; long bytes; } stats;
    union { int as_int; unsigned char as_bytes[8]; };
    unsigned ready : 1, kind : 3;
    enum mode mode;
    const struct ops *ops;
    struct dev *parent;
    _Bool on;
    char tail[];
};
P struct dev dev = { .queue = { &dev.queue, &dev.queue } };
P int matrix[2][3] = { { 1 } };
P static atomic_t users = { 1 };
P static volatile const u32 *volatile table[2] = { 0 };
P static int (*handler)(void *, int, ...) = 0;
P __attribute__((aligned(64))) long aligned = 1;
P static void *anything = &users;
extern int declared;
P int declared = 3;
static inline int once(void) { P static int cnt = 1; return cnt++; }
int first(void) { P static int cnt = 1; return cnt++ + once(); }
int second(void) { P static long cnt = 2; return (int)cnt++ + once(); }
int use(void) { return users.counter + (table[0] != 0) + (handler != 0) + (anything != 0); }
"#;

/// Compiles [`SOURCE`]; `None`, with a message, if there is no such compiler.
fn compile(compiler: &str, options: &[&str]) -> Option<Vec<u8>> {
    compile_text(SOURCE, compiler, options)
}

fn compile_text(source: &str, compiler: &str, options: &[&str]) -> Option<Vec<u8>> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("driver.c"), source).unwrap();
    let mut command = Command::new(compiler);
    command
        .args(options)
        .args(["-c", "-g", "-fno-pic", "driver.c", "-o", "driver.o"])
        .current_dir(&directory);
    match command.output() {
        Ok(output) if output.status.success() => {
            Some(std::fs::read(directory.path().join("driver.o")).unwrap())
        }
        Ok(output) => panic!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            println!("skipped: {compiler}: {error}");
            None
        }
    }
}

fn find<'v>(variables: &'v [DebugVariable], name: &str, function: Option<&str>) -> &'v DebugVariable {
    let mut found = variables.iter().filter(|v| v.name == name && v.function.as_deref() == function);
    let variable = found.next().unwrap_or_else(|| panic!("no {name} in {variables:#?}"));
    assert!(found.next().is_none(), "{name} is there twice");
    variable
}

/// Whether a symbol is that of a variable: gcc puts a number after the name (`cnt.0`), clang the
/// function before it (`first.cnt`).
fn names(symbol: &[u8], variable: &str) -> bool {
    symbol.split(|byte| *byte == b'.').any(|part| part == variable.as_bytes())
}

fn check(file: &[u8]) -> Vec<u64> {
    let object = Object::parse(file).unwrap();
    let sections = DebugSections::of(&object).unwrap();
    let info = DebugInfo::read(&sections).unwrap();
    let all = info.variables();
    let types_of_file = DwarfTypes::new(&info);
    let persistent = object.section(".data..persistent").unwrap().0;
    for variable in &all {
        assert_eq!(
            (variable.section, variable.file.as_deref()),
            (persistent, Some("driver.c")),
            "{variable:?}"
        );
        // The symbol table must say the same.
        let symbol = object.symbols.iter().find(|symbol| {
            symbol.place == libmodfmt::elf::Place::Section(persistent)
                && symbol.value == variable.offset
                && names(&symbol.name, &variable.name)
        });
        let size = symbol.map(|symbol| symbol.size);
        assert_eq!(size, variable.size, "{variable:?}");
    }
    let word = object.ident.class.word_size() as u64;
    let types = [
        ("dev", None, "struct dev"),
        ("matrix", None, "int[2][3]"),
        ("users", None, "atomic_t"),
        ("table", None, "const volatile u32 *volatile[2]"),
        ("handler", None, "int (*)(void *, int, ...)"),
        ("aligned", None, "long"),
        ("anything", None, "void *"),
        ("declared", None, "int"),
        ("cnt", Some("once"), "int"),
        ("cnt", Some("first"), "int"),
        ("cnt", Some("second"), "long"),
    ];
    let mut hashes = Vec::new();
    // clang 14 describes the static of an inlined function in a subprogram without a name.
    let inlined = Some("once").filter(|once| all.iter().any(|known| known.function.as_deref() == Some(once)));
    for (name, function, text) in types {
        let variable = find(&all, name, if function == Some("once") { inlined } else { function });
        let found = variable.type_name.as_deref().unwrap().replace("long int", "long");
        let found = found.replace("volatile const", "const volatile");
        assert_eq!(found, text, "{variable:?}");
        hashes.push(layout_hash(&types_of_file, types_of_file.of_variable(variable).unwrap()));
    }
    assert_eq!(all.len(), types.len(), "{all:#?}");
    // Where int and long are alike, so are the bytes.
    if word == 8 {
        let hash = |function| {
            let variable = find(&all, "cnt", Some(function));
            layout_hash(&types_of_file, types_of_file.of_variable(variable).unwrap())
        };
        assert_ne!(hash("first"), hash("second"));
    }

    let path = |name, offset| info.field_path(find(&all, name, None), offset);
    for (offset, expected) in [
        (0, "dev.queue.next"),
        (word, "dev.queue.prev"),
        (2 * word + 6, "dev.stats.hits[1]"),
        (3 * word + 16, "dev.as_int"),
        (3 * word + 21, "dev.as_bytes[5]"),
    ] {
        assert_eq!(path("dev", offset).as_deref(), Some(expected));
    }
    assert_eq!(path("matrix", 16).as_deref(), Some("matrix[1][1]"));
    assert_eq!(path("matrix", 24), None);
    assert_eq!(path("users", 0).as_deref(), Some("users.counter"));
    assert_eq!(path("aligned", 2).as_deref(), Some("aligned"));
    hashes
}

#[test]
fn compilers_of_this_machine_agree() {
    let variants: [(&str, &[&str]); 10] = [
        ("gcc", &["-gdwarf-4", "-O2"]),
        ("gcc", &["-gdwarf-5", "-O2"]),
        ("gcc", &["-gdwarf-5", "-O0"]),
        ("gcc", &["-gdwarf-5", "-O2", "-ffunction-sections", "-gstrict-dwarf"]),
        ("gcc", &["-gdwarf-5", "-O2", "-mcmodel=kernel"]),
        ("gcc", &["-gdwarf-5", "-O2", "-gz=zlib"]),
        ("clang", &["-gdwarf-4", "-O2"]),
        ("clang", &["-gdwarf-5", "-O2"]),
        ("aarch64-linux-gnu-gcc", &["-gdwarf-5", "-O2"]),
        ("s390x-linux-gnu-gcc", &["-gdwarf-5", "-O2"]),
    ];
    let mut little: Option<Vec<u64>> = None;
    for (compiler, options) in variants {
        if options.contains(&"-gz=zlib") && !cfg!(feature = "compression") {
            continue;
        }
        let Some(file) = compile(compiler, options) else { continue };
        let hashes = check(&file);
        println!("checked: {compiler} {options:?}");
        // Bit-fields lie elsewhere on a big-endian machine.
        if !compiler.starts_with("s390x") {
            assert_eq!(*little.get_or_insert_with(|| hashes.clone()), hashes, "{compiler} {options:?}");
        }
    }
    if let Some(file) = compile("gcc", &["-m32", "-gdwarf-5", "-O2"]) {
        check(&file);
    }
}

#[test]
#[cfg(feature = "compression")]
fn compressed_sections_say_the_same() {
    let Some(plain) = compile("gcc", &["-gdwarf-5", "-O2", "-DSAME"]) else { return };
    let object = Object::parse(&plain).unwrap();
    let sections = DebugSections::of(&object).unwrap();
    let wanted = DebugInfo::read(&sections).unwrap().variables();
    let directory = tempfile::tempdir().unwrap();
    let (from, to) = (directory.path().join("plain.o"), directory.path().join("compressed.o"));
    std::fs::write(&from, &plain).unwrap();
    for kind in ["zlib", "zstd"] {
        let output = Command::new("objcopy")
            .arg(format!("--compress-debug-sections={kind}"))
            .args([&from, &to])
            .output()
            .unwrap();
        if !output.status.success() {
            println!("skipped: objcopy has no {kind}: {}", String::from_utf8_lossy(&output.stderr));
            continue;
        }
        let file = std::fs::read(&to).unwrap();
        let object = Object::parse(&file).unwrap();
        assert_eq!(object.section(".debug_info").unwrap().1.flags & 0x800, 0x800, "{kind}");
        let sections = DebugSections::of(&object).unwrap();
        assert_eq!(DebugInfo::read(&sections).unwrap().variables(), wanted, "{kind}");
        println!("checked: {kind}");
    }
}

/// What a kept pointer leads to is kept, too: once around, and no further.
const BEHIND: &str = r#"
struct list_head { struct list_head *next, *prev; };
struct far {
    int a;
#ifdef FAR
    int more;
#endif
};
struct inner {
    int x;
#ifdef INNER
    int y;
#endif
};
struct foo {
    struct list_head list;
    struct foo *self;
    struct far *far;
    struct inner inner;
#ifdef GROWN
    int more;
#endif
#ifdef RENAMED
    int other;
#else
    int last;
#endif
};
#ifdef DEFINED
struct hidden { int x; };
#else
struct hidden;
#endif
struct holder { struct foo *foo; };
#define P static __attribute__((section(".data..persistent"), used))
P struct foo *one = 0;
P struct foo **two = 0;
P struct holder holder = { 0 };
P struct list_head head = { &head, &head };
P struct hidden *hidden = 0;
"#;

#[test]
fn structures_behind_any_pointer_count() {
    let names = ["one", "two", "holder", "head", "hidden"];
    let table = |define: &str| {
        let file = compile_text(BEHIND, "gcc", &["-O2", define])?;
        let object = Object::parse(&file).unwrap();
        let sections = DebugSections::of(&object).unwrap();
        let info = DebugInfo::read(&sections).unwrap();
        let (all, types) = (info.variables(), DwarfTypes::new(&info));
        Some(types.table(&names.map(|name| types.of_variable(find(&all, name, None)).unwrap()), None, 1000))
    };
    let Some(plain) = table("-DPLAIN") else { return };
    let changed = |define: &str| {
        let now = table(define).unwrap();
        let comparison = Comparison::new(&plain.table, &now.table);
        let roots = plain.roots.iter().zip(&now.roots);
        let changed = names.iter().zip(roots).filter(|(_, (old, new))| comparison.of(**old, **new).is_err());
        changed.map(|(name, _)| *name).collect::<Vec<_>>()
    };
    for define in ["-DGROWN", "-DRENAMED", "-DINNER", "-DFAR"] {
        assert_eq!(changed(define), ["one", "two", "holder"], "{define}");
    }
    assert!(changed("-DDEFINED").is_empty(), "what was only declared matches any definition");
}
