// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reloads that go well.

use super::*;

#[test]
fn one_module() {
    let machine = loaded(kernel(), "alone", &["size=3"]);
    assert_eq!(machine.kernel.history(), ["+alone__persist", "+alone"]);
    machine.reload(&["@alone.ko"]).succeeded("alone: reloaded, away for N ms\n");
    assert_eq!(machine.history_since(2), ["-alone", "+alone"]);
    assert_eq!((machine.build_id("alone"), &*machine.params("alone")), (2, "size=3"));
    assert!(!machine.has_state("alone"));
    let ran = machine.reload(&["--json", "@alone.ko", "size=4"]);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&value["result"], &value["runs"]), (&"reloaded".into(), &"new".into()));
    assert_eq!(value["parameters"], "size=4");
    assert!(value["away_ms"].as_f64().is_some_and(|away| away > 0.0));
    assert_eq!(machine.params("alone"), "size=4");
}

#[test]
fn a_value_that_was_written_since_is_given_again() {
    let machine = loaded(kernel(), "written", &["size=3"]);
    machine.kernel.change("written", |module| {
        module.parameters.insert("size".into(), b"5".to_vec());
    });
    machine.reload(&["@written.ko"]).succeeded("written: reloaded, away for N ms\n");
    assert_eq!(machine.params("written"), "size=5");
    // A default of the version before is not made the new version's.
    let machine = loaded(kernel(), "default", &[]);
    machine.kernel.change("default", |module| {
        module.parameters.insert("size".into(), b"5".to_vec());
    });
    machine.reload(&["@default.ko"]).succeeded("default: reloaded, away for N ms\n");
    assert_eq!(machine.params("default"), "size=5");
    machine.reload(&["@default.ko", "size=1"]).succeeded("default: reloaded, away for N ms\n");
    assert_eq!(machine.params("default"), "size=1");
}

#[test]
fn a_persistent_parameter_keeps_its_value_by_itself() {
    let machine = Machine::new(kernel());
    machine.write("itself.ko", &with_persistent_parameter("itself", 1));
    assert!(machine.reload(&["@itself.ko", "size=3"]).is_success);
    machine.write("itself.ko", &with_persistent_parameter("itself", 2));
    machine.reload(&["@itself.ko"]).succeeded("itself: reloaded, away for N ms\n");
    assert_eq!(machine.params("itself"), "");
    machine.reload(&["@itself.ko", "size=4"]).succeeded("itself: reloaded, away for N ms\n");
    assert_eq!(machine.params("itself"), "size=4");
}

/// What depends on what, the order of removals, and that of the loads after that.
type Shape = (&'static [(&'static str, &'static [&'static str])], &'static [&'static str]);

const SHAPES: &[Shape] = &[
    (&[("a", &["base"])], &["a"]),
    (&[("a", &["base"]), ("b", &["base"])], &["b", "a"]),
    (&[("a", &["base"]), ("b", &["a"])], &["b", "a"]),
    (&[("a", &["base"]), ("b", &["a"]), ("c", &["b"])], &["c", "b", "a"]),
    (&[("a", &["base"]), ("b", &["base"]), ("c", &["a", "b"])], &["c", "b", "a"]),
    (&[("a", &["base"]), ("b", &["a", "base"])], &["b", "a"]),
    (&[("a", &["base"]), ("b", &["a"]), ("c", &["a"]), ("d", &["b", "c", "base"])], &["d", "c", "b", "a"]),
    (&[("a", &["base"]), ("b", &["base"]), ("c", &["a"]), ("d", &["b"])], &["d", "b", "c", "a"]),
    (&[("other", &[]), ("a", &["base", "other"])], &["a"]),
    (
        &[("a", &["base"]), ("b", &["a"]), ("c", &["base"]), ("d", &["a", "c"]), ("e", &["d"])],
        &["e", "d", "c", "b", "a"],
    ),
];

#[test]
fn chains_of_modules_on_top() {
    for (index, (modules, _)) in SHAPES.iter().enumerate() {
        let name = format!("base{index}");
        let machine = loaded(kernel(), &name, &[]);
        let real = |module: &str| match module {
            "base" => name.clone(),
            module => format!("{module}{index}"),
        };
        for (module, uses) in *modules {
            let uses: Vec<String> = uses.iter().map(|used| real(used)).collect();
            let uses: Vec<&str> = uses.iter().map(String::as_str).collect();
            machine.write(&format!("{}.ko", real(module)), &on_top(&real(module), &uses));
            let ran = machine.reload(&[&format!("@{}.ko", real(module)), &format!("size={}", uses.len())]);
            assert!(ran.is_success, "{ran:?}");
        }
        let before = machine.count();
        let ran = machine.reload(&[&format!("@{name}.ko")]);
        assert!(ran.is_success && ran.err.is_empty(), "{ran:?}");
        let history = machine.history_since(before);
        // The fake kernel refuses to remove what is used, and to load what lacks what it uses.
        let on_top: Vec<String> =
            modules.iter().map(|(module, _)| *module).filter(|module| *module != "other").map(real).collect();
        assert_eq!(history.len(), 2 * (on_top.len() + 1), "{history:?}");
        assert_eq!(history[on_top.len()], format!("-{name}"));
        for (module, uses) in modules.iter().filter(|(module, _)| *module != "other") {
            assert_eq!(machine.params(&real(module)), format!("size={}", uses.len()));
            assert!(machine.kernel.is_loaded(&real(module)));
        }
        let count = match on_top.len() {
            1 => "1 module on top was".to_owned(),
            count => format!("{count} modules on top were"),
        };
        assert!(
            ran.out.starts_with(&format!("{name}: reloaded, away for N ms; {count} reloaded: ")),
            "{ran:?}"
        );
    }
}

