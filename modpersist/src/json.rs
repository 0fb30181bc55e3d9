// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `--json` prints. Addresses and hashes are strings, since JSON numbers lose bits above 2^53.

use std::io::Write;

use anyhow::Result;
use libmodfmt::persist;
use modkeep::Holder;
use serde::Serialize;

use crate::list;

pub(crate) fn print(value: &impl Serialize, out: &mut dyn Write) -> Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)?;
    Ok(())
}

/// One region.
#[derive(Debug, Serialize)]
pub(crate) struct Region {
    owner: String,
    /// The module that holds it; none where the kernel itself does.
    keeper: Option<String>,
    state: &'static str,
    users: Vec<String>,
    build_id: Option<String>,
    layout_hash: String,
    sections: Vec<Section>,
}

/// One persistent section.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    name: &'static str,
    address: Option<String>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

impl Region {
    pub(crate) fn of(region: &modkeep::Region) -> Self {
        let header = &region.header;
        let mut shown = Self::of_header(header);
        shown.keeper = match &region.holder {
            Holder::Keeper(name) => Some(name.clone()),
            Holder::Kernel => None,
        };
        shown.state = list::state(region.owner);
        shown.users.clone_from(&region.users);
        for (section, own) in shown.sections.iter_mut().zip(&header.sections) {
            section.address = region.address(own.role).map(|address| format!("{address:#x}"));
        }
        shown
    }

    /// What a file has: no keeper, no addresses.
    pub(crate) fn of_header(header: &persist::Header) -> Self {
        let section = |section: &persist::SectionHeader| Section {
            name: section.role.section_name(),
            address: None,
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
            build_id: (!header.build_id.is_empty()).then(|| hex(&header.build_id)),
            layout_hash: format!("{:016x}", header.layout_hash()),
            sections: header.sections.iter().map(section).collect(),
        }
    }

    /// Puts contents to the variables, in the order of the header.
    pub(crate) fn add_contents(&mut self, contents: impl Iterator<Item = Option<(Vec<u8>, String)>>) {
        let variables = self.sections.iter_mut().flat_map(|section| &mut section.variables);
        for (variable, content) in variables.zip(contents) {
            if let Some((bytes, value)) = content {
                variable.bytes = Some(hex(&bytes));
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
            value: None,
        }
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
