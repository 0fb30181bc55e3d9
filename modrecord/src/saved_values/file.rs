// SPDX-License-Identifier: MIT OR Apache-2.0
//! The file that `modpersist save` writes, as it is read again.

use std::collections::HashSet;
use std::io;
use std::path::Path as FilePath;

use libmodfmt::elf::ByteOrder;
use libmodfmt::module_name::is_module_name;
use libmodfmt::persist::{SavedValues, Variable};
use libmodfmt::types::{TypeId, TypeTable, size_of};
use libmodsys::files;
use serde::Deserialize;
use thiserror::Error;

use super::carried::{Carried, Carry, TooLarge};
use super::encode::{Encoded, Encoder};
use super::objects;
use super::path::Path;
use super::refusal::{RestoreReason, RestoreRefusal};
use super::types_json::{self, TypeJson};
use crate::values_json::{SCHEMA, Shown, ShownKind};

/// The version of what `save` adds to [`SCHEMA`].
pub const SAVED_FORMAT: u32 = 1;

/// A larger file is not read, in bytes.
pub const MAX_SAVED_BYTES: u64 = 64 << 20;
/// Most variables, and bytes of all of them together.
const MAX_VARIABLES: usize = 1 << 16;
const MAX_VALUE_BYTES: u64 = 64 << 20;

/// Why a file of saved values cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SavedFileError {
    /// It cannot be read.
    #[error("{source}")]
    Read {
        /// Why.
        source: io::Error,
    },
    /// It is not what `save` writes.
    #[error("not what `modpersist save` writes: {what}")]
    Format {
        /// What is wrong, with line and column if it is no such JSON.
        what: String,
    },
    /// A later version made it.
    #[error("made by a later version: schema {schema}, format {format}")]
    Version {
        /// Its schema.
        schema: u32,
        /// Its format.
        format: u32,
    },
    /// Some of its values cannot be restored.
    #[error("{} saved values cannot be restored, {} among them", refusals.len(), first(refusals))]
    Refused {
        /// Each of them.
        refusals: Vec<RestoreRefusal>,
    },
}

fn first(refusals: &[RestoreRefusal]) -> String {
    refusals.first().map_or_else(String::new, |refusal| refusal.path.clone())
}

/// Saved values, as the file has them.
#[derive(Debug, Deserialize)]
pub struct SavedFile {
    schema: u32,
    owner: String,
    #[serde(default)]
    named: bool,
    saved: SavedJson,
    sections: Vec<SectionJson>,
    #[serde(skip)]
    types: TypeTable,
}

#[derive(Debug, Deserialize)]
struct SavedJson {
    #[serde(default)]
    format: u32,
    kernel: String,
    types: Vec<TypeJson>,
}

#[derive(Debug, Deserialize)]
struct SectionJson {
    address: Option<String>,
    variables: Vec<VariableJson>,
}

#[derive(Debug, Deserialize)]
struct VariableJson {
    file: Option<String>,
    function: Option<String>,
    name: String,
    offset: u64,
    size: u64,
    #[serde(rename = "type")]
    type_name: Option<String>,
    type_id: Option<u32>,
    #[serde(default)]
    replaced: bool,
    #[serde(default)]
    unused: bool,
    value: Option<Shown>,
}

/// Saved values for one byte order.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prepared {
    /// The values.
    pub values: SavedValues,
    /// Variables and fields that take the file's initial value, and why: `meter.c:meter.lock`, `is idle`.
    pub initial: Vec<(String, &'static str)>,
    /// Variables that the module did not have any more when they were saved.
    pub unused: Vec<Variable>,
}

impl SavedFile {
    /// Reads a file. Only a regular one, of at most 64 MiB.
    ///
    /// # Errors
    /// It cannot be read, or was not made by `modpersist save`.
    pub fn read(path: &FilePath) -> Result<Self, SavedFileError> {
        let bytes =
            files::read_regular(path, MAX_SAVED_BYTES).map_err(|source| SavedFileError::Read { source })?;
        Self::parse(&bytes)
    }

    /// The same for the bytes of a file.
    ///
    /// # Errors
    /// They were not made by `modpersist save`.
    pub fn parse(bytes: &[u8]) -> Result<Self, SavedFileError> {
        let format = |what: String| SavedFileError::Format { what };
        let mut file: Self = serde_json::from_slice(bytes).map_err(|error| format(error.to_string()))?;
        if file.schema != SCHEMA || file.saved.format > SAVED_FORMAT {
            return Err(SavedFileError::Version { schema: file.schema, format: file.saved.format });
        }
        if !is_module_name(&file.owner) {
            return Err(format("its owner cannot be the name of a module".to_owned()));
        }
        file.types = types_json::from_json(&file.saved.types).map_err(format)?;
        let mut names = HashSet::new();
        let mut total: u64 = 0;
        for (_, own) in file.variables() {
            if !names.insert((&own.file, &own.function, &own.name)) {
                return Err(format(format!("it has {} twice", own.variable())));
            }
            total = total.saturating_add(own.size);
            if names.len() > MAX_VARIABLES || total > MAX_VALUE_BYTES {
                return Err(format("it has too many variables, or too large ones".to_owned()));
            }
        }
        Ok(file)
    }

