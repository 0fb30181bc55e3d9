// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every cell of the table of fallbacks, on a stock kernel.

use libmodfmt::elf::{Ident, Machine, RelocationForm};
use libmodfmt::file::ModuleFile;
use libmodsys::{Errno, Lockdown};
use modkeep::{KeepError, KeepMode, LoadOutcome, Obstacle, Plan, RegionUse, Request, plan};
use modtest::{FakeKernel, Op};

use super::{bytes_file, file, grown, keep, kernel, load, request};
use modtest::module::{DATA, Make, R_64, R_GOTPCREL, signed};

const BOTH: [KeepMode; 2] = [KeepMode::Auto, KeepMode::Require];

/// What makes it impossible to keep data.
const OBSTACLES: [fn(&FakeKernel); 3] = [
    |kernel| kernel.set(|settings| settings.sig_enforce = Some(true)),
    |kernel| kernel.set(|settings| settings.lockdown = Some(Lockdown::Integrity)),
    |kernel| kernel.set(|settings| settings.lockdown = Some(Lockdown::Confidentiality)),
];

fn region_use(kernel: &FakeKernel, request: Request<'_>) -> RegionUse {
    match plan(kernel, request).unwrap() {
        Plan::Keeper { region_use, .. } | Plan::Extended { region_use, .. } => region_use,
        Plan::Plain { warning } => panic!("{warning:?}"),
        Plan::Drop { .. } | Plan::Bound { .. } => panic!("loaded as it is"),
    }
}

