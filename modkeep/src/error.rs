// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why data cannot be kept or dropped. `message_details.rs` has the lines below a message, and what the
//! user can do.

use libmodfmt::file::FileError;
use libmodfmt::hints::HintError;
use libmodfmt::image::ImageError;
use libmodfmt::persist::{Account, Difference, ExtendedListError, NoteError, Refusal, Variable};
use libmodsys::{Errno, SysError};
use thiserror::Error;

use crate::keeper_left::KeeperLeft;
use crate::plan::Obstacle;

/// Why a module with persistent data was not loaded, or a region not dropped. What was kept before is still
/// kept.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeepError {
    /// The kernel could not be asked.
    #[error(transparent)]
    Sys(#[from] SysError),
    /// `/proc/modules` cannot be understood.
    #[error("/proc/modules: {what}")]
    UnreadableModuleList {
        /// What is wrong.
        what: String,
    },
    /// The file cannot be read as a module.
    #[error(transparent)]
    File(#[from] FileError),
    /// The images cannot be made.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The file's data must not be kept: it would be left with dangling pointers, or the like.
    #[error("its persistent data cannot be kept")]
    Refused {
        /// Every reason.
        reasons: Vec<Refusal>,
    },
    /// `--keep=require`, and nothing here can keep the data.
    #[error("its persistent data cannot be kept here: {obstacle}")]
    Impossible {
        /// Why.
        obstacle: Obstacle,
    },
    /// Data is kept, and it cannot be used now.
    #[error("data of {owner} is kept in the kernel, but cannot be used now: {obstacle}")]
    CannotBind {
        /// The owner.
        owner: String,
        /// Why.
        obstacle: Obstacle,
    },
    /// Saved values are to be restored, and data is kept already.
    #[error("data of {owner} is kept in the kernel already")]
    KeptAlready {
        /// The owner.
        owner: String,
    },
    /// Saved values are to be restored, and nothing here can keep the data.
    #[error("saved values cannot be restored here: {obstacle}")]
    CannotRestoreHere {
        /// Why.
        obstacle: Obstacle,
    },
    /// The file has no persistent data.
    #[error("{owner} has no persistent data that saved values could be given to")]
    NothingToRestore {
        /// The module.
        owner: String,
    },
    /// The saved values are another module's.
    #[error("the saved values are those of {saved}, not of {owner}")]
    SavedOtherOwner {
        /// The module.
        owner: String,
        /// Whose they are.
        saved: String,
    },
    /// The file's variables differ from the saved ones.
    #[error("its persistent data differs from the saved values")]
    SavedDiffers {
        /// The module.
        owner: String,
        /// Every difference.
        differences: Vec<Difference>,
        /// Saved variables that the file does not have.
        missing: Vec<Variable>,
    },
    /// Data is kept, and the file's layout differs.
    #[error("its persistent data differs from what is kept in the kernel")]
    LayoutDiffers {
        /// The owner.
        owner: String,
        /// Every difference.
        differences: Vec<Difference>,
        /// What becomes of each variable, if they were compared one by one.
        account: Option<Box<Account>>,
        /// The extended kernel itself keeps the data: hints and conversion are of no use.
        by_extended_kernel: bool,
    },
    /// Variables have other types, and what is kept of them cannot be read.
    #[error("its persistent data has changed, and what is kept of it cannot be read: {why}")]
    CannotRead {
        /// The owner.
        owner: String,
        /// Why.
        why: String,
    },
    /// `--strict`, and kept data cannot be searched for pointers.
    #[error("cannot tell whether kept data points into the {owner} that was loaded before")]
    CannotSearch {
        /// The module that is gone.
        owner: String,
        /// What was not searched, and why.
        not_searched: Vec<String>,
    },
    /// `--strict`, and kept data points into a module that is gone.
    #[error("kept data points into the {owner} that was loaded before")]
    PointsToRemoved {
        /// The module that is gone.
        owner: String,
        /// Each pointer.
        pointers: Vec<String>,
    },
    /// A hint about a new name cannot be used.
    #[error(transparent)]
    Hint(#[from] HintError),
    /// An earlier load has left a keeper that is not in force and that kept data points into; only one such
    /// load can be under way.
    #[error("a load that failed has left {keepers}, which kept data points into", keepers = keepers.join(" "))]
    LeftByFailedLoad {
        /// The owner.
        owner: String,
        /// The keepers.
        keepers: Vec<String>,
    },
    /// The extended kernel keeps data for the owner, and goes by the names of files and variables only.
    #[error("{variable}: the kernel itself keeps the data of {owner}, and it cannot {what}")]
    NotByTheKernel {
        /// The owner.
        owner: String,
        /// The variable.
        variable: String,
        /// What it cannot do.
        what: String,
    },
    /// The owner is loaded already.
    #[error("File exists")]
    AlreadyLoaded {
        /// The owner.
        owner: String,
    },
    /// The owner's init has begun but not ended.
    #[error("{owner} has been in its init function since an earlier load: it hangs there, or it oopsed")]
    StuckInInit {
        /// The owner.
        owner: String,
        /// Whether data is kept for it.
        kept: bool,
    },
    /// A keeper with a note that cannot be read.
    #[error("{keeper} keeps data, but its header cannot be read")]
    UnreadableHeader {
        /// The keeper.
        keeper: String,
        /// Why.
        source: NoteError,
    },
    /// The keeper holds the data of an owner with another name.
    #[error("{keeper} keeps the data of {other}, not of {owner}")]
    OtherOwner {
        /// The keeper.
        keeper: String,
        /// The owner that was meant.
        owner: String,
        /// The owner in the header.
        other: String,
    },
    /// The kernel refused the owner; insmod prints the words of a plain load.
    #[error("the kernel refused the module: {}", errno.desc())]
    OwnerRefused {
        /// Its reason.
        errno: Errno,
        /// Set if the keeper made for this load is still there: why.
        keeper_left: Option<KeeperLeft>,
    },
    /// Another program loaded a keeper of this name between plan and load.
    #[error("{keeper} was loaded by another program at the same time")]
    KeeperAppeared {
        /// The keeper.
        keeper: String,
    },
    /// The keeper is being loaded or removed.
    #[error("{keeper} is being {doing} now")]
    KeeperInTransition {
        /// The keeper.
        keeper: String,
        /// `loaded` or `removed`.
        doing: &'static str,
    },
    /// The kernel loaded an image, but does not show what it should show.
    #[error("{what}")]
    NotAsExpected {
        /// What is missing.
        what: String,
    },
    /// A file that was bound when it was built, and a wish that needs the module's own file.
    #[error("it was bound to its keepers when it was built, so its data cannot be changed at a load")]
    BoundAtBuild {
        /// The owner.
        owner: String,
    },
    /// A file that was bound when it was built, and keepers that are not loaded.
    #[error("it needs {}, which {} not loaded", keepers.join(" and "), if keepers.len() == 1 { "is" } else { "are" })]
    KeepersNotLoaded {
        /// The owner.
        owner: String,
        /// The keepers.
        keepers: Vec<String>,
    },
    /// A file that was bound when it was built, and another build's keeper.
    #[error("it was built for other keepers than {keeper}, which is loaded: variables or types differ")]
    OtherKeeper {
        /// The owner.
        owner: String,
        /// The keeper.
        keeper: String,
    },
    /// A file that was bound when it was built, and what it was bound to is not in force any more.
    #[error("{keeper} has, since a load of another version, what it would use in an earlier keeper")]
    ReplacedLater {
        /// The owner.
        owner: String,
        /// The later keeper.
        keeper: String,
    },
    /// Nothing is kept for this owner.
    #[error("nothing is kept for {owner}")]
    NothingKept {
        /// The owner.
        owner: String,
    },
    /// The region is in use.
    #[error("the data of {owner} is in use by: {}", users.join(" "))]
    InUse {
        /// The owner.
        owner: String,
        /// The modules.
        users: Vec<String>,
    },
    /// The extended kernel refused to drop a region.
    #[error("the kernel refused to drop the data of {owner}: {}", errno.desc())]
    RegionNotReleased {
        /// The owner.
        owner: String,
        /// Its reason.
        errno: Errno,
    },
    /// Both a keeper and the extended kernel keep data for one owner.
    #[error("data of {owner} is kept twice, by {keeper} and by the kernel itself")]
    KeptTwice {
        /// The owner.
        owner: String,
        /// The keeper.
        keeper: String,
    },
    /// The extended kernel's list cannot be read.
    #[error("/proc/module_persist: {source}")]
    UnreadableExtendedList {
        /// What is wrong with it.
        source: ExtendedListError,
    },
    /// A keeper is loaded, but sysfs, which shows what it keeps, is not mounted.
    #[error(
        "a keeper named {keeper} is loaded, but what it keeps cannot be seen: /sys/module is not there (is sysfs mounted?)"
    )]
    NotShown {
        /// The keeper.
        keeper: String,
    },
    /// The kernel refused to remove a keeper.
    #[error("could not remove {keeper}: {}", errno.desc())]
    KeeperNotRemoved {
        /// The keeper.
        keeper: String,
        /// Its reason.
        errno: Errno,
    },
}
