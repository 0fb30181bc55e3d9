// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line of `cargo xtask`.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::kernel::Variant;

/// Set-up, tests and demo of this project
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub task: Task,
}

/// The tasks.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Show the main job in a real kernel, from an empty machine
    Demo(KernelArgs),
    /// Check formatting, lints, documentation, run the unit tests and the VM scenarios
    Test(TestArgs),
    /// Run scenarios in a real kernel
    Vm(VmArgs),
    /// Build a kernel of our own: with our patch, without it, or with everything that finds faults
    Kernel(KernelBuildArgs),
    /// Build the fixture modules, say where they are, and check what is read from them
    Fixtures(KernelArgs),
    /// Make the tarball and the Debian package
    Dist(DistArgs),
    /// Print source files of a crate that import each other
    Circles(CirclesArgs),
    /// Compare functions, lines and inlined calls of the distribution's kernel with elfutils' and LLVM's; fetches 850 MB
    Accuracy(KernelArgs),
    /// Measure ksymoops side by side with its peers; fetches 850 MB
    Bench(KernelArgs),
    /// Install or fetch what the other tasks need
    Setup(KernelArgs),
}

/// Which kernel to build.
#[derive(Clone, Debug, clap::Args)]
pub struct KernelBuildArgs {
    /// The variant, which is also its name for --kernel
    #[arg(value_enum, default_value_t = Variant::Extended)]
    pub variant: Variant,
}

/// Which kernel, and how to run it.
#[derive(Clone, Debug, clap::Args)]
pub struct KernelArgs {
    /// A kernel known by name, a bzImage, or a kernel build tree
    #[arg(long, value_name = "NAME|PATH", default_value = crate::kernel::DEFAULT)]
    pub kernel: String,

    /// How to run it
    #[command(flatten)]
    pub machine: MachineArgs,
}

impl Default for KernelArgs {
    fn default() -> Self {
        let machine = MachineArgs { headers: None, accel: Accel::Tcg };
        Self { kernel: crate::kernel::DEFAULT.to_owned(), machine }
    }
}

/// Which kernels, and how to run them.
#[derive(Clone, Debug, clap::Args)]
pub struct TestArgs {
    /// A kernel known by name, a bzImage, or a kernel build tree; may be repeated
    #[arg(long = "kernel", value_name = "NAME|PATH", default_value = crate::kernel::DEFAULT)]
    pub kernels: Vec<String>,

    /// How to run them
    #[command(flatten)]
    pub machine: MachineArgs,
}

/// How to run a kernel, whichever it is.
#[derive(Clone, Debug, clap::Args)]
pub struct MachineArgs {
    /// Headers to build modules against, for a bzImage [default: /lib/modules/RELEASE/build]
    #[arg(long, value_name = "DIR")]
    pub headers: Option<PathBuf>,

    /// What executes the guest. `auto` tries KVM with an empty boot first, as it may exist and hang
    #[arg(long, value_enum, default_value_t = Accel::Tcg)]
    pub accel: Accel,
}

/// What QEMU executes the guest with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Accel {
    /// Emulation: slow, works everywhere
    Tcg,
    /// The processor's own virtualisation
    Kvm,
    /// KVM if an empty boot reaches its end in time
    Auto,
}

/// What to do with the distribution.
#[derive(Debug, clap::Args)]
pub struct DistArgs {
    /// Install it, take over, reload, give back and purge it in a Debian of its own
    #[arg(long)]
    pub check: bool,
}

/// Which crates to look at.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct CirclesArgs {
    /// Names of crates; all of the workspace where none is named
    #[arg(value_name = "CRATE")]
    pub crates: Vec<String>,
}

/// Which scenarios.
#[derive(Debug, clap::Args)]
pub struct VmArgs {
    /// The kernel to run them in
    #[command(flatten)]
    pub kernel: KernelArgs,

    /// Run only scenarios whose name is this or starts with this; may be repeated
    #[arg(long = "scenario", value_name = "NAME")]
    pub scenarios: Vec<String>,

    /// List the scenarios and stop
    #[arg(long)]
    pub list: bool,
}
