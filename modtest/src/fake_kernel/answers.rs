// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fake kernel's answers.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::fmt::Write;
use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

use libmodsys::Errno;

use super::{Call, FakeKernel, FakeModule, Op};
use libmodsys::{
    BootIdentity, InitState, InstalledModule, Kernel, KernelCompression, LoadFlags, Lockdown, LogRecord,
    PersistSupport, RemoveFlags, Section, SectionAddress, SysError,
};

impl FakeKernel {
    /// Records a question and returns the error scripted for it.
    fn ask(&self, op: Op, name: &str, path: impl AsRef<Path>) -> Result<(), SysError> {
        self.record(Call::Read { op, name: name.to_owned() });
        self.scripted(op).map_err(|errno| SysError::Open { path: path.as_ref().to_owned(), errno })
    }

    fn ask_module(&self, op: Op, name: &str, file: &str) -> Result<Option<FakeModule>, SysError> {
        self.ask(op, name, module_path(name, file))?;
        Ok(self.module(name))
    }

    /// Records a question about the kernel and answers it from the settings.
    fn setting<T>(
        &self,
        op: Op,
        path: &str,
        answer: impl FnOnce(&super::Settings) -> T,
    ) -> Result<T, SysError> {
        self.ask(op, "", path)?;
        Ok(answer(&self.settings.borrow()))
    }

    fn count(&self, module: &FakeModule) -> Option<i64> {
        let users = i64::try_from(self.users(&module.name).len()).unwrap_or(i64::MAX);
        module.extra_references.map(|extra| extra.saturating_add(users))
    }

    fn modules_line(&self, text: &mut String, module: &FakeModule) {
        let users = self.users(&module.name);
        let used_by = if users.is_empty() { "-".to_owned() } else { users.join(",") + "," };
        let count = self.count(module).map_or("-".to_owned(), |count| count.to_string());
        let state = match module.state {
            InitState::Live => "Live",
            InitState::Coming | InitState::DirectoryOnly => "Loading",
            InitState::Going => "Unloading",
        };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{} {} {count} {used_by} {state} {:#018x}",
            module.name, module.size, module.address
        );
        if !module.taint.is_empty() {
            let _ = write!(text, " ({})", module.taint);
        }
        text.push('\n');
    }
}

fn module_path(name: &str, file: &str) -> PathBuf {
    PathBuf::from(format!("/sys/module/{name}/{file}"))
}

impl Kernel for FakeKernel {
    fn finit_module(&self, file: BorrowedFd<'_>, params: &CStr, flags: LoadFlags) -> Result<(), Errno> {
        self.load_file(file, params, flags)
    }

    fn load_permission(&self) -> Result<(), Errno> {
        self.record(Call::Read { op: Op::LoadPermission, name: String::new() });
        self.scripted(Op::LoadPermission)
    }

    fn init_module(&self, image: &[u8], params: &CStr) -> Result<(), Errno> {
        self.load_memory(image, params)
    }

    fn delete_module(&self, name: &CStr, flags: RemoveFlags) -> Result<(), Errno> {
        self.remove(name, flags)
    }

    fn init_state(&self, name: &str) -> Result<Option<InitState>, SysError> {
        if !self.shows_modules() {
            return Ok(None);
        }
        Ok(self.ask_module(Op::InitState, name, "initstate")?.map(|module| module.state))
    }

    fn holders(&self, name: &str) -> Result<Vec<String>, SysError> {
        match self.ask_module(Op::Holders, name, "holders")? {
            Some(module) if module.state != InitState::DirectoryOnly => {
                Ok([self.users(name), module.extra_holders].concat())
            }
            _ => Err(SysError::Open { path: module_path(name, "holders"), errno: Errno::ENOENT }),
        }
    }

    fn load_mark(&self, name: &str) -> Option<u64> {
        self.module(name).map(|module| module.mark)
    }

    fn refcount(&self, name: &str) -> Result<Option<i64>, SysError> {
        let module = self.ask_module(Op::Refcount, name, "refcnt")?;
        let counted = module.filter(|module| module.state != InitState::DirectoryOnly);
        Ok(counted.and_then(|module| self.count(&module)))
    }

