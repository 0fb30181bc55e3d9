// SPDX-License-Identifier: MIT OR Apache-2.0
//! Keeps data in the kernel of another processor, with our own programs: modules are loaded, unloaded and
//! loaded again, and their data must be at the same place.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::packages::Packages;
use super::table::{PROCESSORS, Processor};
use super::{boot, modules, rust};
use crate::setup::packages::install_named;
use crate::vm::Archive;
use crate::{process, workspace};

/// The kernels that can be named, for `cargo xtask matrix`.
pub const KEEPING: &[&str] = &["arm64-6.1", "arm64-6.12"];

/// Modules of one file, from `kernel/examples`.
const EXAMPLES: &[&str] = &["foo_p", "meter", "count", "ring", "locks"];

/// Modules of several files, from `tests/fixtures/modules`, with these files.
const FIXTURES: &[(&str, &[&str])] = &[("torture", &["torture_main", "torture_other"])];

/// Our programs in the guest.
const PROGRAMS: &[&str] = &["insmod", "rmmod", "modpersist"];

/// What the kernel must not have logged.
const TROUBLE: &[&str] = &["Oops", "BUG:", "WARNING:", "disagrees about", "Unknown symbol", "Call trace:"];

/// What has come out.
pub struct Kept {
    /// The kernel's release.
    pub release: String,
    /// The compiler of the modules.
    pub compiler: String,
    /// Modules whose data was kept.
    pub passed: Vec<String>,
    /// What is wrong.
    pub problems: Vec<String>,
}

/// The processor and the release of a name such as `arm64-6.1`.
pub fn find(name: &str) -> Option<Processor> {
    let (architecture, series) = name.split_once('-').filter(|_| KEEPING.contains(&name))?;
    let processor = PROCESSORS.iter().find(|processor| processor.debian == architecture)?;
    // The releases of Debian with these kernels.
    let release = match series {
        "6.1" => "bookworm",
        _ => "trixie",
    };
    Some(Processor { release: Some(release), ..*processor })
}

/// Builds, boots and checks.
pub fn run(processor: &Processor) -> Result<Kept> {
    let compiler = format!("{}gcc", processor.prefix);
    install_named(&[
        (processor.qemu, processor.qemu_package, "runs the test kernel"),
        (&compiler, processor.compiler, "compiles the test modules"),
    ])?;
    let packages = Packages::fetch(processor)?;
    let directory = workspace::target().join("processors").join(format!("keep-{}", packages.release));
    let stage = directory.join("modules");
    let names = build(processor, &packages, &stage)?;
    let programs = rust::build(processor, PROGRAMS)?;
    let initramfs = directory.join("initramfs");
    let file = File::create(&initramfs).with_context(|| initramfs.display().to_string())?;
    let mut archive = Archive::new(BufWriter::new(file));
    archive.device("dev/console", 5, 1)?;
    for place in ["proc", "sys", "run", "tmp", "var/log"] {
        archive.directory(place)?;
    }
    archive.program("bin/busybox", &fs::read(&packages.busybox)?)?;
    for (name, file) in programs {
        archive
            .program(&format!("bin/{name}"), &fs::read(&file).with_context(|| file.display().to_string())?)?;
    }
    for name in &names {
        archive.file(&format!("{name}.ko"), &fs::read(stage.join(format!("{name}.ko")))?)?;
    }
    archive.program("init", script(&names).as_bytes())?;
    archive.finish().with_context(|| initramfs.display().to_string())?;
    let console = boot::machine(processor, &packages, &initramfs, &directory)?;
    let text = String::from_utf8_lossy(&fs::read(&console)?).replace('\r', "");
    let version = process::output(Command::new(&compiler).arg("--version"))?;
    let mut kept = Kept {
        release: packages.release,
        compiler: version.lines().next().unwrap_or_default().to_owned(),
        passed: Vec::new(),
        problems: Vec::new(),
    };
    for name in &names {
        match problem(&text, name) {
            None => kept.passed.push(format!("`{name}`")),
            Some(what) => kept.problems.push(format!("`{name}`: {what}; see {}", console.display())),
        }
    }
    let trouble = text.lines().find(|line| TROUBLE.iter().any(|word| line.contains(word)));
    kept.problems.extend(trouble.map(|line| format!("the kernel logged: {line}")));
    Ok(kept)
}

