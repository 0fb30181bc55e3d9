// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages about a load that failed: "could not load module", "could not insert module".
//!
//! kmod has two stages and two verbs: "load" while the module is only a name, "insert" once its file is
//! opened.

use std::ffi::OsStr;

use libmodsys::{Errno, Kernel};
use modcli::{Level, Output, Status, os_text};
use modkeep::KeepError;
use modrecord::journal::Recorder;
use modrecord::policy::LazyPolicy;

use crate::load_request::LoadRequest;
use crate::unattended;

/// Why a module with persistent data was not loaded.
#[derive(Debug)]
pub(crate) enum LoadFailure {
    /// The message is that of a plain load with this error number.
    Errno(Errno),
    /// Its persistent data is the reason, or the message has to say what became of it.
    Keep {
        /// The reason.
        error: Box<KeepError>,
        /// Data that is still kept for the module.
        still_kept: Option<StillKept>,
    },
}

impl LoadFailure {
    /// The kernel was asked to load the module and refused, or a keeper was made before.
    pub(crate) fn is_by_kernel(&self) -> bool {
        match self {
            Self::Errno(_) => true,
            Self::Keep { error, .. } => {
                matches!(**error, KeepError::OwnerRefused { .. })
            }
        }
    }
}

impl From<KeepError> for LoadFailure {
    fn from(error: KeepError) -> Self {
        Self::Keep { error: Box::new(error), still_kept: None }
    }
}

/// Data that is kept although the load failed.
#[derive(Debug)]
pub(crate) struct StillKept {
    /// The module whose data it is.
    pub owner: String,
    /// Its size.
    pub bytes: u64,
}

/// Warns, once, if there is no journal because its directory or file is not safe to write to.
pub(crate) fn journal(recorder: &Recorder<'_>, output: &mut Output) {
    if let Some(warning) = recorder.take_warning() {
        output.always(Level::Warning, warning);
    }
}

/// Warns, once, if something is wrong with the configuration files.
pub(crate) fn policy(policy: &LazyPolicy, output: &mut Output) {
    if let Some(warning) = policy.take_warning() {
        output.always(Level::Warning, warning);
    }
}

/// The file was not found, or cannot be one of a module.
pub(crate) fn not_found(file: &OsStr, errno: Errno, output: &mut Output) -> Status {
    output.error(format_args!("could not load module {}: {}", os_text(file), output.strerror(errno)));
    Status::Failure
}

/// The error number says it all.
pub(crate) fn not_inserted(file: &OsStr, errno: Errno, output: &mut Output) -> Status {
    let text = output.load_error_text(errno);
    not_inserted_because(file, &text, &[], None, output)
}

/// With a text in place of the error number's; details and a remedy follow.
pub(crate) fn not_inserted_because(
    file: &OsStr,
    text: &str,
    details: &[String],
    remedy: Option<&str>,
    output: &mut Output,
) -> Status {
    output.error(format_args!("could not insert module {}: {text}", os_text(file)));
    output.under_error(details, remedy);
    Status::Failure
}

/// Like [`not_inserted_because`], for a module with persistent data: if nobody reads standard error, the
/// kernel's log is told as well.
pub(crate) fn refused(
    request: &LoadRequest<'_>,
    text: &str,
    details: &[String],
    remedy: Option<&str>,
    kernel: &dyn Kernel,
    output: &mut Output,
) -> Status {
    let file = request.module.argument();
    if request.is_unattended {
        let name = request.module.module_name().map_or_else(|| os_text(file), str::to_owned);
        let line = unattended::refusal(output.name(), &name, text, details);
        kernel.add_to_log(&line);
    }
    not_inserted_because(file, text, details, remedy, output)
}

/// Why a module was not loaded, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    /// The message.
    pub headline: String,
    /// Lines below it.
    pub details: Vec<String>,
    /// What to do about it, in one line or several.
    pub remedy: Option<String>,
}

impl LoadFailure {
    /// The error number, if the kernel gave one.
    pub(crate) fn errno(&self) -> Option<Errno> {
        match self {
            Self::Errno(errno) => Some(*errno),
            Self::Keep { error, .. } => match **error {
                KeepError::OwnerRefused { errno, .. } => Some(errno),
                KeepError::AlreadyLoaded { .. } => Some(Errno::EEXIST),
                _ => None,
            },
        }
    }

    /// The reason, and the error number if the kernel gave one.
    pub(crate) fn reason(&self, output: &Output) -> (Reason, Option<Errno>) {
        let reason = match self {
            Self::Errno(errno) => Reason::of(*errno, output),
            Self::Keep { error, .. } => Reason::of_keeping(error, output),
        };
        (reason, self.errno())
    }
}

impl Reason {
    /// That of a plain load.
    pub(crate) fn of(errno: Errno, output: &Output) -> Self {
        Self { headline: output.load_error_text(errno), details: Vec::new(), remedy: None }
    }

    /// That its persistent data is the reason.
    pub(crate) fn of_keeping(error: &KeepError, output: &Output) -> Self {
        Self { headline: headline(error, output), details: error.details(), remedy: error.remedy() }
    }
}

/// Reports why a module with persistent data was not loaded.
///
/// # Errors
/// The error number, if the message is that of a plain load.
pub(crate) fn load_failure(
    request: &LoadRequest<'_>,
    failure: &LoadFailure,
    kernel: &dyn Kernel,
    output: &mut Output,
) -> Result<Status, Errno> {
    let (error, still_kept) = match failure {
        LoadFailure::Errno(errno) => return Err(*errno),
        LoadFailure::Keep { error, still_kept } => (&**error, still_kept),
    };
    let mut details = error.details();
    if let (KeepError::OwnerRefused { errno, .. }, Some(StillKept { owner, bytes })) = (error, still_kept)
        && kernel_did_not_read_it(*errno)
    {
        details.push(format!("{bytes} bytes of data of {owner} stay kept and untouched"));
    }
    match error {
        KeepError::AlreadyLoaded { .. } => Err(Errno::EEXIST),
        KeepError::OwnerRefused { errno, .. } if details.is_empty() => Err(*errno),
        _ => {
            let remedy = error.remedy();
            let text = headline(error, output);
            Ok(refused(request, &text, &details, remedy.as_deref(), kernel, output))
        }
    }
}

/// The kernel refused the image without looking at what is in it.
pub(crate) fn kernel_did_not_read_it(errno: Errno) -> bool {
    matches!(errno, Errno::EPERM | Errno::EACCES | Errno::EKEYREJECTED | Errno::ENOKEY | Errno::EBADMSG)
}

fn headline(error: &KeepError, output: &Output) -> String {
    match error {
        KeepError::OwnerRefused { errno, .. } => output.load_error_text(*errno),
        _ => error.to_string(),
    }
}
