// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines of every kernel version, and damaged ones.

use proptest::prelude::*;

use super::*;

const MODULES: &[u8] = b"\
nf_tables 266240 2 nft_chain_nat,nft_compat, Live 0xffffffffc0a00000\n\
foo 16384 0 [permanent], Loading 0x0000000000000000 (OE+)\n\
bar 4096 -1 - Unloading 0xffffffffc0b00000 (POE-)\n\
\n\
old 12 - - Live 0xc8800000\n\
n\xff 12 3 a,[permanent], Live 0xc8800000 (E)";

#[test]
fn lines_of_proc_modules() {
    let all: Vec<_> = modules(MODULES).collect::<Result<_, _>>().unwrap();
    assert_eq!(all.len(), 5);
    let [tables, foo, bar, old, last] = all[..] else { panic!() };
    assert_eq!((tables.name, tables.size, tables.references), (&b"nf_tables"[..], 266_240, Some(2)));
    assert_eq!(tables.users().collect::<Vec<_>>(), [&b"nft_chain_nat"[..], b"nft_compat"]);
    assert_eq!((tables.address, tables.taint), (0xffff_ffff_c0a0_0000, &b""[..]));
    assert_eq!((foo.state, foo.taint, foo.is_permanent()), (State::Loading, &b"OE+"[..], true));
    assert_eq!(foo.users().count(), 0);
    assert_eq!((bar.state, bar.references, bar.is_permanent()), (State::Unloading, Some(-1), false));
    assert_eq!(bar.users().count(), 0);
    assert_eq!(old.references, None);
    assert_eq!((last.name, last.users().count(), last.is_permanent()), (&b"n\xff"[..], 1, true));
}

#[test]
fn a_wrong_line_is_named_and_the_rest_is_read() {
    let file = "/proc/modules";
    let missing = |field| ProcError::Missing { file, line: 1, field };
    let wrong = |field, value: &str| ProcError::Field { file, line: 1, field, value: value.to_owned() };
    let cases = [
        ("foo", missing("size")),
        ("foo x 0 - Live 0x0", wrong("size", "x")),
        ("foo +1 0 - Live 0x0", wrong("size", "+1")),
        ("foo 99999999999999999999 0 - Live 0x0", wrong("size", "99999999999999999999")),
        ("foo 1", missing("references")),
        ("foo 1 y - Live 0x0", wrong("references", "y")),
        ("foo 1 0", missing("users")),
        ("foo 1 0 -", missing("state")),
        ("foo 1 0 - Dead 0x0", wrong("state", "Dead")),
        ("foo 1 0 - Live", missing("address")),
        ("foo 1 0 - Live 0xg", wrong("address", "0xg")),
        ("foo 1 0 - Live 0x0 OE", wrong("taint", "OE")),
    ];
    for (text, error) in cases {
        let text = format!("{text}\nbar 1 0 - Live 0x0\n");
        let lines: Vec<_> = modules(text.as_bytes()).collect();
        assert_eq!(lines[0], Err(error));
        assert_eq!(lines[1].as_ref().unwrap().name, b"bar");
    }
}

#[test]
fn lines_of_kallsyms() {
    let text = b"ffffffff81000000 T _text\n\
        0000000000000000 A fixed_percpu_data\n\
        ffffffffc0003000 d foo_p\t[foo__persist]\n\
        ffffffffc0004000 t bpf_prog_1_x\t[bpf]\n";
    let all: Vec<_> = kallsyms(text).collect::<Result<_, _>>().unwrap();
    let text = Symbol { address: 0xffff_ffff_8100_0000, kind: b'T', name: b"_text", module: None };
    assert_eq!(all[0], text);
    assert_eq!((all[2].name, all[2].module), (&b"foo_p"[..], Some(&b"foo__persist"[..])));
    assert_eq!(all.len(), 4);
    let file = "/proc/kallsyms";
    for (text, field) in [("x T a", "address"), ("0 TT a", "type"), ("0 T a foo", "module")] {
        let error = kallsyms(text.as_bytes()).next().unwrap().unwrap_err();
        assert!(matches!(error, ProcError::Field { line: 1, field: f, .. } if f == field), "{error}");
    }
    let error = kallsyms(b"\n0 T").next().unwrap().unwrap_err();
    assert_eq!(error, ProcError::Missing { file, line: 2, field: "name" });
}

#[test]
fn lines_are_bounded() {
    let text = [b"0 T ".to_vec(), vec![b'a'; 5000], b"\n0 T b".to_vec()].concat();
    let lines: Vec<_> = kallsyms(&text).collect();
    assert!(matches!(lines[0], Err(ProcError::TooLong { line: 1, length: 5004, limit: 4096, .. })));
    assert_eq!(lines[1].as_ref().unwrap().name, b"b");
}

proptest! {
    #[test]
    fn no_text_panics(text: Vec<u8>, words in "([a-z0-9x,()\\[\\]-]{0,6}[ \t\n]){0,30}") {
        for text in [&text[..], words.as_bytes()] {
            let lines = text.split(|&byte| byte == b'\n').count();
            prop_assert!(kallsyms(text).count() <= lines);
            for module in modules(text).flatten() {
                let _ = (module.users().count(), module.is_permanent());
            }
        }
    }
}
