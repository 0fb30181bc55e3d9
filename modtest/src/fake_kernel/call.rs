// SPDX-License-Identifier: MIT OR Apache-2.0
//! The record of what a fake kernel was asked.

use std::ffi::CString;

use libmodsys::{LoadFlags, RemoveFlags};

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// `finit_module`
    Finit {
        /// The bytes of the file, as they are on disk.
        image: Vec<u8>,
        /// The parameters.
        params: CString,
        /// The flags.
        flags: LoadFlags,
    },
    /// `init_module`
    Init {
        /// The image.
        image: Vec<u8>,
        /// The parameters.
        params: CString,
    },
    /// `delete_module`
    Delete {
        /// The module.
        name: CString,
        /// The flags.
        flags: RemoveFlags,
    },
    /// A region that an extended kernel kept was released.
    Release {
        /// The owner.
        owner: String,
    },
    /// A note was left with a block of an extended kernel.
    SetNote {
        /// The block's serial number.
        serial: u64,
        /// The note.
        note: Vec<u8>,
    },
    /// Something was read.
    Read {
        /// What.
        op: Op,
        /// Of which module; empty if it is about the kernel.
        name: String,
    },
}

/// Kinds of calls: one for each method of [`libmodsys::Kernel`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the method of Kernel of that name")]
pub enum Op {
    Finit,
    LoadPermission,
    Init,
    Delete,
    InitState,
    Holders,
    Refcount,
    Modules,
    Sections,
    Notes,
    Kallsyms,
    Btf,
    Taint,
    Release,
    Boot,
    Compression,
    SigEnforce,
    Lockdown,
    ModulesDisabled,
    KptrRestrict,
    Builtin,
    Memory,
    Exporting,
    Installed,
    PersistSupport,
    PersistList,
    PersistRelease,
    PersistNote,
    SetPersistNote,
    NameTokens,
    Header,
    Log,
    Parameters,
    SymbolIndex,
}
