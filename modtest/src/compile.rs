// SPDX-License-Identifier: MIT OR Apache-2.0
//! Builds fixtures from C with the machine's compiler.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A temporary folder of one test, removed when this is dropped. Files in it are opened lazily by much of
/// what is tested, so it must live as long as that.
#[derive(Debug)]
pub struct Folder(tempfile::TempDir);

impl Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        self.0.path()
    }
}

impl AsRef<Path> for Folder {
    fn as_ref(&self) -> &Path {
        self.0.path()
    }
}

/// A temporary folder whose name starts with `name`.
pub fn folder(name: &str) -> Folder {
    Folder(tempfile::Builder::new().prefix(&format!("{name}-")).tempdir().unwrap())
}

/// Runs a program that must succeed.
pub fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Can the program be run here?
pub fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Path of a fixture's source.
pub fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/symbols").join(name)
}

/// Number of the line that ends with a mark, `// MARK`.
pub fn line(file: &str, mark: &str) -> u32 {
    let text = std::fs::read_to_string(source(file)).unwrap();
    let index = text.lines().position(|line| line.ends_with(&format!("// {mark}"))).unwrap();
    u32::try_from(index).unwrap() + 1
}

/// An object like a module's file, of `chain.c` and `other.c`, by gcc.
pub fn module(folder: &Path, flags: &[&str]) -> PathBuf {
    module_of("gcc", &["chain.c", "other.c"], folder, flags)
}

/// An object like a module's file.
pub fn module_of(compiler: &str, sources: &[&str], folder: &Path, flags: &[&str]) -> PathBuf {
    let module = folder.join("fix-ture.ko");
    link(compiler, sources, folder, flags, &["-r"], &module);
    module
}

/// A linked file like the kernel's, of `chain.c` and `other.c`, by gcc.
pub fn vmlinux(folder: &Path, flags: &[&str]) -> PathBuf {
    vmlinux_of("gcc", &["chain.c", "other.c"], folder, flags)
}

/// A linked file like the kernel's.
pub fn vmlinux_of(compiler: &str, sources: &[&str], folder: &Path, flags: &[&str]) -> PathBuf {
    let vmlinux = folder.join("vmlinux");
    let text = "-Ttext=0xffffffff81000000";
    link(compiler, sources, folder, flags, &["-static", "--emit-relocs", "-e", "outer", text], &vmlinux);
    vmlinux
}

fn link(compiler: &str, sources: &[&str], folder: &Path, flags: &[&str], options: &[&str], out: &Path) {
    let objects: Vec<_> = sources.iter().map(|file| object(compiler, folder, file, flags)).collect();
    let mut arguments = options.to_vec();
    arguments.extend(["--build-id", "-o", out.to_str().unwrap()]);
    arguments.extend(objects.iter().map(String::as_str));
    run("ld", &arguments);
    objects.iter().for_each(|object| std::fs::remove_file(object).unwrap());
}

fn object(compiler: &str, folder: &Path, file: &str, flags: &[&str]) -> String {
    let object = folder.join(file).with_extension("o").to_str().unwrap().to_owned();
    let source = source(file);
    let mut arguments = vec!["-c", "-O2", "-fno-pic", "-mcmodel=kernel", "-fno-asynchronous-unwind-tables"];
    if compiler == "gcc" {
        arguments.extend(["-fno-ipa-icf", "-fno-ipa-cp", "-fno-ipa-ra", "-fno-ipa-sra"]);
    }
    arguments.extend(flags);
    arguments.extend(["-o", &object, source.to_str().unwrap()]);
    run(compiler, &arguments);
    object
}
