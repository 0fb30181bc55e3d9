// SPDX-License-Identifier: MIT OR Apache-2.0
//! The contents of kept variables, from kernel memory.

use libmodfmt::persist::{KeptPlace, LaterChanges, Variable};
use libmodsys::{Kernel, Lockdown};
use modkeep::Region;

use crate::variable_text;

/// A variable's content is read up to here, in bytes.
const MAX_CONTENT_BYTES: u64 = 256;

/// The contents of each variable in force, by generation, in the order of their headers.
pub(crate) struct Contents {
    /// The bytes and their text; `None` if they cannot be read.
    pub(crate) values: Vec<Option<(Vec<u8>, String)>>,
    /// Why some could not be read.
    pub(crate) denied: Option<String>,
}

impl Contents {
    pub(crate) fn read(kernel: &dyn Kernel, region: &Region) -> Self {
        let mut contents = Self { values: Vec::new(), denied: None };
        // One reason for all: without addresses there are no contents.
        let hidden = std::cell::OnceCell::new();
        let later = LaterChanges::of(&region.headers());
        for generation in &region.generations {
            let number = generation.header.generation;
            let of_unit = |(ordinal, unit): (u32, &libmodfmt::persist::Unit)| {
                let offsets: Vec<u64> = unit.variables.iter().map(|variable| variable.offset).collect();
                offsets.into_iter().map(move |offset| KeptPlace { generation: number, ordinal, offset })
            };
            let places = generation.header.ordinals().flat_map(of_unit);
            for ((_, variable, address), place) in generation.variables().zip(places) {
                let variable = &*later.now(place, variable);
                let denied = || hidden.get_or_init(|| address_denied(kernel)).clone();
                let address = address.ok_or_else(denied);
                match address.and_then(|address| content(kernel, address, variable)) {
                    Ok(value) => contents.values.push(Some(value)),
                    Err(denied) => {
                        contents.values.push(None);
                        contents.denied = Some(denied);
                    }
                }
            }
        }
        contents
    }
}

fn content(kernel: &dyn Kernel, address: u64, variable: &Variable) -> Result<(Vec<u8>, String), String> {
    let length = usize::try_from(variable.size.min(MAX_CONTENT_BYTES)).unwrap_or(0);
    let bytes = kernel.read_memory(address, length).map_err(|error| {
        let setting = match kernel.lockdown() {
            Ok(Some(Lockdown::Confidentiality)) => " (lockdown=confidentiality)",
            _ => "",
        };
        format!("{error}{setting}")
    })?;
    let text = variable_text::text(&bytes, variable.type_name.as_deref());
    Ok((bytes, text))
}

fn address_denied(kernel: &dyn Kernel) -> String {
    let setting = match kernel.kptr_restrict() {
        Ok(Some(2..)) => "sysctl kernel.kptr_restrict=2 hides addresses even from root",
        _ => "only root (CAP_SYSLOG) may see addresses",
    };
    setting.to_owned()
}
