// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes wrong once a reload has begun: steps that fail, other programs, a kill.

use super::*;

#[test]
fn an_init_that_fails_brings_the_version_before_back() {
    let machine = loaded(kernel_with(init), "goback", &["size=6"]);
    machine.write("goback_top.ko", &on_top("goback_top", &["goback"]));
    machine.reload(&["@goback_top.ko", "size=1"]).succeeded("goback_top: loaded\n");
    machine.write("goback.ko", &failing(owner("goback", 3)));
    let before = machine.count();
    machine.reload(&["@goback.ko"]).failed(
        "modpersist: ERROR: goback: could not load DIR/goback.ko: No such device\n\
         modpersist: ERROR: if its init function has run, what kept pointers lead to is as it left it\n\
         modpersist: ERROR: goback: the version before runs again, with its data, away for N ms; 1 module on \
         top was reloaded: goback_top\n",
    );
    let history = ["-goback_top", "-goback", "+goback", "+goback", "+goback_top"].map(|step| {
        // Without persistent data it is loaded from its file.
        step.replace("+goback_top", "+file goback_top")
    });
    assert_eq!(machine.history_since(before), history);
    assert_eq!((machine.build_id("goback"), &*machine.params("goback")), (1, "size=6"));
    // The image is still that of the version that runs.
    machine.write("goback.ko", &owner("goback", 4));
    assert!(machine.reload(&["@goback.ko"]).is_success);
    assert_eq!((machine.build_id("goback"), &*machine.params("goback")), (4, "size=6"));
}

/// Its source says nothing of the rename: only the load was told.
#[test]
fn a_version_that_was_told_of_another_name_comes_back() {
    let renamed = |build| {
        let mut make = owner("told", build);
        make.symbols(|symbol| {
            if &*symbol.name == b"table" {
                symbol.name = b"board".to_vec().into();
            }
            true
        });
        make
    };
    let machine = loaded(kernel_with(init), "told", &[]);
    machine.write("told.ko", &renamed(2));
    assert!(machine.reload(&["@told.ko"]).err.contains("--renamed"));
    let ran = machine.reload(&["--renamed", "table=board", "@told.ko"]);
    assert!(ran.is_success, "{ran:?}");
    machine.write("told.ko", &failing(renamed(3)));
    let ran = machine.reload(&["--renamed", "table=board", "@told.ko"]);
    assert!(ran.err.contains("told: the version before runs again"), "{ran:?}");
    assert_eq!(machine.build_id("told"), 2);
}

#[test]
fn an_init_that_leaves_something_registered_is_said_to() {
    let loads = Rc::new(RefCell::new(0));
    let count = loads.clone();
    let machine = loaded(
        kernel_with(move |request| {
            if request.name != "leaves" {
                return Ok(());
            }
            *count.borrow_mut() += 1;
            match *count.borrow() {
                2 => Err(Errno::ENODEV),
                3 => Err(Errno::EEXIST),
                _ => Ok(()),
            }
        }),
        "leaves",
        &[],
    );
    machine.write("leaves.ko", &owner("leaves", 3));
    let ran = machine.reload(&["@leaves.ko"]);
    assert!(ran.err.contains("has left something registered"), "{}", ran.err);
    assert!(ran.err.ends_with("leaves is not loaded\n"), "{}", ran.err);
    assert_eq!(*loads.borrow(), 3);
}

#[test]
fn a_module_on_top_that_does_not_come_back_is_named() {
    let fails = Rc::new(RefCell::new(String::new()));
    let name = fails.clone();
    let machine = loaded(
        kernel_with(move |request| if *name.borrow() == request.name { Err(Errno::EIO) } else { Ok(()) }),
        "three",
        &[],
    );
    for top in ["three_a", "three_b", "three_c"] {
        machine.write(&format!("{top}.ko"), &on_top(top, &["three"]));
        assert!(machine.reload(&[&format!("@{top}.ko"), "size=1"]).is_success);
    }
    *fails.borrow_mut() = "three_b".to_owned();
    let ran = machine.reload(&["@three.ko"]);
    assert!(!ran.is_success, "{ran:?}");
    assert!(
        ran.err.contains("modpersist: ERROR: three: reloaded, away for N ms; 2 modules on top"),
        "{ran:?}"
    );
    assert!(ran.err.ends_with("modpersist: ERROR: three_b is not loaded: Input/output error\n"), "{ran:?}");
    assert!(machine.kernel.is_loaded("three_a") && machine.kernel.is_loaded("three_c"));
    // What belongs together is still known.
    fails.borrow_mut().clear();
    let ran = machine.reload(&["--resume", "three"]);
    assert!(ran.is_success && machine.kernel.is_loaded("three_b"), "{ran:?}");
    assert!(!machine.has_state("three"));
}

