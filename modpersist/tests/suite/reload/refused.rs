// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is not begun: nothing changes then.

use super::*;

#[test]
fn a_layout_that_is_refused_changes_nothing() {
    let machine = loaded(kernel(), "layout", &[]);
    let mut other = owner("layout", 3);
    other.symbols(|symbol| {
        if &*symbol.name == b"clock" {
            symbol.size = 4;
        }
        true
    });
    machine.write("layout.ko", &other);
    let before = machine.count();
    let ran = machine.reload(&["@layout.ko"]);
    assert!(!ran.is_success && ran.out.is_empty(), "{ran:?}");
    let head = "modpersist: ERROR: layout was not reloaded: its persistent data differs from what is kept in \
        the kernel\nmodpersist: ERROR:   ";
    assert!(ran.err.starts_with(head), "{}", ran.err);
    // It is insmod's.
    assert!(!ran.err.contains("--keep="), "{}", ran.err);
    assert!(
        ran.err.ends_with("\nmodpersist: ERROR: nothing has changed: layout runs as before\n"),
        "{}",
        ran.err
    );
    assert_eq!((machine.count(), machine.build_id("layout")), (before, 1));
    assert!(!machine.has_state("layout"));
}

#[test]
fn a_file_that_is_not_there_is_not_said_to_run() {
    let machine = loaded(kernel(), "order", &[]);
    let ran = machine.reload(&["size=1", "@order.ko"]);
    assert!(ran.err.ends_with("\nmodpersist: ERROR: nothing has changed\n"), "{}", ran.err);
}

#[test]
fn a_version_without_persistent_data_is_refused_under_any_file_name() {
    let machine = loaded(kernel(), "dropped", &[]);
    let mut without = Make::bare("dropped");
    without.build_id(3);
    machine.write("dropped_v2.ko", &without);
    let before = machine.count();
    let ran = machine.reload(&["@dropped_v2.ko"]);
    assert!(ran.err.contains("its persistent data differs from what is kept in the kernel"), "{ran:?}");
    assert!(ran.err.ends_with("nothing has changed: dropped runs as before\n"), "{ran:?}");
    assert_eq!(machine.count(), before);
}

#[test]
fn a_module_on_top_without_a_file_is_a_refusal() {
    let machine = loaded(kernel(), "nofile", &[]);
    machine.write("nofile_top.ko", &on_top("nofile_top", &["nofile"]));
    assert!(machine.reload(&["@nofile_top.ko", "size=1"]).is_success);
    fs::rename(machine.folder.path().join("nofile_top.ko"), machine.folder.path().join("moved.ko")).unwrap();
    let before = machine.count();
    machine.reload(&["@nofile.ko"]).failed(
        "modpersist: ERROR: nofile was not reloaded: nofile_top uses it and could not be loaded again: no file \
         of it is found\n\
         modpersist: ERROR: --with FILE names the file that nofile_top is loaded from again\n\
         modpersist: ERROR: nothing has changed: nofile runs as before\n",
    );
    assert_eq!(machine.count(), before);
    let ran = machine.reload(&["--with", "@moved.ko", "@nofile.ko"]);
    ran.succeeded("nofile: reloaded, away for N ms; 1 module on top was reloaded: nofile_top\n");
    // An installed one will do, if it is the same build.
    let machine = loaded(kernel(), "installed", &[]);
    let top = on_top("installed_top", &["installed"]);
    let path = machine.write("elsewhere.ko", &top);
    fs::copy(&path, machine.folder.path().join("installed_top.ko")).unwrap();
    assert!(machine.reload(&["@installed_top.ko", "size=1"]).is_success);
    fs::remove_file(machine.folder.path().join("installed_top.ko")).unwrap();
    machine.kernel.set(|settings| {
        settings.installed_files.insert("installed_top".into(), path.clone());
    });
    assert!(machine.reload(&["@installed.ko"]).is_success);
    let mut other = top.clone();
    other.build_id(10);
    machine.write("elsewhere.ko", &other);
    let ran = machine.reload(&["@installed.ko"]);
    assert!(
        ran.err.contains("could not be loaded again: DIR/elsewhere.ko is another build of it"),
        "{ran:?}"
    );
}

#[test]
fn a_file_that_others_may_have_put_there_is_not_loaded() {
    let machine = loaded(kernel(), "planted", &[]);
    let top = machine.write("planted_top.ko", &on_top("planted_top", &["planted"]));
    assert!(machine.reload(&["@planted_top.ko", "size=1"]).is_success);
    let refused = || {
        let ran = machine.reload(&["@planted.ko"]);
        assert!(ran.err.contains("planted_top uses it and could not be loaded again"), "{ran:?}");
    };
    fs::set_permissions(&top, fs::Permissions::from_mode(0o666)).unwrap();
    refused();
    fs::set_permissions(&top, fs::Permissions::from_mode(0o644)).unwrap();
    // Only root can give it away.
    if std::os::unix::fs::chown(&top, Some(1234), None).is_ok() {
        refused();
        std::os::unix::fs::chown(&top, Some(0), None).unwrap();
    }
    assert!(machine.reload(&["@planted.ko"]).is_success);
}

