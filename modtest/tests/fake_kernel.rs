// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fake follows the real kernel's rules.

use std::fs::{self, File};
use std::os::fd::AsFd;

use libmodfmt::proc;
use libmodsys::{Errno, InitState, Kernel, LoadFlags, RemoveFlags, SectionAddress};
use modtest::{Call, FakeKernel, FakeModule, Op};

const PLAIN: RemoveFlags = RemoveFlags { force: false };
const FORCE: RemoveFlags = RemoveFlags { force: true };

#[test]
fn a_file_is_loaded_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("foo.ko"), b"\0name=foo\0").unwrap();
    let file = File::open(folder.path().join("foo.ko")).unwrap();
    let kernel = FakeKernel::new();
    kernel.finit_module(file.as_fd(), c"x=1", LoadFlags::IGNORE_VERMAGIC).unwrap();
    let again = kernel.finit_module(file.as_fd(), c"", LoadFlags::NONE);
    assert_eq!(again, Err(Errno::EEXIST));
    let expected = Call::Finit {
        image: fs::read(folder.path().join("foo.ko")).unwrap(),
        params: c"x=1".to_owned(),
        flags: LoadFlags::IGNORE_VERMAGIC,
    };
    assert_eq!(kernel.syscalls()[0], expected);
    assert_eq!(kernel.init_module(b"no name", c""), Err(Errno::ENOEXEC));
}

#[test]
fn the_hook_links() {
    let kernel = FakeKernel::new().on_load(|request| match request.name.as_str() {
        "foo" if request.kernel.is_loaded("foo__persist") => Ok(FakeModule::new("foo").uses("foo__persist")),
        "foo" => Err(Errno::ENOENT),
        name => Ok(FakeModule::new(name).section(".data..persistent", 0x1000).note(".note", b"n")),
    });
    assert_eq!(kernel.init_module(b"\0name=foo\0", c""), Err(Errno::ENOENT));
    kernel.init_module(b"\0name=foo__persist\0", c"").unwrap();
    kernel.init_module(b"\0name=foo\0", c"").unwrap();
    assert_eq!(kernel.holders("foo__persist").unwrap(), ["foo"]);
    assert_eq!(kernel.refcount("foo__persist").unwrap(), Some(1));
    assert_eq!(kernel.sections("foo__persist").unwrap()[0].address, SectionAddress::Known(0x1000));
    assert_eq!(kernel.delete_module(c"foo__persist", FORCE), Err(Errno::EWOULDBLOCK));
    kernel.delete_module(c"foo", PLAIN).unwrap();
    kernel.delete_module(c"foo__persist", PLAIN).unwrap();
}

#[test]
fn removal_follows_the_kernels_order() {
    let kernel = FakeKernel::new();
    assert_eq!(kernel.delete_module(c"foo", PLAIN), Err(Errno::ENOENT));
    kernel.add(FakeModule::new("coming").state(InitState::Coming));
    assert_eq!(kernel.delete_module(c"coming", FORCE), Err(Errno::EBUSY));
    kernel.add(FakeModule::new("open").references(Some(1)));
    assert_eq!(kernel.delete_module(c"open", PLAIN), Err(Errno::EWOULDBLOCK));
    kernel.delete_module(c"open", FORCE).unwrap();
    let mut permanent = FakeModule::new("permanent");
    permanent.removable = false;
    kernel.add(permanent);
    assert_eq!(kernel.delete_module(c"permanent", PLAIN), Err(Errno::EBUSY));
    kernel.delete_module(c"permanent", FORCE).unwrap();
}

#[test]
fn errors_come_as_scripted() {
    let kernel = FakeKernel::new();
    kernel.fail_next(Op::Init, Errno::EPERM);
    kernel.fail_next(Op::Init, Errno::EKEYREJECTED);
    assert_eq!(kernel.init_module(b"\0name=foo\0", c""), Err(Errno::EPERM));
    assert_eq!(kernel.init_module(b"\0name=foo\0", c""), Err(Errno::EKEYREJECTED));
    kernel.init_module(b"\0name=foo\0", c"").unwrap();
    kernel.fail_always(Op::Notes, Errno::EACCES);
    assert!(kernel.notes("foo").unwrap_err().is_denied());
    assert!(kernel.notes("foo").unwrap_err().is_denied());
}

#[test]
fn its_list_of_modules_is_one_that_our_parser_reads() {
    let kernel = FakeKernel::new();
    kernel.add(FakeModule::new("foo__persist"));
    kernel.add(FakeModule { taint: "OE".into(), ..FakeModule::new("foo").uses("foo__persist") });
    let text = kernel.modules_text().unwrap();
    let modules: Vec<_> = proc::modules(&text).map(Result::unwrap).collect();
    assert_eq!(modules.len(), 2);
    assert_eq!(modules[1].users().collect::<Vec<_>>(), [b"foo"]);
}

#[test]
fn memory_by_pieces() {
    let kernel = FakeKernel::new();
    kernel.set(|settings| {
        settings.memory.insert(0x1000, b"abcd".to_vec());
    });
    assert_eq!(kernel.read_memory(0x1001, 2).unwrap(), b"bc");
    assert!(kernel.read_memory(0x1001, 4).is_err());
    assert!(kernel.read_memory(0xfff, 1).is_err());
}
