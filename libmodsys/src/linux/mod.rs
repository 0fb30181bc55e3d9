// SPDX-License-Identifier: MIT OR Apache-2.0
//! The running Linux kernel.
//!
//! Each file has one interface of the kernel; this one puts them together. Nothing that it says is cached
//! between calls: the kernel is the only record. Only `/proc/kcore` stays open, since each variable is read
//! by itself.

mod boot;
mod builtin;
mod builtin_index;
mod compression;
mod exporting;
mod extended;
mod files;
mod initstate;
mod installed;
mod kcore;
mod kmsg;
mod lockdown;
mod module_dir;
mod notes;
mod parameters;
mod sealed_file;
mod sections;
mod settings;
mod syscalls;
mod users;

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use nix::errno::Errno;

use self::kcore::Core;
use crate::files::effective_user;
use crate::guard::Guard;
use crate::lock::Lock;
use crate::paths::MODULES_DIRECTORY;
use crate::{
    BootIdentity, InitState, InstalledModule, Kernel, KernelCompression, LoadFlags, Lockdown, LogRecord,
    PersistSupport, RemoveFlags, Section, SysError,
};

pub use kmsg::KmsgReader;
pub use sealed_file::sealed_file;
pub use settings::{node_name, system_name};

/// The file with the running kernel's symbols at their run-time addresses, for a reader of such files. Its
/// content is what [`Kernel::kallsyms`] returns.
pub const KALLSYMS: &str = "/proc/kallsyms";

const BTF: &str = "/sys/kernel/btf";
const VMLINUX_BTF: &str = "/sys/kernel/btf/vmlinux";

/// Where an extended kernel lists what it keeps.
const PERSIST_LIST: &str = "/proc/module_persist";
const PERSIST_NOTES: &str = "/proc/module_persist_notes";

/// What the module `name_token` lists.
const NAME_TOKENS: &str = "/proc/name_tokens";

/// The real kernel.
///
/// ```no_run
/// use libmodsys::{Kernel, Linux};
/// println!("{}", Linux::new().release()?);
/// # Ok::<(), libmodsys::SysError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Linux {
    root: PathBuf,
    release: Option<String>,
    guarded: bool,
    /// Opened when memory is read first.
    core: Arc<OnceLock<Core>>,
}

impl Default for Linux {
    fn default() -> Self {
        Self::new()
    }
}

impl Linux {
    /// The kernel this process runs on.
    #[must_use]
    pub fn new() -> Self {
        Self { root: PathBuf::from("/"), release: None, guarded: false, core: Arc::default() }
    }

    /// The same system calls, but `/sys`, `/proc` and `/lib/modules` are looked for below `root`, and the
    /// release is the one given. For tests: a folder stands for a kernel.
    #[must_use]
    pub fn with_root(root: impl Into<PathBuf>, release: &str) -> Self {
        let release = Some(release.to_owned());
        Self { root: root.into(), release, guarded: false, core: Arc::default() }
    }

    /// With guards. The program's `main` must begin with [`crate::guard::serve`].
    #[must_use]
    pub fn guarded(self) -> Self {
        Self { guarded: true, ..self }
    }

    /// Path of a file below the root. Joined as text, so that odd module names (empty, with slashes) lead to
    /// the same files as in kmod.
    fn path(&self, below: &str) -> PathBuf {
        let mut path = self.root.clone().into_os_string();
        if path == "/" {
            path.clear();
        }
        path.push(below);
        PathBuf::from(path)
    }

    fn module_path(&self, name: &str, file: &str) -> PathBuf {
        self.path(&format!("/sys/module/{name}/{file}"))
    }

    fn release_path(&self, file: &str) -> Result<PathBuf, SysError> {
        Ok(self.path(&format!("{MODULES_DIRECTORY}/{}/{file}", self.release()?)))
    }
}

