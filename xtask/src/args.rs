// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line of `cargo xtask`.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::kernel::{Series, Variant};

/// The kernel that is used if none is named.
pub const DEFAULT_KERNEL: &str = "distribution";

/// Set-up, tests and demo for this project
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
    /// Show what the tools do, in a real kernel; installs what is missing
    Demo(DemoArgs),
    /// Check formatting, lints and documentation, and run the unit tests and VM scenarios
    Test(TestArgs),
    /// Run single steps of `test` that need no kernel
    Check(CheckArgs),
    /// Run scenarios in a real kernel
    Vm(VmArgs),
    /// Run what may come out differently in each kernel, in several, and write docs/kernels.md
    Matrix(MatrixArgs),
    /// Compare the types of the newest kernel with what libmodfmt expects of them
    Canary(CanaryArgs),
    /// Build a kernel: with our patch, without it, or with the patch and debugging options
    Kernel(KernelBuildArgs),
    /// Build the test modules, print their paths, and check what we read from them
    Fixtures(KernelArgs),
    /// Make images of all modules of a kernel, and compare what their relocations lead to
    Images(ImagesArgs),
    /// Decode real oopses of other processors, each made in a kernel of its own; downloads 500 MB
    Processors(ProcessorsArgs),
    /// Build the tarball and the Debian package
    Dist(DistArgs),
    /// Print source files of a crate that import each other
    Circles(CirclesArgs),
    /// Fuzz what reads bytes of strangers; needs a nightly compiler and a C++ compiler
    Fuzz(FuzzArgs),
    /// Compare functions, lines and inlined calls with elfutils' and LLVM's results; downloads 850 MB
    Accuracy(AccuracyArgs),
    /// Replay the versions of real modules with data in use; takes their git repositories
    Histories(HistoriesArgs),
    /// Compare what modpersist reads of 500 variables with what gdb prints, in a file and in a real kernel
    Values(KernelArgs),
    /// Crash a real kernel in many ways, and compare what ksymoops says with gdb; downloads 850 MB
    Crashes(KernelArgs),
    /// Compare what our tools cost with other tools, and write docs/costs.md; downloads 850 MB
    Bench(BenchArgs),
    /// Install or download what the other tasks need
    Setup(KernelArgs),
}

/// What to measure; without any of these, all of it.
#[derive(Clone, Debug, clap::Args)]
pub struct BenchArgs {
    /// insmod and rmmod, against kmod's
    #[arg(long)]
    pub loads: bool,

    /// Making images, against objcopy
    #[arg(long)]
    pub images: bool,

    /// ksymoops, against tools that read logs
    #[arg(long)]
    pub logs: bool,

    /// Which kernel
    #[command(flatten)]
    pub kernel: KernelArgs,
}

/// Which kernel to build.
#[derive(Clone, Debug, clap::Args)]
pub struct KernelBuildArgs {
    /// The variant; --kernel accepts the same names, and with a release behind it: extended-6.12
    #[arg(value_enum, default_value_t = Variant::Extended)]
    pub variant: Variant,

    /// The kernel to build: 6.1, 6.12, 7.3, or newest for the last of these
    #[arg(long = "release", value_name = "NAME", default_value = "6.1", value_parser = series)]
    pub series: Series,
}

fn series(name: &str) -> Result<Series, String> {
    Series::named(name).ok_or_else(|| format!("there are no patches for {name}"))
}

/// Which kernel, and how to run it.
#[derive(Clone, Debug, clap::Args)]
pub struct KernelArgs {
    /// distribution, newest, extended, plain, debug, one of these three for another series (extended-6.12,
    /// debug-newest), a series (6.12), one of another processor (arm64-6.1, riscv64-6.12, ...), a package
    /// (linux-image-...), or the path of a bzImage or of a kernel's build tree
    #[arg(long, value_name = "NAME|PATH", default_value = DEFAULT_KERNEL)]
    pub kernel: String,

