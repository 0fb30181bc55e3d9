// SPDX-License-Identifier: MIT OR Apache-2.0
//! The lock of an owner.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use libmodsys::lock::{Lock, LockError, acquire_in};

use super::Root;

const SHORT: Duration = Duration::from_millis(60);

#[test]
fn one_holder_at_a_time_and_an_error_that_names_it() {
    let root = Root::new();
    let directory = root.path().join("modpersist");
    let held = acquire_in(&directory, "foo", SHORT).unwrap();
    assert!(matches!(held, Lock::Held(_)));
    let start = Instant::now();
    let error = acquire_in(&directory, "foo", SHORT).unwrap_err();
    assert!(start.elapsed() >= SHORT);
    assert!(matches!(error, LockError::Busy { pid: Some(pid), .. } if pid == std::process::id()), "{error}");
    assert!(error.to_string().starts_with("another insmod, rmmod or modpersist (process "), "{error}");
    // Another owner is another lock.
    assert!(matches!(acquire_in(&directory, "bar", SHORT).unwrap(), Lock::Held(_)));
    drop(held);
    assert!(matches!(acquire_in(&directory, "foo", SHORT).unwrap(), Lock::Held(_)));
}

#[test]
fn the_wait_ends_when_the_holder_goes() {
    let root = Root::new();
    let directory = root.path().join("modpersist");
    let held = acquire_in(&directory, "foo", SHORT).unwrap();
    let other = std::thread::spawn({
        let directory = directory.clone();
        move || matches!(acquire_in(&directory, "foo", Duration::from_secs(20)), Ok(Lock::Held(_)))
    });
    std::thread::sleep(SHORT);
    drop(held);
    assert!(other.join().unwrap());
}

#[test]
fn the_directory_is_for_its_owner_alone() {
    let root = Root::new();
    let directory = root.path().join("modpersist");
    let _ = acquire_in(&directory, "foo", SHORT).unwrap();
    assert_eq!(fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
    fs::set_permissions(&directory, Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(acquire_in(&directory, "foo", SHORT), Err(LockError::Unsafe { .. })));
}

#[test]
fn a_link_is_no_directory() {
    let root = Root::new();
    let root = root.path();
    std::os::unix::fs::symlink(root, root.join("modpersist")).unwrap();
    assert!(matches!(acquire_in(&root.join("modpersist"), "foo", SHORT), Err(LockError::Unsafe { .. })));
}

#[test]
fn without_a_place_it_goes_on_and_says_so() {
    let root = Root::new();
    let missing = root.path().join("run/modpersist");
    match acquire_in(&missing, "foo", SHORT).unwrap() {
        Lock::Unlocked { reason } => assert!(reason.ends_with("No such file or directory"), "{reason}"),
        Lock::Held(_) => panic!("locked in a directory whose parent is missing"),
    }
}

#[test]
fn an_owner_is_no_path() {
    let root = Root::new();
    let directory = root.path();
    for owner in ["", "../x", "a/b", "a\0"] {
        assert!(matches!(acquire_in(directory, owner, SHORT), Err(LockError::Name { .. })));
    }
}
