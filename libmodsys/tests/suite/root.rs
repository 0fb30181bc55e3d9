// SPDX-License-Identifier: MIT OR Apache-2.0
//! The real kernel's files, read from a folder.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use libmodsys::{InitState, Kernel, KernelCompression, Lockdown, SectionAddress, SysError};

use super::Root;

#[test]
fn each_state_is_told_from_the_others() {
    let root = Root::new()
        .file("sys/module/live/initstate", "live\n")
        .file("sys/module/coming/initstate", "coming\n")
        .file("sys/module/going/initstate", "going\n")
        .file("sys/module/builtin/parameters/x", "1\n")
        .file("sys/module/odd/initstate", "odd\n");
    let kernel = root.kernel();
    assert_eq!(kernel.init_state("live").unwrap(), Some(InitState::Live));
    assert_eq!(kernel.init_state("coming").unwrap(), Some(InitState::Coming));
    assert_eq!(kernel.init_state("going").unwrap(), Some(InitState::Going));
    assert_eq!(kernel.init_state("builtin").unwrap(), Some(InitState::DirectoryOnly));
    assert_eq!(kernel.init_state("absent").unwrap(), None);
    // The name that "./foo" gets when there is no such file; kmod takes /sys/module itself for it.
    assert_eq!(kernel.init_state("").unwrap(), Some(InitState::DirectoryOnly));
    let error = kernel.init_state("odd").unwrap_err();
    assert!(error.to_string().ends_with("/sys/module/odd/initstate: 'odd'"), "{error}");
}

#[test]
fn users_of_a_module() {
    let root = Root::new()
        .file("sys/module/foo/refcnt", "2\n")
        .file("sys/module/foo/holders/bar", "")
        .file("sys/module/going/refcnt", "-1\n")
        .file("sys/module/none/initstate", "live\n");
    let kernel = root.kernel();
    assert_eq!(kernel.refcount("foo").unwrap(), Some(2));
    assert_eq!(kernel.holders("foo").unwrap(), ["bar"]);
    assert_eq!(kernel.refcount("going").unwrap(), Some(-1));
    assert_eq!(kernel.refcount("none").unwrap(), None);
    let error = kernel.holders("none").unwrap_err();
    let path = root.path().join("sys/module/none/holders");
    assert_eq!(error.to_string(), format!("could not open '{}': No such file or directory", path.display()));
    assert!(error.is_missing());
}

#[test]
fn a_hidden_address_is_not_a_known_one() {
    let root = Root::new()
        .file("sys/module/foo/sections/.text", "0xffffffffc0001000\n")
        .file("sys/module/foo/sections/.data", "0x0000000000000000\n")
        .file("sys/module/foo/sections/.bss", "nonsense\n");
    let kernel = root.kernel();
    let bss = root.path().join("sys/module/foo/sections/.bss");
    assert!(matches!(kernel.sections("foo"), Err(SysError::Unknown { path, .. }) if path == bss));
    fs::remove_file(bss).unwrap();
    let sections = kernel.sections("foo").unwrap();
    assert_eq!(sections[0].name, ".data");
    assert_eq!(sections[0].address, SectionAddress::Hidden);
    assert_eq!(sections[1].address.known(), Some(0xffff_ffff_c000_1000));
    assert_eq!(kernel.sections("absent").unwrap(), []);
}

#[test]
fn an_address_may_be_denied() {
    let root = Root::new().file("sys/module/foo/sections/.text", "0xffffffffc0001000\n");
    let path = root.path().join("sys/module/foo/sections/.text");
    fs::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
    // Root reads it all the same.
    if fs::read(&path).is_err() {
        assert_eq!(root.kernel().sections("foo").unwrap()[0].address, SectionAddress::Denied);
    }
}

#[test]
fn installed_files_by_name() {
    let dep = "kernel/fs/foo-bar.ko.xz: kernel/lib/baz.ko\nkernel/lib/baz.ko:\n/opt/other.ko:\n";
    let root = Root::new().file("lib/modules/9.9/modules.dep", dep);
    let find = |name: &str| root.kernel().installed_file(name).unwrap();
    let directory = root.path().join("lib/modules/9.9");
    assert_eq!(find("foo_bar"), Some(directory.join("kernel/fs/foo-bar.ko.xz")));
    assert_eq!(find("baz"), Some(directory.join("kernel/lib/baz.ko")));
    assert_eq!(find("other"), Some("/opt/other.ko".into()));
    assert_eq!((find("foo"), find(""), find("baz.ko")), (None, None, None));
    assert_eq!(Root::new().kernel().installed_file("baz").unwrap(), None);
}