    /// How to run it
    #[command(flatten)]
    pub machine: MachineArgs,
}

impl Default for KernelArgs {
    fn default() -> Self {
        Self { kernel: DEFAULT_KERNEL.to_owned(), machine: MachineArgs::default() }
    }
}

/// What to compare.
#[derive(Clone, Debug, clap::Args)]
pub struct AccuracyArgs {
    /// Instead, cut `Code:` lines out of the kernel and its modules, and check where their instructions start
    #[arg(long, conflicts_with = "count_code")]
    pub code: bool,

    /// Instead, count the kernel's instructions anew and write libksym/src/code/x86_costs.rs
    #[arg(long)]
    pub count_code: bool,

    /// More code for --code or --count-code: vmlinux, .ko, .o or a folder of these; may be repeated
    #[arg(long = "with", value_name = "PATH")]
    pub more_code: Vec<PathBuf>,

    /// Which kernel
    #[command(flatten)]
    pub kernel: KernelArgs,
}

/// Which kernels, and how to run them.
#[derive(Clone, Debug, clap::Args)]
pub struct TestArgs {
    /// As for the other tasks, or `all`: 5.10, 6.1, 6.12 and newest; may be repeated. In kernels other than
    /// the distribution's and 6.1, what may come out differently there is run
    #[arg(long = "kernel", value_name = "NAME|PATH", default_value = DEFAULT_KERNEL)]
    pub kernels: Vec<String>,

    /// A kernel in which only a few scenarios are run; may be repeated
    #[arg(long = "core", value_name = "NAME|PATH")]
    pub core: Vec<String>,

    /// Also compare ksymoops with other tools, run the scenarios that take minutes, and all in every kernel
    #[arg(long)]
    pub all: bool,

    /// How to run them
    #[command(flatten)]
    pub machine: MachineArgs,
}

/// Which kernels to write about.
#[derive(Clone, Debug, clap::Args)]
pub struct MatrixArgs {
    /// As for `test`; what the document says about others stays [default: all]
    #[arg(long = "kernel", value_name = "NAME")]
    pub kernels: Vec<String>,

    /// Run only the dozen scenarios of `test --core`
    #[arg(long, conflicts_with = "all")]
    pub core: bool,

    /// Also run the scenarios that take minutes
    #[arg(long)]
    pub all: bool,

    /// How to run them
    #[command(flatten)]
    pub machine: MachineArgs,
}

/// Which kernel to look at.
#[derive(Clone, Debug, clap::Args)]
pub struct CanaryArgs {
    /// As for `test`
    #[arg(long, value_name = "NAME", default_value = "newest")]
    pub kernel: String,

    /// Instead, write down what this kernel has as what is expected of the next one
    #[arg(long)]
    pub accept: bool,
}

/// How to run a kernel, whichever it is.
#[derive(Clone, Debug, clap::Args)]
pub struct MachineArgs {
    /// Headers to build modules with, if --kernel is a bzImage [default: /lib/modules/RELEASE/build]
    #[arg(long, value_name = "DIR")]
    pub headers: Option<PathBuf>,

    /// Accelerator for QEMU. `auto` first tries an empty boot with KVM, which may be present but hang
    #[arg(long, value_enum, default_value_t = Accel::Tcg)]
    pub accel: Accel,

    /// Build our programs as they are shipped: optimised, without run-time checks
    #[arg(long)]
    pub as_shipped: bool,
}

impl Default for MachineArgs {
    fn default() -> Self {
        Self { headers: None, accel: Accel::Tcg, as_shipped: false }
    }
}

/// QEMU's accelerator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Accel {
    /// Emulation: slow, but works everywhere
    Tcg,
    /// Hardware virtualisation
    Kvm,
    /// KVM if an empty boot finishes in time, else TCG
    Auto,
}

/// A processor that there are packages for, by Debian's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Architecture {
    /// x86-64
    Amd64,
    /// 64-bit Arm
    Arm64,
}

