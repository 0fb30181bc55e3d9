// SPDX-License-Identifier: MIT OR Apache-2.0
//! Programs and libraries that have to be installed on this machine.

use std::process::Command;

use anyhow::{Result, bail};

use super::apt;
use super::missing::Missing;
use crate::{process, ui};

/// A program we call, the package that has it, and what for.
struct Need {
    program: &'static str,
    package: &'static str,
    why: &'static str,
}

const NEEDS: &[Need] = &[
    Need { program: "qemu-system-x86_64", package: "qemu-system-x86", why: "runs the kernel" },
    Need { program: "gcc", package: "gcc", why: "compiles the test modules" },
    Need { program: "make", package: "make", why: "drives the kernel's module build" },
    Need { program: "ld", package: "binutils", why: "links and strips the test modules" },
    Need { program: "gzip", package: "gzip", why: "compresses test modules" },
    Need { program: "xz", package: "xz-utils", why: "compresses test modules, unpacks packages" },
    Need { program: "zstd", package: "zstd", why: "compresses test modules" },
    Need { program: "openssl", package: "openssl", why: "makes a key to sign test modules with" },
];

/// What a kernel is built with, beside the above.
const KERNEL_NEEDS: &[Need] = &[
    Need { program: "flex", package: "flex", why: "builds the kernel's configuration programs" },
    Need { program: "bison", package: "bison", why: "builds the kernel's configuration programs" },
    Need { program: "bc", package: "bc", why: "computes constants of the kernel" },
    Need { program: "patch", package: "patch", why: "applies our patch" },
    Need { program: "perl", package: "perl", why: "checks our patch" },
    Need { program: "pahole", package: "pahole", why: "makes the kernel's type information" },
    Need { program: "depmod", package: "kmod", why: "lists the kernel's modules" },
    Need { program: "/usr/include/libelf.h", package: "libelf-dev", why: "checks the kernel's stack frames" },
    Need { program: "/usr/include/openssl/evp.h", package: "libssl-dev", why: "signs the kernel's modules" },
];

/// The C library's headers: a C linker alone may come without them.
const HEADER: Need = Need { program: "/usr/include/stdlib.h", package: "libc6-dev", why: "static linking" };

/// Installs what is missing, or says what to type.
pub fn install() -> Result<()> {
    let mut missing: Vec<&Need> = NEEDS.iter().filter(|need| process::find(need.program).is_none()).collect();
    if !std::path::Path::new(HEADER.program).exists() {
        missing.push(&HEADER);
    }
    install_packages(&missing.iter().map(|need| (need.package, need.why)).collect::<Vec<_>>())
}

/// Installs what building a kernel takes.
pub fn install_for_kernel() -> Result<()> {
    let there = |need: &Need| match need.program.starts_with('/') {
        true => std::path::Path::new(need.program).exists(),
        false => process::find(need.program).is_some(),
    };
    let missing = KERNEL_NEEDS.iter().filter(|need| !there(need));
    install_packages(&missing.map(|need| (need.package, need.why)).collect::<Vec<_>>())
}

/// Installs programs that are not there: each with what it is for. The package has the name of the program.
pub fn install_programs(programs: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<_> =
        programs.iter().filter(|(program, _)| process::find(program).is_none()).copied().collect();
    install_packages(&missing)
}

/// Installs programs that are not there: each with its package and what it is for.
pub fn install_named(programs: &[(&str, &str, &str)]) -> Result<()> {
    let missing = programs.iter().filter(|(program, ..)| process::find(program).is_none());
    install_packages(&missing.map(|(_, package, why)| (*package, *why)).collect::<Vec<_>>())
}

/// Installs libraries that are not installed: programs unpacked into the cache need them.
pub fn install_libraries(packages: &[String], why: &str) -> Result<()> {
    let missing: Vec<_> = packages.iter().filter(|package| !is_installed(package)).collect();
    install_packages(&missing.iter().map(|package| (package.as_str(), why)).collect::<Vec<_>>())
}

fn is_installed(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}", package]);
    process::output(&mut query).is_ok_and(|status| status == "installed")
}

fn install_packages(packages: &[(&str, &str)]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = packages.iter().map(|(package, _)| *package).collect();
    let command = format!("apt-get install --no-install-recommends {}", names.join(" "));
    if process::find("apt-get").is_none() {
        return Err(Missing(format!("this machine lacks {} and has no apt-get", names.join(", "))).into());
    }
    if !nix::unistd::geteuid().is_root() {
        for (package, why) in packages {
            println!("needed: {package} ({why})");
        }
        return Err(Missing(format!("not root; run this, then try again: sudo {command}")).into());
    }
    for (package, why) in packages {
        ui::line(&format!("  installing {package}: {why}"));
    }
    ui::step(&command, || apt_install(&names))
}

fn apt_install(names: &[&str]) -> Result<()> {
    let install = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command.args(["install", "--yes", "--no-install-recommends"]).args(names);
        process::quiet(&mut command)
    };
    // Lists may be absent or name versions that are gone: fetch them and try once more.
    install().or_else(|_| {
        apt::update()?;
        install()
    })?;
    if let Some(name) = names.iter().find(|name| !is_installed(name)) {
        bail!("apt-get reported success, but {name} is not installed");
    }
    Ok(())
}
