// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist split`: the files, their names and signatures, and what is refused.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command as Process;

use libmodfmt::file::ModuleFile;
use libmodfmt::image::keepers_of;
use modpersist::{Args, Command, SplitArgs};
use modtest::compile::{folder, run};
use modtest::keeper_exports::kernel;
use modtest::module::{DATA, Make, R_PC32, signed};

fn split(args: SplitArgs) -> Result<(bool, String), String> {
    let mut out = Vec::new();
    let args = Args { command: Command::Split(SplitArgs { hash: "sha256".to_owned(), ..args }) };
    let code = modpersist::run(&args, &kernel(), &mut out).map_err(|error| format!("{error:#}"))?;
    let success = format!("{code:?}") == format!("{:?}", std::process::ExitCode::SUCCESS);
    Ok((success, String::from_utf8(out).unwrap()))
}

fn of(file: &Path) -> SplitArgs {
    SplitArgs { file: file.to_owned(), ..SplitArgs::default() }
}

fn put(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn read(path: &Path) -> ModuleFile {
    ModuleFile::new(fs::read(path).unwrap(), 1 << 20)
}

#[test]
fn the_files_are_beside_the_module_and_as_readable() {
    let folder = folder("split");
    // kbuild names files with dashes, and modules without.
    let content = Make::typical("foo_bar").build();
    let file = put(&folder, "foo-bar.ko", &content);
    let (success, text) = split(of(&file)).unwrap();
    assert!(success, "{text}");
    let made = folder.join("split");
    assert_eq!(names(&made), ["foo-bar.ko", "foo_bar__hold.ko", "foo_bar__persist.ko", "split-foo_bar.conf"]);
    assert_eq!(fs::read(&file).unwrap(), content, "the module itself is left alone");
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(made.join("foo-bar.ko")), mode(file.clone()));
    let rule = fs::read_to_string(made.join("split-foo_bar.conf")).unwrap();
    let wanted = "install foo_bar__persist /sbin/modprobe --ignore-install foo_bar__persist && \
                  { /sbin/modprobe foo_bar__hold || :; }\n";
    assert!(rule.ends_with(wanted), "{rule}");
    assert!(text.contains("foo-bar.ko: bound to foo_bar__persist\n"), "{text}");
    assert!(
        text.contains("the types of 8 of 8 variables are not known") || text.contains("note: the types of ")
    );
    // Again, over what is there; a file that modprobe would not find by its name gets another.
    let renamed = put(&folder, "foo_v2.ko", &content);
    split(SplitArgs { out: Some(made.clone()), ..of(&renamed) }).unwrap();
    assert!(made.join("foo_bar.ko").exists() && !made.join("foo_v2.ko").exists());
}

#[test]
fn a_file_is_never_written_over_the_one_that_is_split() {
    let folder = folder("split");
    let content = Make::typical("foo").build();
    let file = put(&folder, "foo.ko", &content);
    let error = split(SplitArgs { out: Some(folder.to_owned()), ..of(&file) }).unwrap_err();
    assert!(error.contains("it would be overwritten"), "{error}");
    assert_eq!(names(&folder), ["foo.ko"]);
    assert_eq!(fs::read(&file).unwrap(), content);
}

#[test]
fn what_cannot_be_split_leaves_no_files() {
    let folder = folder("split");
    let none = put(&folder, "none.ko", &Make::bare("none").build());
    let (success, text) = split(of(&none)).unwrap();
    assert!(!success && text.ends_with("was not split: it has no persistent data\n"), "{text}");
    let mut refused = Make::small("foo");
    refused.relocate(DATA, 16, modtest::module::R_64, ".text", 0);
    let refused = put(&folder, "foo.ko", &refused.build());
    let (success, text) = split(of(&refused)).unwrap();
    assert!(!success && text.contains("its persistent data cannot be kept\n  "), "{text}");
    let no_keeper = SplitArgs { bind_to: vec![none.clone()], ..of(&refused) };
    assert!(split(no_keeper).unwrap_err().contains("is no keeper"));
    assert_eq!(names(&folder), ["foo.ko", "none.ko"]);
}

/// A module with these variables of 8 bytes.
fn version(names: &[&str]) -> Vec<u8> {
    let mut make = Make::bare("foo");
    make.section(".text", 6, 16, &[0; 64]);
    make.versions(&["module_layout"]);
    make.file("foo.c");
    for (number, name) in names.iter().enumerate() {
        let section = format!("{DATA}.foo.{number}");
        make.section(&section, 3, 8, &[0; 8]);
        make.local(name, &section, 0, 8);
        make.relocate(".text", 4 + 8 * number as u64, R_PC32, &section, -4);
    }
    make.build_id(1);
    make.build()
}

