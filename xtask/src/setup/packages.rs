// SPDX-License-Identifier: MIT OR Apache-2.0
//! Programs and libraries that must be installed on this machine.

use std::process::Command;

use anyhow::{Result, bail};

use super::apt;
use super::missing::Missing;
use crate::{process, ui};

/// A program that we run, its package, and what it is for.
struct Need {
    program: &'static str,
    package: &'static str,
    why: &'static str,
}

const NEEDS: &[Need] = &[
    Need { program: "qemu-system-x86_64", package: "qemu-system-x86", why: "runs the test kernel" },
    Need { program: "gcc", package: "gcc", why: "compiles the test modules" },
    Need { program: "make", package: "make", why: "builds the test modules" },
    Need { program: "ld", package: "binutils", why: "links and strips the test modules" },
    Need { program: "gzip", package: "gzip", why: "compresses test modules" },
    Need { program: "xz", package: "xz-utils", why: "compresses test modules and unpacks packages" },
    Need { program: "zstd", package: "zstd", why: "compresses test modules" },
    Need { program: "openssl", package: "openssl", why: "creates a key for signing test modules" },
];

/// What building a kernel needs in addition.
const KERNEL_NEEDS: &[Need] = &[
    Need { program: "flex", package: "flex", why: "builds the kernel's configuration tools" },
    Need { program: "bison", package: "bison", why: "builds the kernel's configuration tools" },
    Need { program: "bc", package: "bc", why: "computes constants for the kernel build" },
    Need { program: "patch", package: "patch", why: "applies our patch" },
    Need { program: "perl", package: "perl", why: "checks our patch" },
    Need { program: "pahole", package: "pahole", why: "generates the kernel's BTF" },
    Need { program: "depmod", package: "kmod", why: "indexes the kernel's modules" },
    Need { program: "python3", package: "python3", why: "writes headers of the kernel's build tools" },
    Need {
        program: "/usr/include/libelf.h",
        package: "libelf-dev",
        why: "builds objtool, which the kernel build runs",
    },
    Need {
        program: "/usr/include/openssl/evp.h",
        package: "libssl-dev",
        why: "builds sign-file, which signs the kernel's modules",
    },
];

/// The C library's headers, which a C linker alone may come without.
const HEADER: Need =
    Need { program: "/usr/include/stdlib.h", package: "libc6-dev", why: "needed to link static programs" };

/// Installs what is missing, or says which command to run.
pub fn install() -> Result<()> {
    let mut missing: Vec<&Need> = NEEDS.iter().filter(|need| process::find(need.program).is_none()).collect();
    if !std::path::Path::new(HEADER.program).exists() {
        missing.push(&HEADER);
    }
    install_packages(&missing.iter().map(|need| (need.package, need.why)).collect::<Vec<_>>())
}

/// Some test modules are compiled by clang as well.
const CLANG: Need = Need { program: "clang", package: "clang", why: "compiles some of the test modules" };

/// Installs what can be done without, where that is possible.
pub fn install_optional() {
    if process::find(CLANG.program).is_some() {
        return;
    }
    if let Err(error) = install_packages(&[(CLANG.package, CLANG.why)]) {
        ui::line(&format!("test modules compiled by clang are left out: {error:#}"));
    }
}

/// Installs what building a kernel needs.
pub fn install_for_kernel() -> Result<()> {
    let there = |need: &Need| match need.program.starts_with('/') {
        true => std::path::Path::new(need.program).exists(),
        false => process::find(need.program).is_some(),
    };
    let missing = KERNEL_NEEDS.iter().filter(|need| !there(need));
    install_packages(&missing.map(|need| (need.package, need.why)).collect::<Vec<_>>())
}

/// Installs missing programs, given as (program, purpose). Each package has its program's name.
pub fn install_programs(programs: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<_> =
        programs.iter().filter(|(program, _)| process::find(program).is_none()).copied().collect();
    install_packages(&missing)
}

/// Installs missing programs, given as (program, package, purpose).
pub fn install_named(programs: &[(&str, &str, &str)]) -> Result<()> {
    let missing = programs.iter().filter(|(program, ..)| process::find(program).is_none());
    install_packages(&missing.map(|(_, package, why)| (*package, *why)).collect::<Vec<_>>())
}

/// Installs missing libraries, which programs unpacked into the cache need.
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
        return Err(Missing(format!(
            "this machine has no apt-get; install these packages or their equivalents, then try again: {}",
            names.join(", ")
        ))
        .into());
    }
    if !nix::unistd::geteuid().is_root() {
        for (package, why) in packages {
            println!("needed: {package} ({why})");
        }
        return Err(
            Missing(format!("installing packages needs root; run `sudo {command}`, then try again")).into()
        );
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
        // Another run, or the machine itself, may be installing something.
        command.args(["-o", "DPkg::Lock::Timeout=300"]);
        command.args(["install", "--yes", "--no-install-recommends"]).args(names);
        process::quiet(&mut command)
    };
    // The package lists may be missing or outdated: update them and try once more.
    install().or_else(|_| {
        apt::update()?;
        install()
    })?;
    if let Some(name) = names.iter().find(|name| !is_installed(name)) {
        bail!("apt-get reported success, but {name} is not installed");
    }
    Ok(())
}
