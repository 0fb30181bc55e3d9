// SPDX-License-Identifier: MIT OR Apache-2.0
//! What other programs and the user do while a reload is under way.

use std::time::Duration;

use libmodsys::lock::{self, Lock};
use modpersist::ListForm;

use super::*;

/// Does `act` when `module` is removed for the first time.
fn when_removed(module: &str, act: impl Fn(&FakeKernel) + 'static) -> FakeKernel {
    let (module, done) = (module.to_owned(), RefCell::new(false));
    kernel().on_remove(move |kernel, removed| {
        if removed.name == module && !done.replace(true) {
            act(kernel);
        }
    })
}

#[test]
fn a_module_that_another_program_unloads_meanwhile_is_loaded_all_the_same() {
    let machine =
        loaded(when_removed("rival_top", |kernel| drop(kernel.take("rival"))), "rival", &["size=3"]);
    machine.write("rival_top.ko", &on_top("rival_top", &["rival"]));
    assert!(machine.reload(&["@rival_top.ko", "size=1"]).is_success);
    let ran = machine.reload(&["@rival.ko"]);
    assert!(ran.is_success, "{ran:?}");
    assert!(machine.kernel.is_loaded("rival_top"), "{ran:?}");
    assert_eq!((machine.build_id("rival"), &*machine.params("rival")), (2, "size=3"));
    // The same for one on top.
    let machine = loaded(when_removed("below_b", |kernel| drop(kernel.take("below_a"))), "below", &[]);
    for (top, below) in [("below_a", "below"), ("below_b", "below_a")] {
        machine.write(&format!("{top}.ko"), &on_top(top, &[below]));
        assert!(machine.reload(&[&format!("@{top}.ko"), "size=1"]).is_success);
    }
    let ran = machine.reload(&["@below.ko"]);
    assert!(ran.is_success && machine.kernel.is_loaded("below_a"), "{ran:?}");
    assert!(machine.kernel.is_loaded("below_b") && machine.build_id("below") == 2, "{ran:?}");
}

#[test]
fn a_new_module_on_one_that_came_back_goes_before_it() {
    let (lower, upper) = (on_top("grown_a", &["grown"]), on_top("grown_c", &["grown_a"]));
    let files = [lower.build(), upper.build()];
    let kernel = when_removed("grown_a", move |kernel| {
        for file in &files {
            kernel.init_module(file, c"size=1").unwrap();
        }
    });
    let machine = loaded(kernel, "grown", &[]);
    machine.write("grown_a.ko", &lower);
    machine.write("grown_c.ko", &upper);
    assert!(machine.reload(&["@grown_a.ko", "size=1"]).is_success);
    let ran = machine.reload(&["@grown.ko"]);
    assert!(ran.is_success && machine.build_id("grown") == 2, "{ran:?}");
    assert!(machine.kernel.is_loaded("grown_a") && machine.kernel.is_loaded("grown_c"), "{ran:?}");
    assert!(ran.out.ends_with("2 modules on top were reloaded: grown_a, grown_c\n"), "{ran:?}");
}

#[test]
fn a_reload_that_does_not_begin_does_not_forget_what_an_earlier_one_left() {
    let machine = loaded(kernel(), "earlier", &[]);
    for top in ["earlier_a", "earlier_b"] {
        machine.write(&format!("{top}.ko"), &on_top(top, &["earlier"]));
        assert!(machine.reload(&[&format!("@{top}.ko"), "size=1"]).is_success);
    }
    machine.kernel.die_after(1);
    machine.reload(&["@earlier.ko"]);
    machine.kernel.revive();
    assert!(machine.has_state("earlier") && !machine.kernel.is_loaded("earlier_b"));
    // It cannot be unloaded, and the module on top that is missing cannot come back.
    machine.kernel.fail_next(Op::Delete, Errno::EBUSY);
    machine.kernel.fail_next(Op::Init, Errno::ENOMEM);
    machine.kernel.fail_next(Op::Finit, Errno::ENOMEM);
    let ran = machine.reload(&["@earlier.ko"]);
    assert!(!ran.is_success && machine.has_state("earlier"), "{ran:?}");
    let state = fs::read_to_string(machine.paths.reloads.join("earlier")).unwrap();
    assert!(state.contains("\"step\":\"\""), "it has ended: {state}");
}

/// The signals that this thread does not get now, as the kernel's bits.
fn held_signals() -> u64 {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap();
    u64::from_str_radix(line.trim(), 16).unwrap()
}

#[test]
fn ctrl_c_waits_until_what_was_unloaded_is_loaded_again() {
    let held = Rc::new(RefCell::new(Vec::new()));
    let (unload, load) = (held.clone(), held.clone());
    let kernel = kernel_with(move |_| {
        load.borrow_mut().push(held_signals());
        Ok(())
    });
    let machine =
        loaded(kernel.on_remove(move |_, _| unload.borrow_mut().push(held_signals())), "ctrlc", &[]);
    held.borrow_mut().clear();
    assert!(machine.reload(&["@ctrlc.ko"]).is_success);
    // SIGHUP, SIGINT and SIGTERM.
    let all = 1 << 0 | 1 << 1 | 1 << 14;
    assert!(held.borrow().len() >= 2 && held.borrow().iter().all(|held| held & all == all), "{held:?}");
    assert_eq!(held_signals() & all, 0);
}

