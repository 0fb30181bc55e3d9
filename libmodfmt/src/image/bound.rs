// SPDX-License-Identifier: MIT OR Apache-2.0
//! Owner images that are files: what they say in `.modinfo` about the keepers that they are bound to.

use super::ImageError;
use crate::elf::Object;
use crate::modinfo::Modinfo;
use crate::module::{MODINFO, Module, ModuleError};
use crate::persist::{Header, keeper_of_generation};

/// The key of `.modinfo` that names the keepers and the identities of their headers: `foo__persist:IDENTITY`,
/// separated by commas.
pub const KEEPERS_KEY: &str = "persistent_keepers";

/// A keeper that a module was bound to when it was built.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BoundKeeper {
    /// Its name.
    pub name: String,
    /// [`Header::identity`]
    pub identity: u64,
}

impl BoundKeeper {
    /// The keeper with this header.
    #[must_use]
    pub fn of(header: &Header) -> Self {
        let name = keeper_of_generation(&header.owner, header.generation);
        Self { name, identity: header.identity }
    }
}

/// Adds its keepers to an owner image: for our own tools, and as dependencies for those that do not look at
/// symbols.
///
/// # Errors
/// The image is broken.
pub fn with_keepers(image: &[u8], keepers: &[BoundKeeper]) -> Result<Vec<u8>, ImageError> {
    let mut object = Object::parse(image)?;
    let (index, section) = object.section(MODINFO).ok_or(ModuleError::Missing { section: MODINFO })?;
    let data = section.data.to_vec();
    let modinfo = Modinfo::parse(&data)?;
    let mut depends: Vec<String> = modinfo.depends().into_iter().map(Into::into).collect();
    depends.extend(keepers.iter().map(|keeper| keeper.name.clone()));
    let named: Vec<String> =
        keepers.iter().map(|keeper| format!("{}:{:016x}", keeper.name, keeper.identity)).collect();
    let modinfo = modinfo.with("depends", &depends.join(","))?.with(KEEPERS_KEY, &named.join(","))?;
    let data = modinfo.encode();
    if let Some(section) = object.sections.get_mut(index) {
        section.set_data(data);
    }
    let bytes = object.write()?;
    if keepers_of(&Module::parse(&bytes)?).as_deref() != Some(keepers) {
        return Err(ImageError::Check { image: "owner", what: "it does not name its keepers".to_owned() });
    }
    Ok(bytes)
}

/// The keepers that a module was bound to when it was built; `None` if it was not. Whoever wrote the file may
/// have written anything here: what is no keeper is given as it is, with an identity that none has.
#[must_use]
pub fn keepers_of(module: &Module<'_>) -> Option<Vec<BoundKeeper>> {
    let modinfo = module.modinfo().ok()?;
    let text = modinfo.text(KEEPERS_KEY)?;
    let keeper = |text: &str| {
        let known = text.split_once(':');
        let known = known.and_then(|(name, digits)| Some((name, u64::from_str_radix(digits, 16).ok()?)));
        let (name, identity) = known.unwrap_or((text, 0));
        BoundKeeper { name: name.to_owned(), identity }
    };
    Some(text.split(',').map(keeper).collect())
}
