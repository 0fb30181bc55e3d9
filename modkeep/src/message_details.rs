// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes under an error message: details, and what the user can do next.

use crate::error::KeepError;

impl KeepError {
    /// The lines that go under the message: one for each reason or difference.
    #[must_use]
    pub fn details(&self) -> Vec<String> {
        match self {
            Self::Refused { reasons } => reasons.iter().map(ToString::to_string).collect(),
            Self::LayoutDiffers { differences, .. } => differences.iter().map(ToString::to_string).collect(),
            Self::UnreadableHeader { source, .. } => vec![source.to_string()],
            Self::OwnerRefused { keeper_left: Some(errno), .. } => {
                vec![format!("the keeper made for this load could not be removed: {}", errno.desc())]
            }
            Self::FailedAfterDrop { owner, size, error } => {
                let mut details = error.details();
                details.push(dropped(owner, *size));
                details
            }
            _ => Vec::new(),
        }
    }

    /// What the user can do next, in one line or several.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::Refused { .. } => {
                "change the source, or load it with --keep=off to keep nothing".to_owned()
            }
            Self::Impossible { .. } => "--keep=auto loads it without keeping anything".to_owned(),
            Self::CannotBind { owner, .. } => format!(
                "nothing was loaded, and the data of {owner} is untouched\n\
                 --keep=off loads the module with data of its own"
            ),
            Self::LayoutDiffers { owner, .. } => format!(
                "nothing was loaded, and the data of {owner} is untouched\n\
                 --fresh drops it and starts from the file's initial values\n\
                 --keep=off loads the module with data of its own"
            ),
            Self::StuckInInit { kept: true, owner } => format!(
                "if it oopsed, neither {owner} nor its kept data can be removed before the next boot\n\
                 if its init is only slow, wait for it"
            ),
            Self::StuckInInit { kept: false, owner } => format!(
                "if it oopsed, {owner} cannot be removed before the next boot\n\
                 if its init is only slow, wait for it"
            ),
            Self::FailedAfterDrop { owner, error, .. } => match error.remedy() {
                Some(remedy) => format!("{remedy}\n{}", starts_afresh(owner)),
                None => starts_afresh(owner),
            },
            Self::KeeperAppeared { .. } | Self::KeeperInTransition { .. } => {
                "nothing was loaded; try again".to_owned()
            }
            Self::UnreadableHeader { keeper, .. } => format!(
                "use the version of this program that made it, or remove {keeper} with kmod's rmmod, \
                 which drops the data"
            ),
            Self::KeptTwice { owner, .. } => {
                format!(
                    "nothing was loaded; rmmod --discard {owner} drops the one that the kernel itself keeps"
                )
            }
            Self::InUse { owner, .. } => format!("unload them first: rmmod --discard {owner} does both"),
            _ => return None,
        })
    }
}

/// The line that goes under every error that comes after `--fresh` dropped kept data.
#[must_use]
pub fn dropped(owner: &str, size: u64) -> String {
    format!("{size} bytes of kept data of {owner} were dropped before this failed")
}

/// The remedy that goes with [`dropped`]: what the next load will do.
#[must_use]
pub fn starts_afresh(owner: &str) -> String {
    format!("nothing is kept for {owner} now: the next load starts from its file's initial values")
}