#[test]
fn finishing_a_reload_holds_the_locks_of_what_it_loads() {
    let free = Rc::new(RefCell::new(Vec::new()));
    let found = free.clone();
    let kernel = kernel_with(move |request| {
        if request.name == "locked_top" {
            found
                .borrow_mut()
                .push(matches!(lock::acquire(&request.name, Duration::ZERO), Ok(Lock::Held(_))));
        }
        Ok(())
    });
    let machine = loaded(kernel, "locked", &[]);
    machine.write("locked_top.ko", &on_top("locked_top", &["locked"]));
    assert!(machine.reload(&["@locked_top.ko", "size=1"]).is_success);
    machine.kernel.die_after(1);
    machine.reload(&["@locked.ko"]);
    machine.kernel.revive();
    free.borrow_mut().clear();
    let ran = machine.reload(&["--resume", "locked"]);
    assert!(ran.is_success && machine.kernel.is_loaded("locked_top"), "{ran:?}");
    assert!(!free.borrow().is_empty() && !free.borrow().contains(&true), "{free:?}");
}

#[test]
fn a_module_whose_data_is_not_kept_does_not_run_again_with_it() {
    let machine = Machine::new(kernel_with(init));
    machine.write("plain.ko", &on_top("plain", &[]));
    machine.reload(&["@plain.ko"]).succeeded("plain: loaded\n");
    fs::create_dir(machine.folder.path().join("new")).unwrap();
    let mut new = failing(on_top("plain", &[]));
    new.change(".note.gnu.build-id", |_| {});
    machine.write("new/plain.ko", &new);
    let ran = machine.reload(&[
        "--with",
        machine.folder.path().join("plain.ko").to_str().unwrap(),
        "@new/plain.ko",
    ]);
    assert!(!ran.is_success && machine.kernel.is_loaded("plain"), "{ran:?}");
    assert!(ran.err.ends_with("ERROR: plain: the version before runs again, away for N ms\n"), "{ran:?}");
    let ran = machine.reload(&["@none.ko"]);
    assert!(ran.err.ends_with("ERROR: nothing has changed\n"), "{ran:?}");
}

#[test]
fn whichever_call_fails_what_is_not_loaded_again_is_said_and_known() {
    use Op::{Delete, Finit, Header, Holders, Init, InitState, Memory, Modules, Notes, Parameters};
    let ops = [Delete, Finit, Header, Holders, Init, InitState, Memory, Modules, Notes, Parameters];
    let mut told = 0;
    for op in ops {
        for passed in (0..40).step_by(5) {
            let machine = loaded(kernel(), "called", &[]);
            for top in ["called_a", "called_b"] {
                machine.write(&format!("{top}.ko"), &on_top(top, &["called"]));
                assert!(machine.reload(&[&format!("@{top}.ko"), "size=1"]).is_success);
            }
            // One on top is missing already.
            machine.kernel.die_after(1);
            machine.reload(&["@called.ko"]);
            machine.kernel.revive();
            machine.kernel.fail_after(op, passed, Errno::EIO);
            let ran = machine.reload(&["@called.ko"]);
            let missing: Vec<&str> = ["called", "called_a", "called_b"]
                .into_iter()
                .filter(|name| !machine.kernel.is_loaded(name))
                .collect();
            if missing.is_empty() {
                continue;
            }
            told += 1;
            assert!(!ran.is_success && machine.has_state("called"), "{op:?} {passed}: {missing:?} {ran:?}");
            assert!(
                missing.iter().all(|name| ran.err.contains(name)),
                "{op:?} {passed}: {missing:?} {ran:?}"
            );
        }
    }
    assert!(told > 5, "{told}");
}

/// A reload that is killed when all is loaded again leaves nothing to finish: what is unloaded after that is
/// unloaded on purpose.
#[test]
fn a_reload_that_was_killed_at_its_end_is_nothing_to_be_resumed() {
    let machine = loaded(kernel(), "atend", &[]);
    machine.write("atend.ko", &owner("atend", 2));
    let list = || {
        let mut out = Vec::new();
        modpersist::run_list(&machine.kernel, &machine.paths, ListForm::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    // The module was removed and loaded, and that was the last that this process did.
    machine.kernel.die_after(2);
    machine.reload(&["@atend.ko"]);
    machine.kernel.revive();
    assert!(machine.has_state("atend") && machine.kernel.is_loaded("atend"));
    assert!(!list().contains("interrupted"), "{}", list());
    assert!(!machine.has_state("atend"));
    machine.remove("atend");
    assert!(!list().contains("interrupted"), "{}", list());
}

#[test]
fn list_knows_an_interrupted_reload_of_a_module_of_which_nothing_is_kept() {
    let machine = Machine::new(kernel_with(init));
    machine.write("unkept.ko", &on_top("unkept", &[]));
    assert!(machine.reload(&["@unkept.ko", "size=1"]).is_success);
    machine.kernel.die_after(1);
    machine.reload(&["@unkept.ko"]);
    machine.kernel.revive();
    assert!(machine.has_state("unkept") && !machine.kernel.is_loaded("unkept"));
    let mut out = Vec::new();
    let form = ListForm { json: true, ..ListForm::default() };
    modpersist::run_list(&machine.kernel, &machine.paths, form, &mut out).unwrap();
    let listed: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(
        listed,
        serde_json::json!([{
            "owner": "unkept",
            "state": "nothing kept",
            "sections": [],
            "interrupted_reload": "a reload of unkept could not load all modules again; not loaded: unkept",
        }])
    );
}
