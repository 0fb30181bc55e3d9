// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `--json` prints. Addresses and hashes are strings: as JSON numbers they would lose bits above 2^53.

use std::io::Write;

use anyhow::Result;
use libmodfmt::persist;
use libmodsys::SectionAddress;
use modcli::escape;
use modkeep::{KeptBy, UnreadableRegion};
use serde::Serialize;

use crate::{hex, owner_state};

pub(crate) fn print(value: &impl Serialize, out: &mut dyn Write) -> Result<()> {
    // Not straight to the writer: if the reader is gone, this must be the error of a write.
    writeln!(out, "{}", escape::json(serde_json::to_string_pretty(value)?))?;
    Ok(())
}

/// One element of the list.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Entry {
    Region(Region),
    /// Kept data that could not be read.
    Unreadable {
        keeper: Option<String>,
        error: String,
        details: Vec<String>,
    },
}

impl Entry {
    pub(crate) fn of(entry: &Result<modkeep::Region, UnreadableRegion>) -> Self {
        match entry {
            Ok(region) => Self::Region(Region::of(region)),
            Err(UnreadableRegion { kept_by, error }) => Self::Unreadable {
                keeper: keeper(kept_by),
                error: error.to_string(),
                details: error.details(),
            },
        }
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
    /// The module that holds it; none if the extended kernel keeps it itself.
    keeper: Option<String>,
    state: &'static str,
    users: Vec<String>,
    build_id: Option<String>,
    /// Whether variables have names: a stripped file does not name every one.
    named: bool,
    /// Why contents are missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    contents_denied: Option<String>,
    layout_hash: String,
    sections: Vec<Section>,
}

/// One persistent section.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    name: &'static str,
    address: Option<String>,
    /// Why there is no address: `hidden` (the kernel shows zeros) or `denied`.
    #[serde(skip_serializing_if = "Option::is_none")]
    address_denied: Option<&'static str>,
    size: u64,
    align: u64,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<String>,
    /// Whether there are more bytes than are shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    bytes_cut: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

impl Region {
    pub(crate) fn of(region: &modkeep::Region) -> Self {
        let header = &region.header;
        let mut shown = Self::of_header(header);
        shown.keeper = keeper(&region.kept_by);
        shown.state = owner_state::text(region.owner_state);
        shown.users.clone_from(&region.users);
        for (section, own) in shown.sections.iter_mut().zip(&header.sections) {
            section.address = region.address(own.role).map(|address| format!("{address:#x}"));
            section.address_denied = match region.addresses.iter().find(|(role, _)| *role == own.role) {
                Some((_, SectionAddress::Known(_))) => None,
                Some((_, SectionAddress::Hidden)) => Some("hidden"),
                Some((_, SectionAddress::Denied)) | None => Some("denied"),
            };
        }
        shown
    }

    /// What a file has: no keeper, no addresses.
    pub(crate) fn of_header(header: &persist::Header) -> Self {
        let section = |section: &persist::SectionHeader| Section {
            name: section.role.section_name(),
            address: None,
            address_denied: None,
            size: section.size,
            align: section.align,
            layout_hash: format!("{:016x}", section.layout_hash()),
            variables: section.variables.iter().map(Variable::of).collect(),
        };
        Self {
            owner: header.owner.clone(),
            keeper: Some(persist::keeper_name(&header.owner)),
            state: "file",
            users: Vec::new(),
            named: header.named,
            contents_denied: None,
            build_id: (!header.build_id.is_empty()).then(|| hex::encode(&header.build_id)),
            layout_hash: format!("{:016x}", header.layout_hash()),
            sections: header.sections.iter().map(section).collect(),
        }
    }

    /// Adds contents to the variables, in the order of the header.
    pub(crate) fn add_contents(
        &mut self,
        contents: impl Iterator<Item = Option<(Vec<u8>, String)>>,
        denied: Option<String>,
    ) {
        self.contents_denied = denied;
        let variables = self.sections.iter_mut().flat_map(|section| &mut section.variables);
        for (variable, content) in variables.zip(contents) {
            if let Some((bytes, value)) = content {
                variable.bytes_cut = u64::try_from(bytes.len()).is_ok_and(|length| length < variable.size);
                variable.bytes = Some(hex::encode(&bytes));
                variable.value = Some(value);
            }
        }
    }
}

impl Variable {
    fn of(variable: &persist::Variable) -> Self {
        Self {
            file: variable.file.clone(),
            function: variable.function.clone(),
            name: variable.name.clone(),
            offset: variable.offset,
            size: variable.size,
            align: variable.align,
            type_name: variable.type_name.clone(),
            type_hash: variable.type_hash.map(|hash| format!("{hash:016x}")),
            bytes: None,
            bytes_cut: false,
            value: None,
        }
    }
}
