// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes under an error message: details, and what the user can do next.

use libmodfmt::convert::Reason;
use libmodfmt::persist::{Difference, Variable};

use crate::error::KeepError;
use crate::plan::Obstacle;

impl KeepError {
    /// The lines that go under the message: one for each reason or difference.
    #[must_use]
    pub fn details(&self) -> Vec<String> {
        match self {
            Self::Refused { reasons } => reasons.iter().map(ToString::to_string).collect(),
            Self::LayoutDiffers { differences, .. } => differences.iter().map(ToString::to_string).collect(),
            Self::SavedDiffers { differences, missing, .. } => {
                let missing =
                    missing.iter().map(|variable| format!("{variable}: the file has no such variable"));
                differences.iter().map(ToString::to_string).chain(missing).collect()
            }
            Self::UnreadableHeader { source, .. } => vec![source.to_string()],
            Self::PointsToRemoved { pointers, .. } => pointers.clone(),
            Self::CannotSearch { not_searched, .. } => not_searched.clone(),
            Self::OwnerRefused { keeper_left: Some(left), .. } => vec![left.to_string()],
            _ => Vec::new(),
        }
    }

    /// As [`KeepError::remedy`], for a command without `--keep`.
    #[must_use]
    pub fn remedy_without_keep(&self) -> Option<String> {
        if matches!(self, Self::Refused { .. }) {
            return Some("change the source".to_owned());
        }
        let remedy = self.remedy()?;
        let lines: Vec<&str> = remedy.lines().filter(|line| !line.starts_with("--keep=")).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// What the user can do next, in one line or several.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::Refused { .. } => {
                "change the source, or load it with --keep=off to keep nothing".to_owned()
            }
            Self::Impossible { obstacle: Obstacle::Signatures { file_is_signed: false, .. } } => {
                "nothing was loaded\nthe file is not signed, so the kernel would not load it without keeping either"
                    .to_owned()
            }
            Self::Impossible { .. } => "--keep=auto loads it without keeping anything".to_owned(),
            Self::CannotBind { owner, obstacle: Obstacle::Signatures { file_is_signed: false, .. } } => format!(
                "nothing was loaded, and the data of {owner} is untouched\n\
                 the file is not signed, so the kernel would not load it with data of its own either"
            ),
            Self::CannotBind { owner, .. } => format!(
                "nothing was loaded, and the data of {owner} is untouched\n\
                 --keep=off loads the module with data of its own"
            ),
            Self::NotShown { .. } => "mount sysfs: mount -t sysfs sysfs /sys".to_owned(),
            Self::LayoutDiffers { owner, differences, by_extended_kernel, .. } => {
                layout_remedy(owner, differences, *by_extended_kernel)
            }
            Self::KeptAlready { owner } => format!(
                "nothing was loaded, and the data of {owner} is untouched\n\
                 rmmod --discard {owner} drops it; saved values are given to a first load only"
            ),
            Self::CannotRestoreHere { .. } => "nothing was loaded\n\
                 without --restore the module starts from the file's initial values"
                .to_owned(),
            Self::NothingToRestore { .. } | Self::SavedOtherOwner { .. } => "nothing was loaded".to_owned(),
            Self::SavedDiffers { differences, missing, .. } => saved_remedy(differences, missing),
            Self::CannotRead { owner, .. } => format!(
                "nothing was loaded, and the data of {owner} is untouched\n\
                 a changed variable is compared and converted by its bytes, which need root and /proc/kcore\n\
                 --fresh drops it and starts from the file's initial values"
            ),
            Self::PointsToRemoved { owner, .. } => format!(
                "nothing was loaded, and what is kept is untouched\n\
                 without --strict it is loaded with a warning: fine if its init sets these before it reads them\n\
                 --fresh=VAR starts a variable afresh; rmmod --discard {owner} drops all of its data"
            ),
            Self::CannotSearch { .. } => "nothing was loaded, and what is kept is untouched\n\
                 without --strict it is loaded all the same"
                .to_owned(),
            Self::LeftByFailedLoad { owner, .. } => format!(
                "nothing was loaded, and the data of {owner} is untouched\n\
                 a version that changes no variable can still be loaded\n\
                 rmmod --discard {owner} drops all of its data"
            ),
            Self::NotByTheKernel { owner, .. } => format!(
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
            Self::BoundAtBuild { owner } => format!(
                "nothing was loaded\n\
                 rmmod --discard {owner} drops what is kept; or load the file that modpersist split was given"
            ),
            Self::KeepersNotLoaded { owner, keepers } => format!(
                "nothing was loaded\n\
                 modprobe {owner} loads them first, if they are installed; or: insmod {}.ko",
                keepers.join(".ko, insmod ")
            ),
            Self::OtherKeeper { owner, .. } => format!(
                "nothing was loaded, and the data of {owner} is untouched\n\
                 modpersist split --bind-to makes a file for the keeper that is loaded, if that was made by it\n\
                 rmmod --discard {owner} drops what is kept"
            ),
            Self::ReplacedLater { owner, .. } => format!(
                "nothing was loaded, and the data of {owner} is untouched\n\
                 load the file that modpersist split was given; insmod binds it to what is in force\n\
                 rmmod --discard {owner} drops what is kept"
            ),
            Self::InUse { owner, .. } => format!("unload them first: rmmod --discard {owner} does both"),
            _ => return None,
        })
    }
}

