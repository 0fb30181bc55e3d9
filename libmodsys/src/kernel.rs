// SPDX-License-Identifier: MIT OR Apache-2.0
//! The trait between the tools and a kernel.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;

use nix::errno::Errno;

use crate::guard::Guard;
use crate::lock::Lock;
use crate::{
    BootIdentity, InitState, InstalledModule, KernelCompression, LoadFlags, Lockdown, LogRecord,
    PersistSupport, RemoveFlags, Section, SysError,
};

/// Everything the tools ask of a kernel.
///
/// The trait is object safe, and every method takes `&self`: a command holds a `&dyn Kernel`. The first three
/// methods, [`Kernel::persist_release`] and [`Kernel::set_persist_note`] change the kernel, all others only
/// read. Module names are spelled as the kernel does (`_`, not `-`).
pub trait Kernel {
    /// Loads the module in an open file.
    ///
    /// # Errors
    /// The kernel's error number.
    fn finit_module(&self, file: BorrowedFd<'_>, params: &CStr, flags: LoadFlags) -> Result<(), Errno>;

    /// Whether this process may load modules, without loading one.
    ///
    /// # Errors
    /// `EPERM`: it lacks `CAP_SYS_MODULE`, or loading is disabled.
    fn load_permission(&self) -> Result<(), Errno>;

    /// Loads a module from memory.
    ///
    /// # Errors
    /// The kernel's error number.
    fn init_module(&self, image: &[u8], params: &CStr) -> Result<(), Errno>;

    /// Removes a module.
    ///
    /// # Errors
    /// The kernel's error number.
    fn delete_module(&self, name: &CStr, flags: RemoveFlags) -> Result<(), Errno>;

    /// State of a module; `None` if it is not loaded.
    ///
    /// # Errors
    /// [`SysError::Read`] or [`SysError::Unknown`] for a state file that cannot be understood.
    fn init_state(&self, name: &str) -> Result<Option<InitState>, SysError>;

    /// Modules that use this one, in the order in which the kernel lists them.
    ///
    /// # Errors
    /// [`SysError::Open`] if there is no such directory (module not loaded, or built in).
    fn holders(&self, name: &str) -> Result<Vec<String>, SysError>;

    /// A number that identifies this load of the module among all loads since the boot: the inode of its
    /// directory in `/sys/module`, which 64-bit kernels since 5.5 do not reuse. `None` if it is not loaded.
    fn load_mark(&self, name: &str) -> Option<u64>;

    /// Reference count; negative while the module goes away, `None` if the kernel keeps none (no
    /// `CONFIG_MODULE_UNLOAD`).
    ///
    /// # Errors
    /// [`SysError`] if the file is there but cannot be read or is not a number.
    fn refcount(&self, name: &str) -> Result<Option<i64>, SysError>;

    /// The text of `/proc/modules`, to be parsed by `libmodfmt`. Newest module first.
    ///
    /// # Errors
    /// [`SysError`] if it cannot be read.
    fn modules_text(&self) -> Result<Vec<u8>, SysError>;

    /// Sections of a loaded module, sorted by name. Empty if the module has no such directory.
    ///
    /// # Errors
    /// [`SysError`]. An address that may not be read is not an error: [`crate::SectionAddress`] says so.
    fn sections(&self, name: &str) -> Result<Vec<Section>, SysError>;

    /// The sections of a loaded module whose names are wanted, sorted by name: each address is a file to
    /// read.
    ///
    /// # Errors
    /// As [`Kernel::sections`].
    fn some_sections(&self, name: &str, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Section>, SysError>;

    /// One ELF note section of a loaded module; `None` if it has none of that name.
    ///
    /// # Errors
    /// [`SysError`] if it is there but cannot be read.
    fn note(&self, name: &str, section: &str) -> Result<Option<Vec<u8>>, SysError>;

    /// ELF note sections of a loaded module: section name and content. Empty if the module has no such
    /// directory.
    ///
    /// # Errors
    /// [`SysError`] if one is there but cannot be read.
    fn notes(&self, name: &str) -> Result<BTreeMap<String, Vec<u8>>, SysError>;

    /// The text of `/proc/kallsyms`, to be parsed by `libmodfmt`.
    ///
    /// # Errors
    /// [`SysError`] if it cannot be read.
    fn kallsyms(&self) -> Result<Vec<u8>, SysError>;

    /// The lines of `/proc/kallsyms` without their line feeds, until `visit` has seen enough: the whole text
    /// costs the kernel more than loading a module does.
    ///
    /// # Errors
    /// [`SysError`] if it cannot be read.
    fn kallsyms_lines(&self, visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<(), SysError>;

    /// BTF of the kernel itself; `None` if the kernel has none.
    ///
    /// # Errors
    /// [`SysError`] if it is there but cannot be read.
    fn vmlinux_btf(&self) -> Result<Option<Vec<u8>>, SysError>;

    /// BTF of a loaded module, which refers to the kernel's; `None` if the module has none or is not loaded.
    ///
    /// # Errors
    /// [`SysError`] if it is there but cannot be read.
    fn module_btf(&self, name: &str) -> Result<Option<Vec<u8>>, SysError>;

    /// Appends so many bytes of the kernel's BTF to `into`, from `offset` on; fewer at its end, none if the
    /// kernel has no BTF. All of it costs several times what loading a module does.
    ///
    /// # Errors
    /// [`SysError`] if it is there but cannot be read.
    fn read_vmlinux_btf(&self, offset: u64, length: usize, into: &mut Vec<u8>) -> Result<(), SysError>;

    /// The taint word, `/proc/sys/kernel/tainted`.
    ///
    /// # Errors
    /// [`SysError`] if it cannot be read or is not a number.
    fn taint(&self) -> Result<u64, SysError>;

    /// Release of the running kernel, as `uname -r` prints it.
    ///
    /// # Errors
    /// [`SysError`] if the kernel does not say.
    fn release(&self) -> Result<String, SysError>;

    /// Which boot of which kernel this is.
    ///
    /// # Errors
    /// [`SysError`] if the kernel does not say.
    fn boot(&self) -> Result<BootIdentity, SysError>;

    /// The kernel's random name for this boot: [`BootIdentity::id`] alone.
    ///
    /// # Errors
    /// [`SysError`] if the kernel does not say.
    fn boot_id(&self) -> Result<String, SysError>;

    /// Time since boot in hundredths of a second: [`BootIdentity::uptime`] alone.
    ///
    /// # Errors
    /// [`SysError`] if the kernel does not say.
    fn uptime(&self) -> Result<u64, SysError>;

    /// The compression format that the kernel decompresses itself; `None` if there is none.
    ///
    /// # Errors
    /// [`SysError::Read`] if the file is there but cannot be read.
    fn compression(&self) -> Result<Option<KernelCompression>, SysError>;

    /// Whether `/sys/module` is there. Without it nothing can be said of a module but what `/proc/modules`
    /// says.
    fn shows_modules(&self) -> bool;

    /// Whether the kernel loads only signed modules; `None` if it was built without signature checks.
    ///
    /// # Errors
    /// [`SysError`] if it cannot be read or understood.
    fn sig_enforce(&self) -> Result<Option<bool>, SysError>;

    /// Lockdown state; `None` if the kernel has no lockdown or securityfs is not mounted.
    ///
    /// # Errors
    /// [`SysError`] if it cannot be read or understood.
    fn lockdown(&self) -> Result<Option<Lockdown>, SysError>;

    /// Whether loading and removing modules is switched off until reboot; `None` if the kernel does not say.
    ///
    /// # Errors
    /// [`SysError`] if it cannot be read or is not a number.
    fn modules_disabled(&self) -> Result<Option<bool>, SysError>;

    /// `kptr_restrict`: 0, 1 or 2; `None` if the kernel does not say.
    ///
    /// # Errors
    /// [`SysError`] if it cannot be read or is not a number.
    fn kptr_restrict(&self) -> Result<Option<u64>, SysError>;

    /// Whether the module is built into the running kernel, by `modules.builtin.bin` of its release. `false`
    /// if there is no such index, as in kmod.
    ///
    /// # Errors
    /// [`SysError`] if the index is there but broken.
    fn is_builtin(&self, name: &str) -> Result<bool, SysError>;

    /// Reads kernel memory.
    ///
    /// # Errors
    /// [`SysError`]: not permitted (root, lockdown), no such interface, or [`SysError::NotMapped`].
    fn read_memory(&self, address: u64, length: usize) -> Result<Vec<u8>, SysError>;

    /// A file of the running release's kernel headers, by its path below `/lib/modules/RELEASE/build` or
    /// `source`. `None` if it is not installed.
    ///
    /// # Errors
    /// [`SysError`] if there is one but it cannot be read.
    fn header(&self, path: &str) -> Result<Option<Vec<u8>>, SysError>;

    /// One module file of the running release that exports symbols, as a sample of how this kernel's modules
    /// are made. `None` if none is installed.
    ///
    /// # Errors
    /// [`SysError`] if there is one but it cannot be read.
    fn exporting_module(&self) -> Result<Option<InstalledModule>, SysError>;

    /// The file of a module of the running release, by its `modules.dep`. `None` if it is not installed.
    ///
    /// # Errors
    /// [`SysError`] if the index is there but cannot be read.
    fn installed_file(&self, name: &str) -> Result<Option<PathBuf>, SysError>;

    /// Whether this is an extended kernel, which can keep persistent data itself.
    ///
    /// # Errors
    /// [`SysError`] if it cannot be asked.
    fn persist_support(&self) -> Result<PersistSupport, SysError>;

    /// The regions that an extended kernel keeps itself: the text of `/proc/module_persist`, to be parsed by
    /// `libmodfmt`. `None` on a stock kernel.
    ///
    /// # Errors
    /// [`SysError`] if it is there but cannot be read.
    fn persist_list(&self) -> Result<Option<Vec<u8>>, SysError>;

    /// Drops the region that an extended kernel keeps for a module.
    ///
    /// # Errors
    /// The kernel's error number: `ENOENT` if it keeps none, `EBUSY` if it is in use.
    fn persist_release(&self, owner: &str) -> Result<(), Errno>;

    /// The note that an extended kernel has with a block, by the block's serial number in the list: to be
    /// parsed by `libmodfmt`. `None` if it has no note, or if there is no such block.
    ///
    /// # Errors
    /// [`SysError`] if it is there but cannot be read.
    fn persist_note(&self, serial: u64) -> Result<Option<Vec<u8>>, SysError>;

    /// Leaves a note with a block, in place of one that is there.
    ///
    /// # Errors
    /// The kernel's error number: `ENOENT` if there is no such block any more, or if this kernel has no
    /// notes; `EFBIG` if the note is too long.
    fn set_persist_note(&self, serial: u64, note: &[u8]) -> Result<(), Errno>;

    /// The tokens that modules have left in the kernel: the text of `/proc/name_tokens`, to be parsed by
    /// `libmodfmt`. `None` if there is no such service.
    ///
    /// # Errors
    /// [`SysError`] if it is there but cannot be read.
    fn name_tokens(&self) -> Result<Option<Vec<u8>>, SysError>;

    /// What the kernel itself has logged, oldest first, as far as its buffer still holds it.
    ///
    /// # Errors
    /// [`SysError`] if the log may not be read.
    fn kernel_log(&self) -> Result<Vec<LogRecord>, SysError>;

    /// Adds one line to the kernel's log, as an error of a program. It must not have control characters. Does
    /// nothing where that is not possible, such as without root: there is nobody left to tell. The kernel
    /// takes about 960 bytes.
    fn add_to_log(&self, line: &str);

    /// The readable parameters of a module, without the newline at the end. Empty if it has none.
    ///
    /// # Errors
    /// [`SysError`] if one is there but cannot be opened, for another reason than permissions. One that the
    /// module itself cannot show is left out.
    fn parameters(&self, name: &str) -> Result<BTreeMap<String, Vec<u8>>, SysError>;

    /// The text of `modules.symbols` of the running release: which installed module exports which symbol.
    /// `None` if there is no such index.
    ///
    /// # Errors
    /// [`SysError`] if it is there but cannot be read.
    fn symbol_index(&self) -> Result<Option<Vec<u8>>, SysError>;

    /// A process that removes the module if this one is killed before it dismisses it; `None` if there can be
    /// none.
    fn guard(&self, _module: &str, _lock: Option<&Lock>) -> Option<Guard> {
        None
    }

    /// Users of a module that are not modules, one line each, as far as they can be found: mounts, open
    /// devices, network interfaces.
    fn users(&self, name: &str) -> Vec<String>;

    /// Processes that hold open a character device whose number a module has registered under its own name, one
    /// line each. The kernel counts them as users only if the module's file operations have an owner.
    fn users_of_own_devices(&self, name: &str) -> Vec<String>;
}