#[test]
fn a_later_build_is_bound_to_an_earlier_keeper_and_has_rules_for_both() {
    let folder = folder("split");
    let file = put(&folder, "foo.ko", &version(&["a"]));
    split(of(&file)).unwrap();
    let keeper = folder.join("split/foo__persist.ko");
    fs::write(&file, version(&["b", "a"])).unwrap();
    let out = folder.join("later");
    let args = SplitArgs { out: Some(out.clone()), bind_to: vec![keeper], ..of(&file) };
    // Where the keeper's own file is, another build's is not written.
    let over = split(SplitArgs { out: Some(folder.join("split")), ..of(&file) }).unwrap_err();
    assert!(over.contains("keeps the data of another build"), "{over}");
    let (success, text) = split(args).unwrap();
    assert!(success && text.contains("1 variables bound, 1 new, 0 not in the file"), "{text}");
    assert_eq!(names(&out), ["foo.ko", "foo__hold_2.ko", "foo__persist_2.ko", "split-foo.conf"]);
    let rules = fs::read_to_string(out.join("split-foo.conf")).unwrap();
    assert_eq!(rules.lines().filter(|line| line.starts_with("install ")).count(), 2, "{rules}");
    let owner = read(&out.join("foo.ko"));
    let keepers = keepers_of(owner.module().unwrap()).unwrap();
    assert_eq!(
        keepers.iter().map(|keeper| &*keeper.name).collect::<Vec<_>>(),
        ["foo__persist", "foo__persist_2"]
    );
}

#[test]
fn a_signature_that_was_there_is_said_to_be_lost() {
    let folder = folder("split");
    let file = put(&folder, "foo.ko", &signed(&Make::typical("foo").build()));
    let (_, text) = split(of(&file)).unwrap();
    assert!(text.contains("note: its signature is lost; --sign-with makes new ones"), "{text}");
    assert!(read(&folder.join("split/foo.ko")).signature().unwrap().is_none());
}

/// A key and its certificate.
fn key(folder: &Path, kind: &str, options: &[&str]) -> [OsString; 2] {
    let path =
        |extension: &str| folder.join(format!("{kind}.{extension}")).into_os_string().into_string().unwrap();
    let (key, certificate) = (path("key"), path("pem"));
    let common =
        ["req", "-new", "-x509", "-nodes", "-subj", "/CN=test/", "-keyout", &key, "-out", &certificate];
    run("openssl", &[&common[..], options].concat());
    [key.into(), certificate.into()]
}

#[test]
fn all_files_are_signed_by_each_kind_of_key() {
    let folder = folder("split");
    let file = put(&folder, "foo.ko", &Make::typical("foo").build());
    let rsa = key(&folder, "rsa", &["-newkey", "rsa:2048"]);
    let ecdsa = key(&folder, "ec", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    // Kernels' tools keep certificates as DER.
    let der = folder.join("rsa.der");
    run(
        "openssl",
        &["x509", "-in", rsa[1].to_str().unwrap(), "-outform", "DER", "-out", der.to_str().unwrap()],
    );
    let of_der = [rsa[0].clone(), der.into_os_string()];
    // openssl has it from 3.5 on.
    let listed = Process::new("openssl").args(["list", "-public-key-algorithms"]).output().unwrap().stdout;
    let has_ml_dsa = String::from_utf8_lossy(&listed).contains("ML-DSA-65");
    let ml_dsa = has_ml_dsa.then(|| key(&folder, "ml", &["-newkey", "ML-DSA-65"]));
    let kinds = [(&rsa, &rsa[1]), (&ecdsa, &ecdsa[1]), (&of_der, &rsa[1])];
    for (pair, certificate) in kinds.into_iter().chain(ml_dsa.iter().map(|pair| (pair, &pair[1]))) {
        let out = folder.join("out");
        let args = SplitArgs { out: Some(out.clone()), sign_with: pair.to_vec(), ..of(&file) };
        let (success, text) = split(args).unwrap();
        assert!(success, "{text}");
        for name in ["foo.ko", "foo__persist.ko", "foo__hold.ko"] {
            let module = read(&out.join(name));
            let signature = module.signature().unwrap().expect("it is signed");
            let message = put(&folder, "message", signature.message);
            let content = put(&folder, "content", module.unsigned_image().unwrap());
            let mut verify = Process::new("openssl");
            verify.args([
                "cms",
                "-verify",
                "-binary",
                "-inform",
                "DER",
                "-noverify",
                "-out",
                "/dev/null",
                "-in",
            ]);
            verify.arg(message).arg("-content").arg(content).arg("-certfile").arg(certificate);
            let output = verify.output().unwrap();
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
    // A key that does not belong to the certificate: nothing is written.
    let out = folder.join("bad");
    let sign_with = vec![rsa[0].clone(), ecdsa[1].clone()];
    let error = split(SplitArgs { out: Some(out.clone()), sign_with, ..of(&file) }).unwrap_err();
    assert!(error.contains("openssl could not sign it: "), "{error}");
    assert_eq!(names(&out), [""; 0]);
}