fn saved_remedy(differences: &[Difference], missing: &[Variable]) -> String {
    let mut lines = vec!["nothing was loaded".to_owned()];
    for difference in differences {
        match difference {
            Difference::MayBeRenamed { kept, file } => {
                lines.push(format!(
                    "if it is: PERSISTENT_RENAMED(\"{kept}\", \"{file}\") in the source, or --renamed {kept}={file}"
                ));
                lines.push(format!("if not: --fresh={file} --drop={kept}"));
            }
            Difference::Conversion { variable, refusal } => {
                lines.extend(refusal.remedy().filter(|_| refusal.path != variable.plain_name()));
                lines.push(format!("--drop={} restores the rest", refusal.path));
            }
            _ => {}
        }
    }
    lines.extend(missing.iter().map(|variable| format!("--drop={variable} restores the rest")));
    lines.dedup();
    lines.join("\n")
}

fn layout_remedy(owner: &str, differences: &[Difference], by_extended_kernel: bool) -> String {
    let mut lines = vec![format!("nothing was loaded, and the data of {owner} is untouched")];
    let renamed = differences.iter().find_map(|difference| match difference {
        Difference::MayBeRenamed { kept, file } => Some((kept, file)),
        _ => None,
    });
    if let Some((kept, file)) = renamed {
        lines.push(if by_extended_kernel {
            "if it is: keep the old name, because the kernel that keeps it knows no other".to_owned()
        } else {
            format!(
                "if it is: PERSISTENT_RENAMED(\"{kept}\", \"{file}\") in the source, or --renamed {kept}={file}"
            )
        });
        lines.push(format!("if not: --fresh={file}"));
    }
    let refused = differences.iter().filter_map(|difference| match difference {
        Difference::Conversion { variable, refusal } => Some((variable, refusal)),
        _ => None,
    });
    for (variable, refusal) in refused.filter(|_| !by_extended_kernel) {
        lines.extend(refusal.remedy());
        lines.push(format!("--fresh={variable} starts this variable afresh"));
    }
    let mut held = differences.iter().filter_map(|difference| match difference {
        Difference::Held { refusal } => Some(refusal),
        _ => None,
    });
    if let Some(refusal) = held.clone().find(|refusal| refusal.reason == Reason::NotDefined) {
        lines.push(format!("--drop='{}' if no object of it is left", refusal.path));
    }
    if held.any(|refusal| refusal.reason != Reason::NotDefined) {
        lines.push(
            "objects in memory are the module's to convert: give the new structure another tag, and convert \
             them in init"
                .to_owned(),
        );
    }
    if differences.iter().any(|difference| matches!(difference, Difference::PointedTo { .. })) {
        lines.push(
            "pointers are searched for in kept data and in what it points to: others may exist, and some may \
             only look like pointers"
                .to_owned(),
        );
    }
    let is_whole =
        |difference: &Difference| matches!(difference, Difference::Added { .. } | Difference::Changed { .. });
    if differences.iter().any(is_whole) && !differences.iter().any(Difference::is_of_one_variable) {
        lines.push(
            "these variables share a section: with this version's persistent.h each gets one of its own, \
             and each of two files of one name if it has its own PERSISTENT_FILE"
                .to_owned(),
        );
    }
    lines.push("--fresh drops it and starts from the file's initial values".to_owned());
    lines.push("--keep=off loads the module with data of its own".to_owned());
    lines.join("\n")
}
