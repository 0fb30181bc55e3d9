// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hints in the source, which persistent.h puts into `.modinfo`.

use libmodfmt::hints::{HintError, MODINFO_KEY, Renames};
use libmodfmt::module::Module;
use libmodfmt::persist::Wishes;

/// Adds the hints of the source to what the user asks for.
///
/// # Errors
/// One has no known form, or two contradict each other.
pub(crate) fn add_to(mut wishes: Wishes, module: &Module<'_>) -> Result<Wishes, HintError> {
    wishes.fields = all(module, &wishes.renamed)?;
    wishes.renamed.extend(renamed(module));
    Ok(wishes)
}

/// The variables and files that have another name by the source.
fn renamed(module: &Module<'_>) -> Vec<(String, String)> {
    let Ok(modinfo) = module.modinfo() else { return Vec::new() };
    let values = modinfo.all(MODINFO_KEY).map(String::from_utf8_lossy);
    values
        .filter_map(|value| value.split_once('=').map(|(old, new)| (old.to_owned(), new.to_owned())))
        .collect()
}

/// All hints of the source and of the user, for the names of fields.
///
/// # Errors
/// One has no known form, or two contradict each other.
fn all(module: &Module<'_>, renamed: &[(String, String)]) -> Result<Renames, HintError> {
    let mut renames = match module.modinfo() {
        Ok(modinfo) => Renames::of(&modinfo)?,
        Err(_) => Renames::default(),
    };
    for (old, new) in renamed {
        renames.add(&format!("{old}={new}"))?;
    }
    Ok(renames)
}