#[test]
fn on_an_extended_kernel_the_file_goes_in_as_it_is() {
    let kernel = kernel_with(init);
    kernel.set(|settings| settings.persist_support = PersistSupport::Extended);
    let machine = Machine::new(kernel);
    let put = |make: &Make| {
        fs::write(machine.folder.path().join("signed.ko"), signed(&make.build())).unwrap();
    };
    put(&owner("signed", 1));
    machine.reload(&["@signed.ko", "size=3"]).succeeded("signed: loaded\n");
    assert_eq!(machine.kernel.history()[0], "+file signed");
    machine.write("signed_top.ko", &on_top("signed_top", &["signed"]));
    assert!(machine.reload(&["@signed_top.ko", "size=1"]).is_success);
    // The image has its signature.
    let image = fs::read(machine.paths.loaded_images.join("signed.ko")).unwrap();
    assert_eq!(image, fs::read(machine.folder.path().join("signed.ko")).unwrap());
    put(&failing(owner("signed", 2)));
    let ran = machine.reload(&["@signed.ko"]);
    assert!(
        !ran.is_success && ran.err.contains("signed: the version before runs again, with its data"),
        "{ran:?}"
    );
    assert_eq!((machine.build_id("signed"), &*machine.params("signed")), (1, "size=3"));
    assert!(machine.kernel.keeps("signed") && machine.kernel.is_loaded("signed_top"));
    put(&owner("signed", 3));
    let before = machine.count();
    machine
        .reload(&["@signed.ko"])
        .succeeded("signed: reloaded, away for N ms; 1 module on top was reloaded: signed_top\n");
    let history = machine.history_since(before);
    assert_eq!(history[..3], ["-signed_top", "-signed", "+file signed"]);
    assert_eq!(history.last().unwrap(), "+file signed_top");
}

#[test]
fn a_dry_run_says_it_all_and_does_nothing() {
    let machine = loaded(kernel(), "dry", &["size=3"]);
    machine.write("dry_top.ko", &on_top("dry_top", &["dry"]));
    assert!(machine.reload(&["@dry_top.ko", "size=1"]).is_success);
    let before = machine.count();
    machine.reload(&["--dry-run", "@dry.ko"]).succeeded(
        "dry: would be reloaded from DIR/dry.ko\n  \
         unloaded: dry_top, dry\n  \
         parameters: size=3\n  \
         loaded again: dry_top from DIR/dry_top.ko\n  \
         way back: DIR/run/images/dry.ko\n",
    );
    assert_eq!(machine.count(), before);
    assert!(!machine.has_state("dry"));
}

#[test]
fn a_dry_run_without_parameters_says_nothing_of_them() {
    let machine = loaded(kernel(), "dry", &[]);
    machine.reload(&["--dry-run", "@dry.ko"]).succeeded(
        "dry: would be reloaded from DIR/dry.ko\n  \
         unloaded: dry\n  \
         way back: DIR/run/images/dry.ko\n",
    );
}

/// The plan of a plain load is made again once the module is unloaded.
#[test]
fn a_warning_of_a_plan_that_is_made_twice_is_said_once() {
    let machine = Machine::new(kernel_with(init));
    machine.write("plain.ko", &owner("plain", 1));
    machine.kernel.set(|settings| settings.sig_enforce = Some(true));
    let put = |build| {
        fs::write(machine.folder.path().join("plain.ko"), signed(&owner("plain", build).build())).unwrap()
    };
    put(1);
    assert!(machine.reload(&["@plain.ko"]).is_success);
    put(2);
    let ran = machine.reload(&["--no-way-back", "@plain.ko"]);
    assert!(ran.is_success, "{ran:?}");
    assert_eq!(ran.err.matches("will not be kept").count(), 1, "{}", ran.err);
}

#[test]
fn a_module_without_persistent_data_comes_back_from_its_file() {
    let machine = Machine::new(kernel_with(init));
    let version = |build: u8| {
        let mut make = Make::bare("plainly");
        make.build_id(build);
        make
    };
    let installed = machine.write("installed.ko", &version(1));
    machine.kernel.set(|settings| {
        settings.installed_files.insert("plainly".into(), installed);
    });
    machine.write("plainly.ko", &version(1));
    machine.reload(&["@plainly.ko"]).succeeded("plainly: loaded\n");
    machine.write("plainly.ko", &failing(version(2)));
    let ran = machine.reload(&["@plainly.ko"]);
    assert!(!ran.is_success && ran.err.contains("plainly: the version before runs again"), "{ran:?}");
    assert_eq!(machine.build_id("plainly"), 1);
    machine.write("plainly.ko", &version(3));
    machine.reload(&["@plainly.ko"]).succeeded("plainly: reloaded, away for N ms\n");
    assert_eq!(machine.build_id("plainly"), 3);
}

#[test]
fn a_version_without_persistent_data_may_drop_it() {
    let machine = loaded(kernel(), "dropped", &[]);
    let mut without = Make::bare("dropped");
    without.build_id(3);
    machine.write("dropped.ko", &without);
    assert!(!machine.reload(&["@dropped.ko"]).is_success);
    assert_eq!(machine.build_id("dropped"), 1);
    let ran = machine.reload(&["--fresh", "@dropped.ko"]);
    assert!(ran.is_success && machine.build_id("dropped") == 3, "{ran:?}");
    assert!(!machine.kernel.is_loaded("dropped__persist"), "{ran:?}");
}