#[test]
fn without_a_way_back_nothing_is_begun() {
    let machine = loaded(kernel_with(init), "noway", &[]);
    fs::remove_dir_all(&machine.paths.loaded_images).unwrap();
    let before = machine.count();
    machine.reload(&["@noway.ko"]).failed(
        "modpersist: ERROR: noway was not reloaded: there is no way back to the version that runs: DIR/noway.ko \
         is another build of it\n\
         modpersist: ERROR: --with FILE names the file that it was loaded from; --no-way-back does without\n\
         modpersist: ERROR: nothing has changed: noway runs as before\n",
    );
    assert_eq!(machine.count(), before);
    let ran = machine.reload(&["--no-way-back", "@noway.ko"]);
    assert!(ran.is_success && ran.err.contains("WARNING: noway: there is no way back"), "{ran:?}");
    // Without one, a failure leaves nothing but the data.
    fs::remove_dir_all(&machine.paths.loaded_images).unwrap();
    machine.write("noway.ko", &failing(owner("noway", 3)));
    let ran = machine.reload(&["--no-way-back", "@noway.ko"]);
    assert!(
        !ran.is_success && ran.err.contains("ERROR: the data of noway is still kept in the kernel"),
        "{ran:?}"
    );
    assert!(ran.err.ends_with("ERROR: noway is not loaded\n"), "{ran:?}");
    assert!(machine.kernel.is_loaded("noway__persist"));
}

#[test]
fn what_is_in_use_stays() {
    let machine = loaded(kernel(), "inuse", &[]);
    let before = machine.count();
    machine.kernel.change("inuse", |module| {
        module.extra_references = Some(1);
        module.outside_users.push("process 7 (cat) has /dev/inuse open".into());
    });
    machine.reload(&["@inuse.ko"]).failed(
        "modpersist: ERROR: inuse was not reloaded: inuse is in use: something holds it that is not a module\n\
         modpersist: ERROR:   process 7 (cat) has /dev/inuse open\n\
         modpersist: ERROR: nothing has changed: inuse runs as before\n",
    );
    assert_eq!(machine.count(), before);
    machine.kernel.change("inuse", |module| {
        module.extra_references = Some(0);
        module.users_of_own_devices.push("process 7 (cat) holds /dev/inuse open".into());
    });
    machine.reload(&["@inuse.ko"]).failed(
        "modpersist: ERROR: inuse was not reloaded: inuse is in use: a device of it is open, and the kernel does not \
         count that\n\
         modpersist: ERROR:   process 7 (cat) holds /dev/inuse open\n\
         modpersist: ERROR: close it first; once the module is gone, whoever uses or closes the device brings the \
         kernel down\n\
         modpersist: ERROR: file operations with .owner = THIS_MODULE are counted\n\
         modpersist: ERROR: nothing has changed: inuse runs as before\n",
    );
    assert_eq!(machine.count(), before);
    machine.kernel.change("inuse", |module| module.users_of_own_devices.clear());
    // The exit function of what is below it fails in the end: what was on top is back.
    machine.write("inuse_top.ko", &on_top("inuse_top", &["inuse"]));
    assert!(machine.reload(&["@inuse_top.ko", "size=1"]).is_success);
    machine.kernel.fail_after(Op::Delete, 1, Errno::EBUSY);
    let ran = machine.reload(&["@inuse.ko"]);
    assert!(
        !ran.is_success && ran.err.contains("inuse could not be unloaded: Device or resource busy"),
        "{ran:?}"
    );
    let line = "ERROR: inuse runs as before; 1 module on top was reloaded: inuse_top\n";
    assert!(ran.err.ends_with(line), "{ran:?}");
    assert!(machine.kernel.is_loaded("inuse_top") && machine.build_id("inuse") == 1);
    assert!(!machine.has_state("inuse"));
}

#[test]
fn files_that_cannot_be_loaded_change_nothing() {
    let machine = loaded(kernel(), "badfile", &[]);
    let before = machine.count();
    let ran = machine.reload(&["@none.ko"]);
    assert!(ran.err.contains("No such file or directory"), "{ran:?}");
    fs::write(machine.folder.path().join("badfile.ko"), "not a module at all").unwrap();
    assert!(!machine.reload(&["@badfile.ko"]).is_success);
    let mut missing = owner("badfile", 3);
    missing.undefined("no_such_symbol");
    machine.write("badfile.ko", &missing);
    machine.reload(&["@badfile.ko"]).failed(
        "modpersist: ERROR: badfile was not reloaded: Unknown symbol in module\n\
         modpersist: ERROR:   DIR/badfile.ko: unresolved symbol no_such_symbol\n\
         modpersist: ERROR: nothing has changed: badfile runs as before\n",
    );
    assert_eq!(machine.count(), before);
    machine.reload(&["--resume", "badfile"]).failed(
        "modpersist: ERROR: badfile was not reloaded: no reload of it was interrupted\n\
         modpersist: ERROR: nothing has changed: badfile runs as before\n",
    );
    // A kernel without symbols of data may have it nevertheless, and is asked.
    machine.kernel.set(|settings| settings.kallsyms = b"ffffffff81000000 T _printk\n".to_vec());
    let ran = machine.reload(&["@badfile.ko"]);
    assert!(ran.is_success && machine.build_id("badfile") == 3, "{ran:?}");
}