impl Kernel for Linux {
    fn guard(&self, module: &str, lock: Option<&Lock>) -> Option<Guard> {
        if !self.guarded {
            return None;
        }
        // The running program, even if its file has been replaced.
        Guard::start(Path::new("/proc/self/exe"), module, lock).ok()
    }

    fn finit_module(&self, file: BorrowedFd<'_>, params: &CStr, flags: LoadFlags) -> Result<(), Errno> {
        syscalls::finit_module(file, params, flags)
    }

    fn load_permission(&self) -> Result<(), Errno> {
        // The kernel asks for the permission first, and then finds that nothing is no module (ENOEXEC).
        match syscalls::init_module(&[], c"") {
            Err(errno @ Errno::EPERM) => Err(errno),
            _ => Ok(()),
        }
    }

    fn init_module(&self, image: &[u8], params: &CStr) -> Result<(), Errno> {
        syscalls::init_module(image, params)
    }

    fn delete_module(&self, name: &CStr, flags: RemoveFlags) -> Result<(), Errno> {
        syscalls::delete_module(name, flags)
    }

    fn init_state(&self, name: &str) -> Result<Option<InitState>, SysError> {
        initstate::read(&self.module_path(name, "initstate"), &self.path(&format!("/sys/module/{name}")))
    }

    fn holders(&self, name: &str) -> Result<Vec<String>, SysError> {
        module_dir::holders(&self.module_path(name, "holders"))
    }

    fn refcount(&self, name: &str) -> Result<Option<i64>, SysError> {
        module_dir::refcount(&self.module_path(name, "refcnt"))
    }

    fn modules_text(&self) -> Result<Vec<u8>, SysError> {
        files::read(&self.path("/proc/modules"))
    }

    fn sections(&self, name: &str) -> Result<Vec<Section>, SysError> {
        self.some_sections(name, &|_| true)
    }

