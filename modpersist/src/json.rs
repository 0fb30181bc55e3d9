// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `--json` prints. Addresses and hashes are strings: as JSON numbers they would lose bits above 2^53.

use std::io::Write;

use anyhow::Result;
use libmodfmt::persist;
use libmodsys::SectionAddress;
use modcli::escape;
use modkeep::{KeptBy, UnreadableRegion};
use modrecord::removed_pointers::Pointers;
use modrecord::saved_values::types_json::TypeJson;
use serde::Serialize;

use crate::show::shown;
use crate::{hex, owner_state};

/// Bytes of a variable that are printed as digits.
const MAX_BYTES: usize = 256;

pub(crate) fn print(value: &impl Serialize, out: &mut dyn Write) -> Result<()> {
    // Not straight to the writer: if the reader is gone, this must be the error of a write.
    writeln!(out, "{}", escape::json(serde_json::to_string_pretty(value)?))?;
    Ok(())
}

/// The same, in one line.
pub(crate) fn print_without_blanks(value: &impl Serialize, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "{}", escape::json(serde_json::to_string(value)?))?;
    Ok(())
}

/// One element of the list.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Entry {
    Region(Box<Region>),
    /// Kept data that could not be read.
    Unreadable {
        keeper: Option<String>,
        error: String,
        details: Vec<String>,
    },
    /// A reload that was interrupted, of a module of which nothing is kept.
    Interrupted {
        owner: String,
        state: &'static str,
        /// None, so that readers need not tell this from a region.
        sections: [Section; 0],
        interrupted_reload: String,
    },
}

impl Entry {
    pub(crate) fn of(entry: &Result<modkeep::Region, UnreadableRegion>) -> Self {
        match entry {
            Ok(region) => Self::Region(Box::new(Region::of(region))),
            Err(UnreadableRegion { kept_by, error }) => Self::Unreadable {
                keeper: keeper(kept_by),
                error: error.to_string(),
                details: error.details(),
            },
        }
    }
}

impl Entry {
    /// Adds what points into the owner that was removed.
    pub(crate) fn with_pointers(mut self, pointers: Pointers) -> Self {
        if let Self::Region(region) = &mut self {
            (region.points_to_removed, region.not_searched) = (pointers.lines, pointers.not_searched);
        }
        self
    }
}

impl Entry {
    /// A module of which nothing is kept, and what a reload of it has left undone.
    pub(crate) fn interrupted(owner: &str, interrupted_reload: String) -> Self {
        Self::Interrupted { owner: owner.to_owned(), state: "nothing kept", sections: [], interrupted_reload }
    }

    /// Adds what a reload of the owner has left undone.
    pub(crate) fn with_interrupted_reload(mut self, text: Option<String>) -> Self {
        if let Self::Region(region) = &mut self {
            region.interrupted_reload = text;
        }
        self
    }
}

fn keeper(kept_by: &KeptBy) -> Option<String> {
    match kept_by {
        KeptBy::Keeper(name) => Some(name.clone()),
        KeptBy::ExtendedKernel => None,
    }
}

/// One region.
#[derive(Debug, Serialize)]
pub(crate) struct Region {
    owner: String,
    /// The module that holds its first generation; none if the extended kernel keeps it itself.
    keeper: Option<String>,
    state: &'static str,
    users: Vec<String>,
    /// Modules that only hold the keepers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    held_by: Vec<String>,
    /// The mark on a load that has begun and not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<String>,
    /// Keepers that are no longer in force.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stale: Vec<String>,
    /// That of the newest generation.
    build_id: Option<String>,
    /// Whether variables have names: a stripped file does not name every one.
    named: bool,
    /// Why contents are missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    contents_denied: Option<String>,
    layout_hash: String,
    sections: Vec<Section>,
    /// What in kept data points into the owner as it was loaded last: `PATH -> NAME [gone]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    points_to_removed: Vec<String>,
    /// What was not searched for such pointers, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_searched: Vec<String>,
    /// A reload of it has left modules unloaded: what, and which.
    #[serde(skip_serializing_if = "Option::is_none")]
    interrupted_reload: Option<String>,
}

/// One persistent section.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    name: String,
    generation: u32,
    /// The module that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    keeper: Option<String>,
    address: Option<String>,
    /// Why there is no address: `hidden` (the kernel shows zeros) or `denied`.
    #[serde(skip_serializing_if = "Option::is_none")]
    address_denied: Option<&'static str>,
    size: u64,
    /// Bytes that the keeper has for it.
    room: u64,
    align: u64,
    writable: bool,
    layout_hash: String,
    variables: Vec<Variable>,
}

/// One variable.
#[derive(Debug, Serialize)]
pub(crate) struct Variable {
    file: Option<String>,
    function: Option<String>,
    name: String,
    offset: u64,
    size: u64,
    align: u64,
    #[serde(rename = "type")]
    type_name: Option<String>,
    type_hash: Option<String>,
    /// Its type in the list of saved types.
    #[serde(skip_serializing_if = "Option::is_none")]
    type_id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<String>,
    /// Whether there are more bytes than are shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    bytes_cut: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<shown::Shown>,
    /// Its size when it was made, if it has grown or shrunk in its place since.
    #[serde(skip_serializing_if = "Option::is_none")]
    grown_from: Option<u64>,
    /// It was converted or started afresh since.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    replaced: bool,
    /// The file that was loaded last does not have it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unused: bool,
}