    /// The module whose data it is.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The release of the kernel that it is from.
    #[must_use]
    pub fn kernel(&self) -> &str {
        &self.saved.kernel
    }

    /// Those that were in force.
    fn variables(&self) -> impl Iterator<Item = (Option<u64>, &VariableJson)> {
        let all = self.sections.iter().flat_map(|section| {
            let base = section.address.as_deref().and_then(objects::address);
            section.variables.iter().map(move |own| (base, own))
        });
        let in_force = all.filter(|(_, own)| !own.replaced);
        in_force.map(|(base, own)| (base.and_then(|base| base.checked_add(own.offset)), own))
    }

    /// The values for a file of this byte order, without what `drops` names: variables, or fields by path
    /// (`stats.next`), structure (`struct meter.next`) or name.
    ///
    /// # Errors
    /// [`SavedFileError::Refused`]: there are values that cannot be restored.
    pub fn prepare(&self, order: ByteOrder, drops: &[String]) -> Result<Prepared, SavedFileError> {
        let mut values = SavedValues::new(&self.owner);
        values.header.named = self.named;
        let (mut refusals, mut initial, mut unused) = (Vec::new(), Vec::new(), Vec::new());
        let mut carry = Carry::new(&self.types);
        for (address, own) in self.variables() {
            let mut variable = own.variable();
            let named = variable.clone();
            let mut path = Path::new(&named, drops);
            if path.is_dropped() {
                initial.push((variable.to_string(), "is dropped"));
                continue;
            }
            if own.unused {
                unused.push(variable.clone());
            }
            match self.encode((own, address), order, &mut carry, &mut path) {
                Ok((carried, encoded)) => {
                    refusals.extend(encoded.refusals);
                    initial.extend(encoded.initial);
                    if let Some(id) = carried.id() {
                        variable.type_id = Some(id);
                        values.push(variable, address.unwrap_or_default(), encoded.bytes);
                    }
                }
                Err(reason) => {
                    refusals.push(RestoreRefusal { path: path.text(), drop: path.drop(), reason });
                }
            }
        }
        if !refusals.is_empty() {
            return Err(SavedFileError::Refused { refusals });
        }
        values.header.types = carry.made;
        Ok(Prepared { values, initial, unused })
    }

    /// What there is of one variable.
    fn encode(
        &self,
        (own, address): (&VariableJson, Option<u64>),
        order: ByteOrder,
        carry: &mut Carry<'_>,
        path: &mut Path<'_>,
    ) -> Result<(Carried, Encoded), RestoreReason> {
        let (id, value) = own.typed()?;
        let size = usize::try_from(own.size).unwrap_or(0);
        if size_of(&self.types, id) != Some(own.size) {
            return Err(RestoreReason::UnknownType);
        }
        let no_address = || RestoreReason::NotSaved { why: "its address is not known".to_owned() };
        let address = address.ok_or_else(no_address)?;
        let carried = carry.variable(id, path).map_err(|TooLarge| RestoreReason::UnknownType)?;
        let mut encoder = Encoder {
            types: &self.types,
            order,
            address,
            unions_left_out: &carry.unions_left_out,
            encoded: Encoded::of_size(size),
            refused: HashSet::new(),
            left_out: HashSet::new(),
        };
        encoder.variable(id, value, path);
        Ok((carried, encoder.encoded))
    }
}

impl VariableJson {
    fn variable(&self) -> Variable {
        let mut variable = Variable::new(&self.name, 0, self.size, 1);
        variable.file.clone_from(&self.file);
        variable.function.clone_from(&self.function);
        variable.type_name.clone_from(&self.type_name);
        variable
    }

    /// Its type and value, if the file has both.
    fn typed(&self) -> Result<(TypeId, &Shown), RestoreReason> {
        let why = |why: &str| RestoreReason::NotSaved { why: why.to_owned() };
        let value = self.value.as_ref().ok_or_else(|| why("it could not be read"))?;
        match (self.type_id, &value.kind) {
            (_, ShownKind::Missing { why }) => Err(RestoreReason::NotSaved { why: why.clone() }),
            (Some(id), _) => Ok((TypeId(id), value)),
            (None, _) => Err(RestoreReason::UnknownType),
        }
    }
}
