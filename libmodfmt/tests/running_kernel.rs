// SPDX-License-Identifier: MIT OR Apache-2.0
//! The readers on the files of the running kernel. Without them it says that it skips.

use std::convert::Infallible;
use std::time::Instant;

use libmodfmt::btf::{Btf, BtfError, Kind, search_prefix};
use libmodfmt::proc::kallsyms;

const VMLINUX: &str = "/sys/kernel/btf/vmlinux";

#[test]
fn btf_of_the_running_kernel() {
    let blob = match std::fs::read(VMLINUX) {
        Ok(blob) => blob,
        Err(error) => {
            println!("skipped: {VMLINUX}: {error}");
            return;
        }
    };
    let start = Instant::now();
    let btf = Btf::parse(&blob).unwrap();
    let module = btf.find_struct("module").unwrap();
    let elapsed = start.elapsed();
    let size = btf.size_of(module).unwrap();
    println!(
        "{} bytes, {} types; struct module has {size} bytes; {elapsed:?}",
        blob.len(),
        btf.ids().count()
    );

    let mut bytes_read = 0;
    let read = |offset: u64, length: usize, into: &mut Vec<u8>| {
        into.extend(blob.iter().skip(usize::try_from(offset).unwrap()).take(length));
        bytes_read += length;
        Ok::<(), Infallible>(())
    };
    let found = search_prefix(read, |btf| btf.find_struct("module").and_then(|id| btf.size_of(id).ok()));
    assert_eq!(found, Ok(Some(size)));
    println!("{bytes_read} bytes read to find it");

    // Two lists of pointers lie before the name, unless the structure is randomised.
    let name = btf.member(module, "name").unwrap().unwrap();
    let word = btf.pointer_size().unwrap();
    assert_eq!(btf.size_of(name.type_id), Ok(64 - word));
    let offset = name.byte_offset().unwrap();
    assert_eq!(btf.path_at(module, offset + 2).unwrap().unwrap().path, "name[2]");

    for id in btf.ids() {
        let ty = btf.get(id).unwrap();
        match btf.size_of(id) {
            Ok(size) if ty.kind.has_members() => {
                let members = btf.members(id).unwrap().map(Result::unwrap);
                assert!(members.into_iter().all(|member| member.bit_offset <= size * 8), "{}", ty.name);
            }
            Ok(_) | Err(BtfError::Wrong { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    // Absent without CONFIG_MODULES.
    for name in ["kernel_symbol", "modversion_info"] {
        let found = btf.find(Kind::Struct, name).map(|id| btf.size_of(id).unwrap());
        println!("struct {name}: {found:?}");
    }
}

#[test]
fn kallsyms_of_the_running_kernel() {
    let text = match std::fs::read("/proc/kallsyms") {
        Ok(text) => text,
        Err(error) => {
            println!("skipped: /proc/kallsyms: {error}");
            return;
        }
    };
    let start = Instant::now();
    let symbols: Vec<_> = kallsyms(&text).collect::<Result<_, _>>().unwrap();
    println!("{} bytes, {} symbols; {:?}", text.len(), symbols.len(), start.elapsed());
    assert_eq!(symbols.len(), text.iter().filter(|&&byte| byte == b'\n').count());
}