/// What is added to a variable.
pub(crate) struct Content {
    pub(crate) bytes: Option<Vec<u8>>,
    pub(crate) value: Option<shown::Shown>,
    pub(crate) replaced: bool,
    pub(crate) unused: bool,
    /// Size and type now, if it has grown.
    pub(crate) now: Option<(u64, Option<String>)>,
    /// Its type in the list of saved types.
    pub(crate) type_id: Option<u32>,
}

/// What `show --json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    pub(crate) schema: u32,
    #[serde(flatten)]
    pub(crate) region: Region,
    /// What only `save` writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) saved: Option<Saved>,
    /// The part that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) selected: Option<Selected>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) followed: Vec<shown::ShownChain>,
}

/// What `save` adds, so that the file alone is enough.
#[derive(Debug, Serialize)]
pub(crate) struct Saved {
    pub(crate) format: u32,
    /// The release of the kernel.
    pub(crate) kernel: String,
    pub(crate) types: Vec<TypeJson>,
}

/// A variable or a part of one.
#[derive(Debug, Serialize)]
pub(crate) struct Selected {
    pub(crate) path: String,
    pub(crate) address: Option<String>,
    pub(crate) size: u64,
    #[serde(rename = "type")]
    pub(crate) type_name: Option<String>,
    pub(crate) value: Option<shown::Shown>,
}

impl Region {
    pub(crate) fn of(region: &modkeep::Region) -> Self {
        let mut sections = Vec::new();
        for generation in &region.generations {
            for (unit, address) in generation.units() {
                let mut section = Section::of(&generation.header, unit);
                section.keeper = keeper(&generation.kept_by);
                section.address = address.known().map(|address| format!("{address:#x}"));
                section.address_denied = match address {
                    SectionAddress::Known(_) => None,
                    SectionAddress::Hidden => Some("hidden"),
                    SectionAddress::Denied => Some("denied"),
                };
                sections.push(section);
            }
        }
        let headers = region.headers();
        let newest = headers.last().map(|header| Self::of_header(header));
        Self {
            owner: region.owner.clone(),
            keeper: region.generations.first().and_then(|first| keeper(&first.kept_by)),
            state: owner_state::text(region.owner_state),
            users: region.users.clone(),
            held_by: region.holds().map(str::to_owned).collect(),
            pending: region.pending.clone(),
            stale: region.stale.iter().map(|stale| stale.kept_by.to_string()).collect(),
            named: headers.iter().all(|header| header.named),
            contents_denied: None,
            build_id: newest.as_ref().and_then(|newest| newest.build_id.clone()),
            layout_hash: newest.map(|newest| newest.layout_hash).unwrap_or_default(),
            sections,
            points_to_removed: Vec::new(),
            not_searched: Vec::new(),
            interrupted_reload: None,
        }
    }

    /// What a file has: no keeper, no addresses.
    pub(crate) fn of_header(header: &persist::Header) -> Self {
        Self {
            owner: header.owner.clone(),
            keeper: Some(persist::keeper_name(&header.owner)),
            state: "file",
            users: Vec::new(),
            held_by: Vec::new(),
            pending: None,
            stale: Vec::new(),
            named: header.named,
            contents_denied: None,
            build_id: (!header.build_id.is_empty()).then(|| hex::encode(&header.build_id)),
            layout_hash: format!("{:016x}", header.layout_hash()),
            sections: header.units.iter().map(|unit| Section::of(header, unit)).collect(),
            points_to_removed: Vec::new(),
            not_searched: Vec::new(),
            interrupted_reload: None,
        }
    }

    /// Adds contents to the variables, in their order.
    pub(crate) fn add_contents(&mut self, contents: Vec<Content>, denied: Option<String>) {
        self.contents_denied = denied;
        let variables = self.sections.iter_mut().flat_map(|section| &mut section.variables);
        for (variable, content) in variables.zip(contents) {
            if let Some((size, type_name)) = content.now {
                variable.grown_from = Some(variable.size);
                (variable.size, variable.type_name) = (size, type_name);
            }
            variable.type_id = content.type_id;
            (variable.replaced, variable.unused) = (content.replaced, content.unused);
            if let Some(bytes) = content.bytes {
                let there = bytes.get(..MAX_BYTES.min(bytes.len())).unwrap_or_default();
                variable.bytes_cut = u64::try_from(there.len()).is_ok_and(|length| length < variable.size);
                variable.bytes = Some(hex::encode(there));
            }
            variable.value = content.value;
        }
    }

    /// For one that only names the owner.
    pub(crate) fn leave_out_sections(&mut self) {
        self.sections.clear();
    }
}

impl Section {
    fn of(header: &persist::Header, unit: &persist::Unit) -> Self {
        Self {
            name: unit.section.clone(),
            generation: header.generation,
            keeper: None,
            address: None,
            address_denied: None,
            size: unit.size,
            room: unit.room,
            align: unit.align,
            writable: unit.writable,
            layout_hash: format!("{:016x}", unit.layout_hash()),
            variables: unit.variables.iter().map(|variable| Variable::of(header, variable)).collect(),
        }
    }
}

impl Variable {
    fn of(header: &persist::Header, variable: &persist::Variable) -> Self {
        Self {
            file: variable.file.clone(),
            function: variable.function.clone(),
            name: variable.name.clone(),
            offset: variable.offset,
            size: variable.size,
            align: variable.align,
            type_name: variable.type_name.clone(),
            type_hash: header.type_hash(variable).map(|hash| format!("{hash:016x}")),
            type_id: None,
            bytes: None,
            bytes_cut: false,
            value: None,
            grown_from: None,
            replaced: false,
            unused: false,
        }
    }
}
