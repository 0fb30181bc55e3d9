// SPDX-License-Identifier: MIT OR Apache-2.0
//! Builds the fixtures with the machine's compiler.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder of a test of its own.
pub fn folder(name: &str) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("{name}-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

pub fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

pub fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/symbols").join(name)
}

/// Number of the line that bears a mark.
pub fn line(file: &str, mark: &str) -> u32 {
    let text = std::fs::read_to_string(source(file)).unwrap();
    let index = text.lines().position(|line| line.ends_with(&format!("// {mark}"))).unwrap();
    u32::try_from(index).unwrap() + 1
}

fn object(folder: &Path, file: &str, flags: &[&str]) -> String {
    let object = folder.join(file).with_extension("o").to_str().unwrap().to_owned();
    let source = source(file);
    let mut arguments = vec!["-c", "-O2", "-fno-pic", "-mcmodel=kernel", "-fno-asynchronous-unwind-tables"];
    arguments.extend(["-fno-ipa-icf", "-fno-ipa-cp", "-fno-ipa-ra", "-fno-ipa-sra"]);
    arguments.extend(flags);
    arguments.extend(["-o", &object, source.to_str().unwrap()]);
    run("gcc", &arguments);
    object
}

/// An object like a module's file, of both sources.
pub fn module(folder: &Path, flags: &[&str]) -> PathBuf {
    let objects = [object(folder, "chain.c", flags), object(folder, "other.c", flags)];
    let module = folder.join("fix-ture.ko");
    run("ld", &["-r", "--build-id", "-o", module.to_str().unwrap(), &objects[0], &objects[1]]);
    objects.iter().for_each(|object| std::fs::remove_file(object).unwrap());
    module
}

/// A linked file like the kernel's.
pub fn vmlinux(folder: &Path, flags: &[&str]) -> PathBuf {
    let objects = [object(folder, "chain.c", flags), object(folder, "other.c", flags)];
    let vmlinux = folder.join("vmlinux");
    let place = "-Ttext=0xffffffff81000000";
    let out = vmlinux.to_str().unwrap();
    run(
        "ld",
        &[
            "-static",
            "--build-id",
            "--emit-relocs",
            "-e",
            "outer",
            place,
            "-o",
            out,
            &objects[0],
            &objects[1],
        ],
    );
    objects.iter().for_each(|object| std::fs::remove_file(object).unwrap());
    vmlinux
}