    fn some_sections(&self, name: &str, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Section>, SysError> {
        sections::read(&self.module_path(name, "sections"), wanted)
    }

    fn note(&self, name: &str, section: &str) -> Result<Option<Vec<u8>>, SysError> {
        files::if_there(files::read_attribute(&self.module_path(name, "notes").join(section)))
    }

    fn load_mark(&self, name: &str) -> Option<u64> {
        std::fs::metadata(self.module_path(name, "")).ok().map(|found| found.ino())
    }

    fn notes(&self, name: &str) -> Result<BTreeMap<String, Vec<u8>>, SysError> {
        notes::read(&self.module_path(name, "notes"))
    }

    fn kallsyms(&self) -> Result<Vec<u8>, SysError> {
        files::read(&self.path(KALLSYMS))
    }

    fn kallsyms_lines(&self, visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<(), SysError> {
        files::lines(&self.path(KALLSYMS), visit)
    }

    fn vmlinux_btf(&self) -> Result<Option<Vec<u8>>, SysError> {
        files::read_if_there(&self.path(VMLINUX_BTF))
    }

    fn module_btf(&self, name: &str) -> Result<Option<Vec<u8>>, SysError> {
        files::read_if_there(&self.path(&format!("{BTF}/{name}")))
    }

    fn read_vmlinux_btf(&self, offset: u64, length: usize, into: &mut Vec<u8>) -> Result<(), SysError> {
        files::if_there(files::read_part(&self.path(VMLINUX_BTF), offset, length, into)).map(drop)
    }

    fn taint(&self) -> Result<u64, SysError> {
        settings::number(&self.path("/proc/sys/kernel/tainted"))
    }

    fn release(&self) -> Result<String, SysError> {
        self.release.clone().map_or_else(settings::running_release, Ok)
    }

    fn boot(&self) -> Result<BootIdentity, SysError> {
        boot::read(|below| self.path(below))
    }

    fn boot_id(&self) -> Result<String, SysError> {
        boot::id(|below| self.path(below))
    }

    fn uptime(&self) -> Result<u64, SysError> {
        if self.root == Path::new("/") { boot::uptime_now() } else { boot::uptime(|below| self.path(below)) }
    }

    fn compression(&self) -> Result<Option<KernelCompression>, SysError> {
        compression::read(&self.path("/sys/module/compression"))
    }

    fn shows_modules(&self) -> bool {
        self.path("/sys/module").is_dir()
    }

    fn sig_enforce(&self) -> Result<Option<bool>, SysError> {
        settings::switch(&self.path("/sys/module/module/parameters/sig_enforce"))
    }

    fn lockdown(&self) -> Result<Option<Lockdown>, SysError> {
        lockdown::read(&self.path("/sys/kernel/security/lockdown"))
    }

    fn modules_disabled(&self) -> Result<Option<bool>, SysError> {
        settings::switch(&self.path("/proc/sys/kernel/modules_disabled"))
    }

    fn kptr_restrict(&self) -> Result<Option<u64>, SysError> {
        settings::number_if_there(&self.path("/proc/sys/kernel/kptr_restrict"))
    }

    fn is_builtin(&self, name: &str) -> Result<bool, SysError> {
        builtin::contains(&self.release_path("modules.builtin.bin")?, name)
    }

    fn read_memory(&self, address: u64, length: usize) -> Result<Vec<u8>, SysError> {
        if let Some(core) = self.core.get() {
            return core.read(address, length);
        }
        let core = Core::open(&self.path("/proc/kcore"))?;
        self.core.get_or_init(|| core).read(address, length)
    }

    fn header(&self, path: &str) -> Result<Option<Vec<u8>>, SysError> {
        // Debian splits the headers: "source" leads to those of all flavours, "build" to the configured ones.
        match files::read_if_there(&self.release_path("build")?.join(path))? {
            Some(content) => Ok(Some(content)),
            None => files::read_if_there(&self.release_path("source")?.join(path)),
        }
    }

    fn exporting_module(&self) -> Result<Option<InstalledModule>, SysError> {
        exporting::find(&self.release_path("")?)
    }

    fn installed_file(&self, name: &str) -> Result<Option<PathBuf>, SysError> {
        installed::find(&self.release_path("")?, name)
    }

    fn persist_support(&self) -> Result<PersistSupport, SysError> {
        Ok(extended::support(&self.path(PERSIST_LIST)))
    }

    fn persist_list(&self) -> Result<Option<Vec<u8>>, SysError> {
        extended::list(&self.path(PERSIST_LIST))
    }

    fn persist_release(&self, owner: &str) -> Result<(), Errno> {
        extended::release(&self.path(PERSIST_LIST), owner)
    }

    fn persist_note(&self, serial: u64) -> Result<Option<Vec<u8>>, SysError> {
        extended::note(&self.path(PERSIST_NOTES), serial)
    }

    fn set_persist_note(&self, serial: u64, note: &[u8]) -> Result<(), Errno> {
        extended::set_note(&self.path(PERSIST_NOTES), serial, note)
    }

    fn name_tokens(&self) -> Result<Option<Vec<u8>>, SysError> {
        files::read_if_there(&self.path(NAME_TOKENS))
    }

    fn kernel_log(&self) -> Result<Vec<LogRecord>, SysError> {
        kmsg::read(&self.path("/dev/kmsg"))
    }

    fn add_to_log(&self, line: &str) {
        if effective_user() == 0 {
            // See the trait.
            let _ = kmsg::write(&self.path("/dev/kmsg"), line);
        }
    }

    fn parameters(&self, name: &str) -> Result<BTreeMap<String, Vec<u8>>, SysError> {
        parameters::read(&self.module_path(name, "parameters"))
    }

    fn symbol_index(&self) -> Result<Option<Vec<u8>>, SysError> {
        files::read_if_there(&self.release_path("modules.symbols")?)
    }

    fn users(&self, name: &str) -> Vec<String> {
        users::find(&self.root, name)
    }

    fn users_of_own_devices(&self, name: &str) -> Vec<String> {
        users::of_own_devices(&self.root, name, std::process::id())
    }
}
