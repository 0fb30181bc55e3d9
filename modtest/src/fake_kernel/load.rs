// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loading and removing in a fake kernel.

use std::ffi::CStr;
use std::fs::File;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::FileExt;

use libmodsys::Errno;

use super::{Call, FakeKernel, FakeModule, Op};
use libmodsys::io_errno;
use libmodsys::{InitState, LoadFlags, RemoveFlags};

/// What the load hook of a [`FakeKernel`] gets.
#[derive(Debug)]
pub struct LoadRequest<'a> {
    /// The kernel; the hook may call it.
    pub kernel: &'a FakeKernel,
    /// Name of the module, from the image's `name=`.
    pub name: String,
    /// The image, decompressed.
    pub image: &'a [u8],
    /// The parameters.
    pub params: &'a CStr,
    /// The flags of `finit_module`; none for `init_module`.
    pub flags: LoadFlags,
}

impl FakeKernel {
    pub(super) fn load_file(
        &self,
        file: BorrowedFd<'_>,
        params: &CStr,
        flags: LoadFlags,
    ) -> Result<(), Errno> {
        let image = content(file)?;
        self.record(Call::Finit { image: image.clone(), params: params.to_owned(), flags });
        self.scripted(Op::Finit)?;
        self.check_flags(flags)?;
        if flags.contains(LoadFlags::COMPRESSED) {
            return self.load(&decompress(&image)?, params, flags);
        }
        self.load(&image, params, flags)
    }

    pub(super) fn load_memory(&self, image: &[u8], params: &CStr) -> Result<(), Errno> {
        self.record(Call::Init { image: image.to_vec(), params: params.to_owned() });
        self.scripted(Op::Init)?;
        self.load(image, params, LoadFlags::NONE)
    }

    fn load(&self, image: &[u8], params: &CStr, flags: LoadFlags) -> Result<(), Errno> {
        let name = inner_name(image).ok_or(Errno::ENOEXEC)?;
        if self.is_loaded(&name) {
            return Err(Errno::EEXIST);
        }
        self.check_region(&name, image, flags)?;
        let module = (self.on_load)(&LoadRequest { kernel: self, name: name.clone(), image, params, flags })?;
        // The kernel resolves symbols only against modules that are there.
        if !module.uses.iter().all(|used| self.is_loaded(used)) {
            return Err(Errno::ENOENT);
        }
        self.add(module);
        self.use_region(&name, image, flags);
        Ok(())
    }

    /// In the order of the kernel's own checks.
    pub(super) fn remove(&self, name: &CStr, flags: RemoveFlags) -> Result<(), Errno> {
        self.record(Call::Delete { name: name.to_owned(), flags });
        self.scripted(Op::Delete)?;
        let name = name.to_string_lossy();
        let module = self.module(&name).ok_or(Errno::ENOENT)?;
        if !self.users(&name).is_empty() || !module.extra_holders.is_empty() {
            return Err(Errno::EWOULDBLOCK);
        }
        if module.state != InitState::Live || (!module.removable && !flags.force) {
            return Err(Errno::EBUSY);
        }
        if module.extra_references.unwrap_or(0) != 0 && !flags.force {
            return Err(Errno::EWOULDBLOCK);
        }
        self.take(&name);
        self.leave_region(&name);
        (self.on_remove)(self, &module);
        Ok(())
    }

    /// Modules of this fake that use the one named.
    pub(super) fn users(&self, name: &str) -> Vec<String> {
        let modules = self.modules.borrow();
        let users = modules.iter().filter(|module| module.uses.iter().any(|used| used == name));
        users.map(|module: &FakeModule| module.name.clone()).collect()
    }
}

/// Reads the file from its start, wherever its position is, as the kernel does.
fn content(file: BorrowedFd<'_>) -> Result<Vec<u8>, Errno> {
    let file = File::from(file.try_clone_to_owned().map_err(|error| io_errno(&error))?);
    let mut content = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let count = file.read_at(&mut piece, content.len() as u64).map_err(|error| io_errno(&error))?;
        match piece.get(..count) {
            None | Some([]) => return Ok(content),
            Some(bytes) => content.extend_from_slice(bytes),
        }
    }
}

/// As in the kernel, what cannot be decompressed is an invalid argument.
fn decompress(content: &[u8]) -> Result<Vec<u8>, Errno> {
    const LIMIT: u64 = 1 << 30;
    libmodfmt::compress::decompress(content, LIMIT).map_err(|_| Errno::EINVAL)
}

/// The `name=` of the image's module information, wherever in the image it is: test images need not be ELF.
fn inner_name(image: &[u8]) -> Option<String> {
    const KEY: &[u8] = b"\0name=";
    let start = image.windows(KEY.len()).position(|window| window == KEY)? + KEY.len();
    let name = image.get(start..)?.split(|&byte| byte == 0).next()?;
    Some(String::from_utf8_lossy(name).into_owned())
}