fn warning(kernel: &FakeKernel, request: Request<'_>) -> Option<String> {
    match plan(kernel, request).unwrap() {
        Plan::Plain { warning } => warning,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_kept_a_keeper_then_the_owner() {
    let file = file(&Make::typical("foo"));
    for keep in BOTH {
        let kernel = kernel();
        assert_eq!(region_use(&kernel, Request { keep, ..request(&file) }), RegionUse::Create);
        assert_eq!(load(&kernel, Request { keep, ..request(&file) }).unwrap(), Some(LoadOutcome::Kept));
        assert_eq!(kernel.history(), ["+foo__persist", "+foo"]);
        assert_eq!(kernel.module("foo").unwrap().uses, ["foo__persist"]);
    }
}

#[test]
fn nothing_kept_and_impossible() {
    let file = file(&Make::typical("foo"));
    for obstacle in OBSTACLES {
        let kernel = kernel();
        obstacle(&kernel);
        let said = warning(&kernel, request(&file)).unwrap();
        assert!(
            said.starts_with("its persistent data will not be kept: this kernel loads only signed"),
            "{said}"
        );
        let required = plan(&kernel, Request { keep: KeepMode::Require, ..request(&file) });
        assert!(matches!(required, Err(KeepError::Impossible { .. })));
        assert_eq!(kernel.history(), Vec::<String>::new());
    }
}

#[test]
fn nothing_kept_and_the_kernel_refuses_the_keeper() {
    let file = file(&Make::typical("foo"));
    let kernel = kernel();
    kernel.fail_next(Op::Init, Errno::EKEYREJECTED);
    let Ok(Some(LoadOutcome::FallBack { warning })) = load(&kernel, request(&file)) else { panic!() };
    assert!(warning.contains("the kernel refused the keeper"), "{warning}");
    kernel.fail_next(Op::Init, Errno::EKEYREJECTED);
    let error = load(&kernel, Request { keep: KeepMode::Require, ..request(&file) }).unwrap_err();
    assert!(matches!(
        error,
        KeepError::Impossible { obstacle: Obstacle::Refused { errno: Errno::EKEYREJECTED } }
    ));
    assert!(!kernel.is_loaded("foo") && !kernel.is_loaded("foo__persist"));
}

#[test]
fn nothing_kept_and_keep_off_is_plain_and_silent() {
    let file = file(&Make::typical("foo"));
    assert_eq!(warning(&kernel(), Request { keep: KeepMode::Off, ..request(&file) }), None);
}

#[test]
fn kept_and_the_same_layout_binds() {
    let file = file(&Make::typical("foo"));
    for keep_option in BOTH {
        let kernel = kernel();
        keep(&kernel, &Make::typical("foo"));
        let before = kernel.data_address("foo__persist");
        let request = Request { keep: keep_option, ..request(&file) };
        assert_eq!(region_use(&kernel, request), RegionUse::Bind);
        assert_eq!(load(&kernel, request).unwrap(), Some(LoadOutcome::Kept));
        assert_eq!(kernel.history()[3..], ["+foo"]);
        assert_eq!(kernel.data_address("foo__persist"), before);
    }
}

#[test]
fn kept_and_binding_impossible_is_an_error() {
    let unsigned = file(&Make::typical("foo"));
    let file = ModuleFile::new(signed(&Make::typical("foo").build()), 1 << 20);
    for obstacle in OBSTACLES {
        for keep_option in BOTH {
            let kernel = kernel();
            keep(&kernel, &Make::typical("foo"));
            obstacle(&kernel);
            let error = load(&kernel, Request { keep: keep_option, ..request(&file) }).unwrap_err();
            assert!(matches!(error, KeepError::CannotBind { .. }), "{error}");
            assert!(error.remedy().unwrap().contains("--keep=off"));
            let error = load(&kernel, request(&unsigned)).unwrap_err();
            let needs_signature = error.to_string().contains("only signed modules");
            assert_eq!(error.remedy().unwrap().contains("--keep=off"), !needs_signature, "{error}");
            assert!(kernel.data_address("foo__persist").is_some() && !kernel.is_loaded("foo"));
        }
    }
}

#[test]
fn kept_and_another_layout_is_an_error_with_an_account() {
    let file = file(&grown("foo"));
    for keep_option in BOTH {
        let kernel = kernel();
        keep(&kernel, &Make::typical("foo"));
        let error = load(&kernel, Request { keep: keep_option, ..request(&file) }).unwrap_err();
        assert!(matches!(error, KeepError::LayoutDiffers { .. }), "{error}");
        assert_eq!(error.details(), ["bar.c:more: new (32 bytes at offset 0x40)"]);
        assert!(error.remedy().unwrap().contains("--fresh"));
        assert_eq!(kernel.history().len(), 3, "nothing was loaded");
    }
}

#[test]
fn kept_and_keep_off_is_plain_with_a_warning() {
    for file in [file(&Make::typical("foo")), file(&grown("foo"))] {
        for obstacle in [|_: &FakeKernel| {}, OBSTACLES[0]] {
            let kernel = kernel();
            keep(&kernel, &Make::typical("foo"));
            obstacle(&kernel);
            let said = warning(&kernel, Request { keep: KeepMode::Off, ..request(&file) }).unwrap();
            assert!(
                said.starts_with("4160 bytes of data of foo are kept in the kernel and not used"),
                "{said}"
            );
            assert!(kernel.is_loaded("foo__persist"));
        }
    }
}

#[test]
fn keep_off_loads_what_cannot_be_understood_with_a_warning() {
    let kernel = kernel();
    let mut bytes = Make::typical("foo").build();
    bytes.truncate(bytes.len() - 1);
    let file = bytes_file(bytes);
    let said = warning(&kernel, Request { keep: KeepMode::Off, ..request(&file) }).unwrap();
    assert!(said.contains("(--keep=off): the section table at offset"), "{said}");
}

#[test]
fn what_must_not_be_kept_is_refused_whatever_is_kept() {
    let mut make = Make::typical("foo");
    make.relocate(DATA, 0, R_64, "init_module", 0);
    let file = file(&make);
    for kept in [false, true] {
        for keep_option in BOTH {
            let kernel = kernel();
            if kept {
                keep(&kernel, &Make::typical("foo"));
            }
            let calls = kernel.syscalls().len();
            let error =
                load(&kernel, Request { keep: keep_option, fresh: kept, ..request(&file) }).unwrap_err();
            assert!(matches!(error, KeepError::Refused { .. }), "{error}");
            assert_eq!(kernel.syscalls().len(), calls);
        }
    }
}

#[test]
fn a_file_that_no_owner_image_can_be_made_of_falls_back_like_any_obstacle() {
    let mut make = Make::typical("foo");
    make.relocate(".text", 0x48, R_GOTPCREL, "shared", -4);
    let file = file(&make);
    let said = warning(&kernel(), request(&file)).unwrap();
    assert!(said.contains(".text+0x48 uses shared by R_X86_64_GOTPCREL"), "{said}");
    let kernel = kernel();
    keep(&kernel, &Make::typical("foo"));
    assert!(matches!(load(&kernel, request(&file)), Err(KeepError::CannotBind { .. })));
    assert!(matches!(
        load(&kernel, Request { fresh: true, ..request(&file) }),
        Err(KeepError::CannotBind { .. })
    ));
    assert!(kernel.is_loaded("foo__persist"));
}

#[test]
fn another_machine_falls_back() {
    let mut make = Make::small("foo");
    make.machine(Ident { machine: Machine(22), ..Ident::X86_64 }, RelocationForm::Rela);
    let said = warning(&kernel(), request(&file(&make))).unwrap();
    assert!(said.contains("s390 modules is not supported yet"), "{said}");
}

#[test]
fn a_lost_signature_and_a_pinned_module_are_said() {
    let kernel = kernel();
    kernel.set(|settings| {
        settings.kallsyms =
            b"ffffffffc0000000 D jiffies\t[clockwork]\nffffffff81000000 D jiffies_64\n".to_vec();
    });
    let Plan::Keeper { notes, .. } =
        plan(&kernel, request(&bytes_file(signed(&Make::typical("foo").build())))).unwrap()
    else {
        panic!()
    };
    assert_eq!(notes.len(), 2);
    assert!(notes[0].starts_with("clock points to jiffies of module clockwork"), "{notes:?}");
    assert!(notes[1].starts_with("its signature is lost"), "{notes:?}");
}

#[test]
fn a_module_without_persistent_data_is_plain() {
    let kernel = kernel();
    assert_eq!(warning(&kernel, request(&file(&Make::bare("foo")))), None);
    assert_eq!(kernel.syscalls(), []);
}

#[test]
fn a_version_without_persistent_data_differs_from_what_is_kept() {
    let file = file(&Make::bare("foo"));
    for keep_option in BOTH {
        let kernel = kernel();
        keep(&kernel, &Make::typical("foo"));
        let error = load(&kernel, Request { keep: keep_option, ..request(&file) }).unwrap_err();
        assert!(matches!(error, KeepError::LayoutDiffers { .. }), "{error}");
        assert_eq!(error.details().len(), 2, "{:?}", error.details());
        assert!(kernel.is_loaded("foo__persist"));
        assert_eq!(
            load(&kernel, Request { keep: keep_option, fresh: true, ..request(&file) }).unwrap(),
            None
        );
        assert!(!kernel.is_loaded("foo__persist"));
    }
    let kernel = kernel();
    keep(&kernel, &Make::typical("foo"));
    let said = warning(&kernel, Request { keep: KeepMode::Off, ..request(&file) }).unwrap();
    assert!(said.contains("not used by this load"), "{said}");
}

#[test]
fn a_static_of_an_imports_name_in_another_module_is_not_pinned() {
    let kernel = kernel();
    kernel.set(|settings| settings.kallsyms = b"ffffffffc0000000 d jiffies\t[clockwork]\n".to_vec());
    let Plan::Keeper { notes, .. } = plan(&kernel, request(&file(&Make::typical("foo")))).unwrap() else {
        panic!()
    };
    assert_eq!(notes, Vec::<String>::new());
    kernel.set(|settings| {
        settings.kallsyms.extend(b"ffffffffc0000010 r __ksymtab_jiffies\t[clockwork]\n");
    });
    let Plan::Keeper { notes, .. } = plan(&kernel, request(&file(&Make::typical("foo")))).unwrap() else {
        panic!()
    };
    assert_eq!(notes.len(), 1);
}