/// Builds the modules and returns their names.
fn build(processor: &Processor, packages: &Packages, stage: &Path) -> Result<Vec<String>> {
    let root = workspace::root();
    fs::create_dir_all(stage).with_context(|| format!("cannot create {}", stage.display()))?;
    let mut include = format!("-I{0}/kernel -I{0}/tests/fixtures/include", root.display());
    for (name, _) in FIXTURES {
        include.push_str(&format!(" -I{}/tests/fixtures/modules/{name}", root.display()));
    }
    let mut kbuild = format!("ccflags-y := {include} -g\n");
    let mut names = Vec::new();
    let copy = |from: String, name: &str| {
        let from = root.join(from);
        fs::copy(&from, stage.join(format!("{name}.c"))).with_context(|| from.display().to_string())
    };
    for name in EXAMPLES {
        copy(format!("kernel/examples/{name}.c"), name)?;
        kbuild.push_str(&format!("obj-m += {name}.o\n"));
        names.push((*name).to_owned());
    }
    for (name, parts) in FIXTURES {
        for part in *parts {
            copy(format!("tests/fixtures/modules/{name}/{part}.c"), part)?;
        }
        let objects: Vec<String> = parts.iter().map(|part| format!("{part}.o")).collect();
        kbuild.push_str(&format!("obj-m += {name}.o\n{name}-y := {}\n", objects.join(" ")));
        names.push((*name).to_owned());
    }
    fs::write(stage.join("Kbuild"), kbuild)?;
    modules::make(processor, packages, stage)?;
    Ok(names)
}

/// The first process. The shell must not take busybox's insmod for ours, so each has its path.
fn script(names: &[String]) -> String {
    let mut text = String::from(
        "#!/bin/busybox sh\nb=/bin/busybox\n$b mount -t proc proc /proc\n$b mount -t sysfs sys /sys\n\
         $b mount -t devtmpfs dev /dev\n$b mount -t tmpfs run /run\necho 1 > /proc/sys/kernel/printk\n\
         run() { \"$@\" || echo \"FAILED: $*\"; }\n",
    );
    for name in names {
        text.push_str(&format!(
            "echo '== {name}'\nrun /bin/insmod /{name}.ko\nrun /bin/modpersist list\nrun /bin/rmmod {name}\n\
             run /bin/modpersist list\nrun /bin/insmod /{name}.ko\nrun /bin/modpersist list\n\
             run /bin/rmmod {name}\nrun /bin/rmmod --discard {name}\n$b sed 's/^/left: /' /proc/modules\n"
        ));
    }
    text.push_str("echo '== end'\n$b dmesg\n$b sleep 1\n$b poweroff -f\n");
    text
}

/// What is wrong with a module's part of the console.
fn problem(console: &str, name: &str) -> Option<String> {
    let Some(part) = console.split("\n== ").find_map(|part| part.strip_prefix(&format!("{name}\n"))) else {
        return Some("the machine did not come to it".to_owned());
    };
    let is_bad = |line: &&str| line.starts_with("FAILED: ") || line.starts_with("left: ");
    if let Some(line) = part.lines().find(is_bad) {
        return Some(line.to_owned());
    }
    // `OWNER  STATE  VARIABLES  SIZE  ADDRESS  KEEPER`
    let lines = part.lines().filter(|line| line.split(' ').next() == Some(name));
    let states: Vec<(bool, Option<&str>)> = lines
        .map(|line| {
            let address = line.split(' ').find(|word| word.starts_with("0x"));
            (line.contains(" in use "), address)
        })
        .collect();
    match states[..] {
        [(true, Some(one)), (false, Some(two)), (true, Some(three))] if one == two && two == three => None,
        _ => Some(format!("its data was not in one place: {states:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "x\n== foo\nOWNER\nfoo  in use  1  8  0xa0  foo__persist\nOWNER\nfoo  kept    1  8  0xa0  \
                        foo__persist\nfoo  in use  1  8  0xa0  foo__persist\n== end\n";

    #[test]
    fn data_must_stay_where_it_is() {
        assert_eq!(problem(GOOD, "foo"), None);
        let moved = GOOD.replacen("0xa0", "0xb0", 1);
        assert!(problem(&moved, "foo").unwrap().contains("not in one place"));
        assert!(problem(GOOD, "bar").is_some());
        let failed = GOOD.replace("OWNER", "FAILED: /bin/rmmod foo");
        assert!(problem(&failed, "foo").unwrap().starts_with("FAILED"));
    }

    #[test]
    fn each_name_has_a_processor() {
        assert!(KEEPING.iter().all(|name| find(name).is_some()));
        assert!(find("6.1").is_none() && find("mips-6.1").is_none());
    }
}
