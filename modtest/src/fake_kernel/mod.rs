// SPDX-License-Identifier: MIT OR Apache-2.0
//! A kernel in memory, for tests.
//!
//! It follows the rules of the real one that the tools rely on (a name is loaded once, a module in use is not
//! removed, who uses whom), records every call, fails where it is told to, and leaves linking to a hook.
//!
//! ```
//! use libmodsys::{Errno, Kernel, RemoveFlags};
//! use modtest::{FakeKernel, FakeModule, Op};
//!
//! let kernel = FakeKernel::new();
//! kernel.set(|settings| settings.release = "6.1.0-test".into());
//! // The image of a test need not be ELF: the default hook only looks for its "name=".
//! kernel.init_module(b"\0name=foo\0", c"")?;
//! assert!(kernel.is_loaded("foo"));
//!
//! kernel.fail_next(Op::Delete, Errno::EPERM);
//! assert_eq!(kernel.delete_module(c"foo", RemoveFlags::default()), Err(Errno::EPERM));
//! assert_eq!(kernel.syscalls().len(), 2);
//! # Ok::<(), Errno>(())
//! ```

mod answers;
mod call;
mod extended;
mod history;
mod load;
mod module;
mod settings;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use libmodfmt::persist::ExtendedRegion;
use libmodsys::Errno;

pub use call::{Call, Op};
pub use load::LoadRequest;
pub use module::FakeModule;
pub use settings::Settings;

type LoadHook = Box<dyn Fn(&LoadRequest<'_>) -> Result<FakeModule, Errno>>;
type RemoveHook = Box<dyn Fn(&FakeKernel, &FakeModule)>;

/// A scripted kernel.
pub struct FakeKernel {
    /// Newest first, as in `/proc/modules`.
    modules: RefCell<Vec<FakeModule>>,
    /// What it keeps itself, as an extended kernel.
    regions: RefCell<Vec<ExtendedRegion>>,
    /// The notes with blocks of those, by serial number.
    block_notes: RefCell<BTreeMap<u64, Vec<u8>>>,
    /// The serial number of the newest block.
    last_serial: Cell<u64>,
    /// Number of modules added so far.
    added: Cell<u64>,
    settings: RefCell<Settings>,
    calls: RefCell<Vec<Call>>,
    /// What fails once: the kind, how many calls of it pass before, the error.
    once: RefCell<VecDeque<(Op, usize, Errno)>>,
    always: RefCell<Vec<(Op, Errno)>>,
    /// How many more changes the calling process lives to make.
    calls_to_live: Cell<Option<usize>>,
    on_load: LoadHook,
    on_remove: RemoveHook,
}

impl Default for FakeKernel {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FakeKernel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FakeKernel")
            .field("modules", &self.modules)
            .field("calls", &self.calls)
            .finish_non_exhaustive()
    }
}

impl FakeKernel {
    /// A kernel without modules, whose load hook takes the name from the image and nothing more.
    #[must_use]
    pub fn new() -> Self {
        Self {
            modules: RefCell::default(),
            regions: RefCell::default(),
            block_notes: RefCell::default(),
            last_serial: Cell::default(),
            added: Cell::default(),
            settings: RefCell::default(),
            calls: RefCell::default(),
            once: RefCell::default(),
            always: RefCell::default(),
            calls_to_live: Cell::default(),
            on_load: Box::new(|request| Ok(FakeModule::new(&request.name))),
            on_remove: Box::new(|_, _| {}),
        }
    }