#[test]
fn notes_are_bytes() {
    let root = Root::new().file("sys/module/foo/notes/.note.x", [0, 1, 0xff]);
    assert_eq!(root.kernel().notes("foo").unwrap()[".note.x"], [0, 1, 0xff]);
    assert!(root.kernel().notes("bar").unwrap().is_empty());
}

#[test]
fn settings_of_a_kernel_that_has_them() {
    let root = Root::new()
        .file("proc/sys/kernel/tainted", "4096\n")
        .file("proc/sys/kernel/modules_disabled", "1\n")
        .file("proc/sys/kernel/kptr_restrict", "2\n")
        .file("sys/module/module/parameters/sig_enforce", "N\n")
        .file("sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
        .file("sys/module/compression", "zstd\n")
        .file("sys/kernel/btf/vmlinux", b"\x9f\xeb")
        .file("proc/kallsyms", "0 T _text\n")
        .file("proc/modules", "foo 16384 0 - Live 0x0\n");
    let kernel = root.kernel();
    assert_eq!(kernel.taint().unwrap(), 4096);
    assert_eq!(kernel.modules_disabled().unwrap(), Some(true));
    assert_eq!(kernel.kptr_restrict().unwrap(), Some(2));
    assert_eq!(kernel.sig_enforce().unwrap(), Some(false));
    assert_eq!(kernel.lockdown().unwrap(), Some(Lockdown::Integrity));
    assert_eq!(kernel.compression().unwrap(), Some(KernelCompression::Zstd));
    assert_eq!(kernel.vmlinux_btf().unwrap().unwrap(), b"\x9f\xeb");
    assert_eq!(kernel.kallsyms().unwrap(), b"0 T _text\n");
    assert_eq!(kernel.modules_text().unwrap(), b"foo 16384 0 - Live 0x0\n");
    assert_eq!(kernel.release().unwrap(), super::RELEASE);
}

#[test]
fn settings_of_a_kernel_without_them() {
    let kernel = Root::new().kernel();
    assert!(kernel.taint().unwrap_err().is_missing());
    assert_eq!(kernel.modules_disabled().unwrap(), None);
    assert_eq!(kernel.kptr_restrict().unwrap(), None);
    assert_eq!(kernel.sig_enforce().unwrap(), None);
    assert_eq!(kernel.lockdown().unwrap(), None);
    assert_eq!(kernel.compression().unwrap(), None);
    assert_eq!(kernel.vmlinux_btf().unwrap(), None);
    assert!(kernel.modules_text().is_err());
}

#[test]
fn a_part_of_the_btf_is_read() {
    let blob: Vec<u8> = (0..=255).cycle().take(20_000).collect();
    let root = Root::new().file("sys/kernel/btf/vmlinux", &blob);
    let kernel = root.kernel();
    let mut part = b"before".to_vec();
    kernel.read_vmlinux_btf(0, 24, &mut part).unwrap();
    assert_eq!(part, [b"before", &blob[..24]].concat());
    kernel.read_vmlinux_btf(5000, 10_000, &mut part).unwrap();
    assert_eq!(part, [b"before", &blob[..24], &blob[5000..15_000]].concat());
    for (offset, left) in [(19_990, &blob[19_990..]), (20_000, &[]), (1 << 40, &[])] {
        let mut part = Vec::new();
        kernel.read_vmlinux_btf(offset, 100, &mut part).unwrap();
        assert_eq!(part, left);
    }
    Root::new().kernel().read_vmlinux_btf(0, 24, &mut part).unwrap();
    assert_eq!(part.len(), 6 + 24 + 10_000);
}

#[test]
fn an_unknown_compression_is_handed_on() {
    let root = Root::new().file("sys/module/compression", "lz4\n");
    assert_eq!(root.kernel().compression().unwrap(), Some(KernelCompression::Unknown("lz4".into())));
}

#[test]
fn a_module_that_another_needs_exports_something() {
    let root = Root::new()
        .file(
            "lib/modules/9.9/modules.dep",
            "a.ko:\nextra/b.ko: extra/c.ko\nkernel/d.ko: kernel/gone.ko kernel/e.ko.xz\n",
        )
        .file("lib/modules/9.9/extra/c.ko", "out of tree")
        .file("lib/modules/9.9/kernel/e.ko.xz", "in tree");
    let found = root.kernel().exporting_module().unwrap().unwrap();
    assert!(found.path.ends_with("kernel/e.ko.xz"));
    assert_eq!(found.content, b"in tree");
    assert_eq!(Root::new().kernel().exporting_module().unwrap(), None);
}

#[test]
fn the_running_kernel_answers() {
    let kernel = libmodsys::Linux::new();
    assert!(!kernel.release().unwrap().is_empty());
    assert_eq!(kernel.init_state("no_such_module").unwrap(), None);
    assert!(!kernel.is_builtin("no_such_module").unwrap());
}
