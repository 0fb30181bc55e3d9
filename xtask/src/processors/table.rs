// SPDX-License-Identifier: MIT OR Apache-2.0
//! The processors, with the packages and the machine of each.

/// A processor for which the distribution has a kernel and QEMU a machine.
#[derive(Clone, Copy, Debug)]
pub struct Processor {
    /// The name, as `ksymoops` gives it: that of `uname -m`, without the model.
    pub name: &'static str,
    /// The distribution's name of the architecture.
    pub debian: &'static str,
    /// The first release that has this architecture; `None` for the machine's own.
    pub release: Option<&'static str>,
    /// Whether its kernel is the newer one of that release's backports.
    pub is_backport: bool,
    /// The kernel: what follows `linux-image-` in the name of its metapackage.
    pub flavour: &'static str,
    /// What the names of the cross compiler and its tools start with.
    pub prefix: &'static str,
    /// The package of the cross compiler.
    pub compiler: &'static str,
    /// QEMU's program.
    pub qemu: &'static str,
    /// The package of that program.
    pub qemu_package: &'static str,
    /// The release whose compiler, QEMU and firmware are used, and the firmware's package; `None` where this
    /// machine's do.
    pub tools: Option<(&'static str, &'static str)>,
    /// Arguments that choose the machine.
    pub machine: &'static [&'static str],
    /// The kernel's name of the machine's first serial port, which is the console.
    pub console: &'static str,
    /// Rust's name of the target that our own programs are built for.
    pub target: &'static str,
    /// The ports in machines that run scenarios; `None` where none do.
    pub ports: Option<Ports>,
}

/// The console and the port for results: QEMU's devices, and the kernel's names of them.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// The device of the console, if that is not the machine's first serial port.
    pub console_device: Option<&'static str>,
    /// Its name.
    pub console: &'static str,
    /// The device for results.
    pub results_device: &'static str,
    /// Its name.
    pub results: &'static str,
}

/// A second serial port on the PCI bus.
const fn pci_serial(console: &'static str, results: &'static str) -> Option<Ports> {
    Some(Ports { console_device: None, console, results_device: "pci-serial", results })
}

/// All of them.
pub const PROCESSORS: &[Processor] = &[
    Processor {
        name: "aarch64",
        debian: "arm64",
        release: None,
        is_backport: false,
        flavour: "arm64",
        prefix: "aarch64-linux-gnu-",
        compiler: "gcc-aarch64-linux-gnu",
        qemu: "qemu-system-aarch64",
        qemu_package: "qemu-system-arm",
        tools: None,
        machine: &["-M", "virt", "-cpu", "cortex-a57"],
        console: "ttyAMA0",
        target: "aarch64-unknown-linux-gnu",
        ports: pci_serial("ttyAMA0", "ttyS0"),
    },
    Processor {
        name: "arm",
        debian: "armhf",
        release: None,
        is_backport: false,
        flavour: "armmp",
        prefix: "arm-linux-gnueabihf-",
        compiler: "gcc-arm-linux-gnueabihf",
        qemu: "qemu-system-arm",
        qemu_package: "qemu-system-arm",
        tools: None,
        // Where this kernel reaches the bus.
        machine: &["-M", "virt,highmem=off"],
        console: "ttyAMA0",
        target: "armv7-unknown-linux-gnueabihf",
        ports: pci_serial("ttyAMA0", "ttyS0"),
    },
    Processor {
        name: "i386",
        debian: "i386",
        release: None,
        is_backport: false,
        flavour: "686-pae",
        prefix: "i686-linux-gnu-",
        compiler: "gcc-i686-linux-gnu",
        qemu: "qemu-system-i386",
        qemu_package: "qemu-system-x86",
        tools: None,
        machine: &[],
        console: "ttyS0",
        target: "i686-unknown-linux-gnu",
        ports: Some(Ports {
            console_device: None,
            console: "ttyS0",
            results_device: "isa-serial",
            results: "ttyS1",
        }),
    },
    Processor {
        name: "loongarch64",
        debian: "loong64",
        release: Some("sid"),
        is_backport: false,
        flavour: "loong64",
        prefix: "loongarch64-linux-gnu-",
        compiler: "gcc-loongarch64-linux-gnu",
        qemu: "qemu-system-loongarch64",
        qemu_package: "qemu-system-misc",
        tools: Some(("trixie", "qemu-efi-loongarch64")),
        // Its kernels are programs for the firmware.
        machine: &["-M", "virt", "-cpu", "la464", "-bios", "/usr/share/qemu-efi-loongarch64/QEMU_EFI.fd"],
        console: "ttyS0",
        target: "loongarch64-unknown-linux-gnu",
        ports: None,
    },
    Processor {
        name: "mips",
        debian: "mipsel",
        release: None,
        is_backport: false,
        flavour: "4kc-malta",
        prefix: "mipsel-linux-gnu-",
        compiler: "gcc-mipsel-linux-gnu",
        qemu: "qemu-system-mipsel",
        qemu_package: "qemu-system-mips",
        tools: None,
        machine: &["-M", "malta", "-cpu", "24Kc"],
        console: "ttyS0",
        target: "mipsel-unknown-linux-gnu",
        ports: None,
    },
    Processor {
        name: "mips64",
        debian: "mips64el",
        release: None,
        is_backport: false,
        flavour: "5kc-malta",
        prefix: "mips64el-linux-gnuabi64-",
        compiler: "gcc-mips64el-linux-gnuabi64",
        qemu: "qemu-system-mips64el",
        qemu_package: "qemu-system-mips",
        tools: None,
        machine: &["-M", "malta", "-cpu", "5KEc"],
        console: "ttyS0",
        target: "mips64el-unknown-linux-gnuabi64",
        ports: None,
    },
    Processor {
        name: "ppc64le",
        debian: "ppc64el",
        release: None,
        is_backport: false,
        flavour: "powerpc64le",
        prefix: "powerpc64le-linux-gnu-",
        compiler: "gcc-powerpc64le-linux-gnu",
        qemu: "qemu-system-ppc64",
        qemu_package: "qemu-system-ppc",
        tools: None,
        machine: &["-M", "pseries"],
        console: "hvc0",
        target: "powerpc64le-unknown-linux-gnu",
        ports: Some(Ports {
            console_device: None,
            console: "hvc0",
            results_device: "spapr-vty",
            results: "hvc1",
        }),
    },
    Processor {
        name: "riscv64",
        debian: "riscv64",
        release: Some("trixie"),
        is_backport: false,
        flavour: "riscv64",
        prefix: "riscv64-linux-gnu-",
        compiler: "gcc-riscv64-linux-gnu",
        qemu: "qemu-system-riscv64",
        qemu_package: "qemu-system-misc",
        tools: None,
        machine: &["-M", "virt"],
        console: "ttyS0",
        target: "riscv64gc-unknown-linux-gnu",
        ports: pci_serial("ttyS0", "ttyS1"),
    },
    Processor {
        name: "s390x",
        debian: "s390x",
        release: None,
        is_backport: false,
        flavour: "s390x",
        prefix: "s390x-linux-gnu-",
        compiler: "gcc-s390x-linux-gnu",
        qemu: "qemu-system-s390x",
        qemu_package: "qemu-system-misc",
        tools: None,
        machine: &["-M", "s390-ccw-virtio"],
        console: "ttysclp0",
        target: "s390x-unknown-linux-gnu",
        ports: Some(Ports {
            // One that takes whole lines, and a terminal, of which there can be one each.
            console_device: Some("sclplmconsole"),
            console: "ttyS0",
            results_device: "sclpconsole",
            results: "ttysclp0",
        }),
    },
];