    /// Sets what happens when an image is loaded: the hook plays the linker and returns the module as it then
    /// shows in `/sys`, or the error of the load. It may call the kernel that it is given.
    #[must_use]
    pub fn on_load(mut self, hook: impl Fn(&LoadRequest<'_>) -> Result<FakeModule, Errno> + 'static) -> Self {
        self.on_load = Box::new(hook);
        self
    }

    /// Sets what happens after a module was removed.
    #[must_use]
    pub fn on_remove(mut self, hook: impl Fn(&FakeKernel, &FakeModule) + 'static) -> Self {
        self.on_remove = Box::new(hook);
        self
    }

    /// Adds a loaded module, as the newest one.
    pub fn add(&self, mut module: FakeModule) {
        self.added.set(self.added.get().saturating_add(1));
        module.mark = self.added.get();
        self.modules.borrow_mut().insert(0, module);
    }

    /// Removes a module without a call, as if another tool had removed it.
    pub fn take(&self, name: &str) -> Option<FakeModule> {
        let mut modules = self.modules.borrow_mut();
        let position = modules.iter().position(|module| module.name == name)?;
        Some(modules.remove(position))
    }

    /// Changes a loaded module; `false` if there is none of that name.
    pub fn change(&self, name: &str, change: impl FnOnce(&mut FakeModule)) -> bool {
        let mut modules = self.modules.borrow_mut();
        let found = modules.iter_mut().find(|module| module.name == name);
        found.map(change).is_some()
    }

    /// A copy of a loaded module.
    #[must_use]
    pub fn module(&self, name: &str) -> Option<FakeModule> {
        self.modules.borrow().iter().find(|module| module.name == name).cloned()
    }

    /// The names of all modules, newest first.
    #[must_use]
    pub fn module_names(&self) -> Vec<String> {
        self.modules.borrow().iter().map(|module| module.name.clone()).collect()
    }

    /// Whether a module of that name is there, in whatever state.
    #[must_use]
    pub fn is_loaded(&self, name: &str) -> bool {
        self.module(name).is_some()
    }

    /// Changes what the kernel says about itself.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings.borrow_mut());
    }

    /// Makes the next call of this kind fail. Several errors for one kind are used up in the order given.
    pub fn fail_next(&self, op: Op, errno: Errno) {
        self.fail_after(op, 0, errno);
    }

    /// Makes one call of this kind fail, after `passed` others that are answered as usual. In a loop over
    /// `passed`, each call fails in its turn.
    pub fn fail_after(&self, op: Op, passed: usize, errno: Errno) {
        self.once.borrow_mut().push_back((op, passed, errno));
    }

    /// Makes every call of this kind fail.
    pub fn fail_always(&self, op: Op, errno: Errno) {
        self.always.borrow_mut().push((op, errno));
    }

    /// Lets the calling process die when it has changed the kernel `changes` times: from then on every call
    /// fails and does nothing, until [`FakeKernel::revive`].
    pub fn die_after(&self, changes: usize) {
        self.calls_to_live.set(Some(changes));
    }

    /// Another process calls from now on.
    pub fn revive(&self) {
        self.calls_to_live.set(None);
    }

    /// All calls so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.calls.borrow().clone()
    }

    /// The calls so far that change a kernel: load and remove.
    #[must_use]
    pub fn syscalls(&self) -> Vec<Call> {
        self.calls.borrow().iter().filter(|call| !matches!(call, Call::Read { .. })).cloned().collect()
    }

    fn record(&self, call: Call) {
        self.calls.borrow_mut().push(call);
    }

    /// The error that a call of this kind must fail with, if any.
    fn scripted(&self, op: Op) -> Result<(), Errno> {
        if self.calls_to_live.get() == Some(0) {
            return Err(Errno::EINTR);
        }
        let done = self.scripted_failure(op);
        let changes = [Op::Init, Op::Finit, Op::Delete, Op::PersistRelease, Op::SetPersistNote];
        if done.is_ok() && changes.contains(&op) {
            self.calls_to_live.set(self.calls_to_live.get().map(|left| left.saturating_sub(1)));
        }
        done
    }

    fn scripted_failure(&self, op: Op) -> Result<(), Errno> {
        let mut once = self.once.borrow_mut();
        if let Some(position) = once.iter().position(|(waiting, _, _)| *waiting == op) {
            match once.get_mut(position) {
                Some((_, passed @ 1.., _)) => *passed -= 1,
                _ => return once.remove(position).map_or(Ok(()), |(_, _, errno)| Err(errno)),
            }
        }
        match self.always.borrow().iter().find(|(failing, _)| *failing == op) {
            Some((_, errno)) => Err(*errno),
            None => Ok(()),
        }
    }
}