/// Another program loads the module as soon as it is gone.
fn autoloaded(name: &'static str, make: Make, is_bound: bool) -> Machine {
    let file = make.build();
    let done = RefCell::new(false);
    let kernel = kernel().on_remove(move |kernel, module| {
        if module.name != name || done.replace(true) {
            return;
        }
        if is_bound {
            // Our insmod of another process: bound to what is kept.
            let mut loaded = FakeModule::new(name).uses(&format!("{name}__persist"));
            let id =
                modtest::module::parse(&file).object.section(".note.gnu.build-id").unwrap().1.data.to_vec();
            loaded = loaded.note(".note.gnu.build-id", &id);
            kernel.add(loaded);
        } else {
            kernel.init_module(&file, c"").unwrap();
        }
    });
    loaded(kernel, name, &[])
}

#[test]
fn a_copy_that_another_program_loads_meanwhile_goes() {
    let machine = autoloaded("copied", owner("copied", 2), false);
    let ran = machine.reload(&["@copied.ko"]);
    assert!(ran.is_success, "{ran:?}");
    assert!(
        ran.err
            .contains("WARNING: copied: another program loaded it without its kept data meanwhile; it was"),
        "{ran:?}"
    );
    assert_eq!(machine.kernel.holders("copied__persist").unwrap(), ["copied"]);
    let machine = autoloaded("oldone", owner("oldone", 1), true);
    let ran = machine.reload(&["@oldone.ko"]);
    assert!(ran.is_success && ran.err.contains("another program loaded another build of it"), "{ran:?}");
    assert_eq!(machine.build_id("oldone"), 2);
    let machine = autoloaded("newone", owner("newone", 2), true);
    let ran = machine.reload(&["@newone.ko"]);
    assert!(
        ran.is_success && ran.err.contains("another program loaded the new version meanwhile"),
        "{ran:?}"
    );
    assert_eq!(machine.build_id("newone"), 2);
}

#[test]
fn killed_at_each_step_and_taken_up_again() {
    for resume in [true, false] {
        for step in 0..8 {
            let name = format!("killed{step}{resume}");
            let machine = loaded(kernel(), &name, &["size=2"]);
            for (top, below) in [("a", ""), ("b", "_a")] {
                let top = format!("{name}_{top}");
                machine.write(&format!("{top}.ko"), &on_top(&top, &[&format!("{name}{below}")]));
                assert!(machine.reload(&[&format!("@{top}.ko"), "size=8"]).is_success);
            }
            let tops = [format!("{name}_a"), format!("{name}_b")];
            let before = machine.count();
            machine.kernel.die_after(step);
            let ran = machine.reload(&[&format!("@{name}.ko")]);
            machine.kernel.revive();
            let is_done = machine.history_since(before).len() >= 6 && step >= 6;
            if is_done {
                continue;
            }
            let mut ran_again = if resume && machine.has_state(&name) {
                machine.reload(&["--resume", &name])
            } else {
                machine.reload(&[&format!("@{name}.ko")])
            };
            if !ran_again.is_success {
                ran_again = machine.reload(&[&format!("@{name}.ko")]);
            }
            assert!(ran_again.is_success, "{step}: {ran:?}, {ran_again:?}");
            assert_eq!(machine.params(&name), "size=2", "{step}: {ran:?}, {ran_again:?}");
            for top in &tops {
                assert!(machine.kernel.is_loaded(top), "{step}: {ran:?}, {ran_again:?}");
                assert_eq!(machine.params(top), "size=8");
            }
            assert_eq!(machine.kernel.holders(&format!("{name}__persist")).unwrap(), [name.as_str()]);
            assert!(!machine.has_state(&name), "{step}");
        }
    }
}

#[test]
fn what_a_reload_has_left_is_listed() {
    let machine = loaded(kernel(), "leftover", &[]);
    machine.kernel.die_after(1);
    machine.reload(&["@leftover.ko"]);
    machine.kernel.revive();
    let state = fs::read_to_string(machine.paths.reloads.join("leftover")).unwrap();
    assert!(state.contains("\"owner\":\"leftover\""), "{state}");
    assert!(Path::new(&machine.paths.reloads).exists() && !machine.kernel.is_loaded("leftover"));
    let ran = machine.reload(&["@leftover.ko"]);
    assert!(ran.is_success, "{ran:?}");
    assert!(
        ran.err.starts_with(
            "modpersist: WARNING: leftover: a reload of leftover could not load all modules again; not loaded: \
             leftover\n"
        ),
        "{ran:?}"
    );
    machine.remove("leftover");
}

/// insmod has left the image of a third version in its place.
#[test]
fn the_version_before_is_known_by_its_build() {
    let machine = loaded(kernel(), "replaced", &[]);
    machine.kernel.die_after(1);
    machine.reload(&["@replaced.ko"]);
    machine.kernel.revive();
    assert!(!machine.kernel.is_loaded("replaced"));
    let image = machine.paths.loaded_images.join("replaced.ko");
    fs::write(&image, owner("replaced", 3).build()).unwrap();
    let ran = machine.reload(&["--resume", "replaced"]);
    let gone = "is not the version any more that was loaded before";
    assert!(!ran.is_success && ran.err.contains(gone), "{ran:?}");
    assert!(!machine.kernel.is_loaded("replaced"));
    assert!(machine.reload(&["@replaced.ko"]).is_success);
    machine.remove("replaced");
}