    fn modules_text(&self) -> Result<Vec<u8>, SysError> {
        self.ask(Op::Modules, "", "/proc/modules")?;
        let mut text = String::new();
        for module in self.modules.borrow().iter().filter(|module| module.state != InitState::DirectoryOnly) {
            self.modules_line(&mut text, module);
        }
        Ok(text.into_bytes())
    }

    fn sections(&self, name: &str) -> Result<Vec<Section>, SysError> {
        let mut sections =
            self.ask_module(Op::Sections, name, "sections")?.map_or(Vec::new(), |module| module.sections);
        if self.settings.borrow().kptr_restrict == Some(2) {
            sections.iter_mut().for_each(|section| section.address = SectionAddress::Hidden);
        }
        Ok(sections)
    }

    fn some_sections(&self, name: &str, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Section>, SysError> {
        let mut sections = self.sections(name)?;
        sections.retain(|section| wanted(&section.name));
        Ok(sections)
    }

    fn note(&self, name: &str, section: &str) -> Result<Option<Vec<u8>>, SysError> {
        Ok(self.notes(name)?.remove(section))
    }

    fn notes(&self, name: &str) -> Result<BTreeMap<String, Vec<u8>>, SysError> {
        Ok(self.ask_module(Op::Notes, name, "notes")?.map_or(BTreeMap::new(), |module| module.notes))
    }

    fn kallsyms(&self) -> Result<Vec<u8>, SysError> {
        self.setting(Op::Kallsyms, "/proc/kallsyms", |settings| settings.kallsyms.clone())
    }

    fn kallsyms_lines(&self, visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<(), SysError> {
        let text = self.kallsyms()?;
        // The break only ends the walk.
        let _ = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).try_for_each(visit);
        Ok(())
    }

    fn vmlinux_btf(&self) -> Result<Option<Vec<u8>>, SysError> {
        self.setting(Op::Btf, "/sys/kernel/btf/vmlinux", |settings| settings.vmlinux_btf.clone())
    }

    fn module_btf(&self, name: &str) -> Result<Option<Vec<u8>>, SysError> {
        self.setting(Op::Btf, "/sys/kernel/btf", |settings| settings.module_btf.get(name).cloned())
    }

    fn read_vmlinux_btf(&self, offset: u64, length: usize, into: &mut Vec<u8>) -> Result<(), SysError> {
        let blob = self.vmlinux_btf()?.unwrap_or_default();
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        into.extend(blob.iter().skip(start).take(length));
        Ok(())
    }

    fn taint(&self) -> Result<u64, SysError> {
        self.setting(Op::Taint, "/proc/sys/kernel/tainted", |settings| settings.taint)
    }

    fn release(&self) -> Result<String, SysError> {
        self.setting(Op::Release, "uname", |settings| settings.release.clone())
    }

    fn boot(&self) -> Result<BootIdentity, SysError> {
        const ID: &str = "/proc/sys/kernel/random/boot_id";
        let missing = || SysError::Open { path: PathBuf::from(ID), errno: Errno::ENOENT };
        self.setting(Op::Boot, ID, |settings| settings.boot.clone())?.ok_or_else(missing)
    }

    fn boot_id(&self) -> Result<String, SysError> {
        Ok(self.boot()?.id)
    }

    fn uptime(&self) -> Result<u64, SysError> {
        Ok(self.boot()?.uptime)
    }

    fn compression(&self) -> Result<Option<KernelCompression>, SysError> {
        self.setting(Op::Compression, "/sys/module/compression", |settings| settings.compression.clone())
    }

    fn shows_modules(&self) -> bool {
        self.settings.borrow().shows_modules
    }

    fn sig_enforce(&self) -> Result<Option<bool>, SysError> {
        self.setting(Op::SigEnforce, "/sys/module/module/parameters/sig_enforce", |settings| {
            settings.sig_enforce
        })
    }

    fn lockdown(&self) -> Result<Option<Lockdown>, SysError> {
        self.setting(Op::Lockdown, "/sys/kernel/security/lockdown", |settings| settings.lockdown)
    }

    fn modules_disabled(&self) -> Result<Option<bool>, SysError> {
        self.setting(Op::ModulesDisabled, "/proc/sys/kernel/modules_disabled", |settings| {
            settings.modules_disabled
        })
    }

    fn kptr_restrict(&self) -> Result<Option<u64>, SysError> {
        self.setting(Op::KptrRestrict, "/proc/sys/kernel/kptr_restrict", |settings| settings.kptr_restrict)
    }

    fn is_builtin(&self, name: &str) -> Result<bool, SysError> {
        self.ask(Op::Builtin, name, "modules.builtin.bin")?;
        Ok(self.settings.borrow().builtin.iter().any(|builtin| builtin == name))
    }

    fn read_memory(&self, address: u64, length: usize) -> Result<Vec<u8>, SysError> {
        const CORE: &str = "/proc/kcore";
        self.ask(Op::Memory, "", CORE)?;
        let settings = self.settings.borrow();
        let piece = settings.memory.range(..=address).next_back();
        let found = piece.and_then(|(start, bytes)| {
            let from = usize::try_from(address - start).ok()?;
            bytes.get(from..from.checked_add(length)?)
        });
        let unmapped = SysError::NotMapped { path: PathBuf::from(CORE), address, length };
        found.map(<[u8]>::to_vec).ok_or(unmapped)
    }

    fn header(&self, path: &str) -> Result<Option<Vec<u8>>, SysError> {
        self.setting(Op::Header, path, |settings| settings.headers.get(path).cloned())
    }

    fn exporting_module(&self) -> Result<Option<InstalledModule>, SysError> {
        self.setting(Op::Exporting, "/lib/modules", |settings| settings.exporting_module.clone())
    }

    fn installed_file(&self, name: &str) -> Result<Option<PathBuf>, SysError> {
        self.setting(Op::Installed, "modules.dep", |settings| settings.installed_files.get(name).cloned())
    }

    fn persist_support(&self) -> Result<PersistSupport, SysError> {
        self.setting(Op::PersistSupport, "/", |settings| settings.persist_support)
    }

    fn persist_list(&self) -> Result<Option<Vec<u8>>, SysError> {
        self.ask(Op::PersistList, "", "/proc/module_persist")?;
        Ok(self.list_text())
    }

    fn persist_release(&self, owner: &str) -> Result<(), Errno> {
        self.release_region(owner)
    }

    fn persist_note(&self, serial: u64) -> Result<Option<Vec<u8>>, SysError> {
        self.ask(Op::PersistNote, "", "/proc/module_persist_notes")?;
        Ok(self.note_of_block(serial))
    }

    fn set_persist_note(&self, serial: u64, note: &[u8]) -> Result<(), Errno> {
        self.note_block(serial, note)
    }

    fn name_tokens(&self) -> Result<Option<Vec<u8>>, SysError> {
        self.setting(Op::NameTokens, "/proc/name_tokens", |settings| settings.name_tokens.clone())
    }

    fn kernel_log(&self) -> Result<Vec<LogRecord>, SysError> {
        self.setting(Op::Log, "/dev/kmsg", |settings| settings.kernel_log.clone())
    }

    fn add_to_log(&self, line: &str) {
        self.set(|settings| settings.added_to_log.push(line.to_owned()));
    }

    fn parameters(&self, name: &str) -> Result<BTreeMap<String, Vec<u8>>, SysError> {
        let module = self.ask_module(Op::Parameters, name, "parameters")?;
        Ok(module.map_or(BTreeMap::new(), |module| module.parameters))
    }

    fn symbol_index(&self) -> Result<Option<Vec<u8>>, SysError> {
        self.setting(Op::SymbolIndex, "modules.symbols", |settings| settings.symbol_index.clone())
    }

    fn users(&self, name: &str) -> Vec<String> {
        self.module(name).map_or(Vec::new(), |module| module.outside_users)
    }

    fn users_of_own_devices(&self, name: &str) -> Vec<String> {
        self.module(name).map_or(Vec::new(), |module| module.users_of_own_devices)
    }
}