/// What to do with the distribution.
#[derive(Debug, clap::Args)]
pub struct DistArgs {
    /// Also install, use and purge the package in a chroot with Debian (needs root)
    ///
    /// A package for another processor is unpacked instead, and its programs run the demo, emulated
    #[arg(long)]
    pub check: bool,

    /// The processor
    #[arg(long, value_enum, default_value_t = Architecture::Amd64)]
    pub arch: Architecture,
}

/// What to show.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// The processor; another than this machine's is emulated, and --kernel is a series of its kernels
    #[arg(long, value_enum, default_value_t = Architecture::Amd64)]
    pub arch: Architecture,

    /// Which kernel
    #[command(flatten)]
    pub kernel: KernelArgs,
}

/// Which steps to run.
#[derive(Clone, Debug, clap::Args)]
pub struct CheckArgs {
    /// Names of steps, as in the summary of `test`, with - for blanks [default: all]
    #[arg(value_name = "STEP")]
    pub steps: Vec<String>,
}

/// Which modules.
#[derive(Clone, Debug, clap::Args)]
pub struct ImagesArgs {
    /// As for `test`; may be repeated
    #[arg(long = "kernel", value_name = "NAME", default_value = DEFAULT_KERNEL)]
    pub kernels: Vec<String>,

    /// Only every Nth module
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub every: usize,

    /// Instead, compare what is read of the modules with what readelf and kmod read
    #[arg(long)]
    pub read: bool,
}

/// Which processors.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ProcessorsArgs {
    /// Names, as ksymoops gives them [default: all]
    #[arg(value_name = "PROCESSOR")]
    pub processors: Vec<String>,
}

/// Which crates to check.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct CirclesArgs {
    /// Names of crates [default: all in the workspace]
    #[arg(value_name = "CRATE")]
    pub crates: Vec<String>,
}

/// Which modules' versions to replay.
#[derive(Clone, Debug, clap::Args)]
pub struct HistoriesArgs {
    /// Names of modules in tests/histories/modules.json [default: all]
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,

    /// The module's git repository; without one a module is left out; may be repeated
    #[arg(long = "git", value_name = "NAME=DIR", value_parser = named_path)]
    pub repositories: Vec<(String, PathBuf)>,

    /// How many versions of each module at most, the newest ones
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub versions: usize,

    /// Which kernel
    #[command(flatten)]
    pub kernel: KernelArgs,
}

/// What to fuzz, and for how long.
#[derive(Clone, Debug, clap::Args)]
pub struct FuzzArgs {
    /// Names of targets [default: all]
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,

    /// Minutes of processor time for each target
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub minutes: u64,

    /// Print the share of lines that the inputs reach
    #[arg(long)]
    pub coverage: bool,

    /// Afterwards make the smallest inputs that reach as much the corpus in fuzz/corpus
    #[arg(long)]
    pub minimize: bool,

    /// A file, or a folder of files, to make seeds of as well; may be repeated
    #[arg(long = "seeds", value_name = "PATH")]
    pub seeds: Vec<PathBuf>,

    /// Instead: compare the images of N mutants of real modules with the mutants
    #[arg(long, value_name = "N")]
    pub mutants: Option<u64>,
}

/// Which scenarios to run.
#[derive(Debug, clap::Args)]
pub struct VmArgs {
    /// The kernel to run them in
    #[command(flatten)]
    pub kernel: KernelArgs,

    /// Run only the scenario NAME, or all whose names start with NAME; may be repeated
    #[arg(long = "scenario", value_name = "NAME")]
    pub scenarios: Vec<String>,

    /// List the scenarios and exit
    #[arg(long)]
    pub list: bool,
}

/// Reads `NAME=PATH`.
fn named_path(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => {
            Ok((name.to_owned(), PathBuf::from(path)))
        }
        _ => Err("expected a name, = and a path".to_owned()),
    }
}
