// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looks up the addresses and symbols of one report.

use libksym::{Answer, Query};
use liboops::report::{Place, Report, State};

use super::decode_context::DecodeContext;
use crate::persistent::{FieldNames, PersistentAddress, TokenAddress, find_address, find_token};

/// Looks up the addresses and symbols of one report.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lookup<'a> {
    pub report: &'a Report,
    pub kernel: &'a DecodeContext,
    pub field_names: &'a FieldNames,
}

impl Lookup<'_> {
    /// The source location of a place in code; `None` if the log has neither symbol nor address.
    pub fn code(&self, place: &Place) -> Option<Answer> {
        // ARM's `[<a>] (f) from` does not say where in the function the address is.
        if let Some(address) = place.address
            && place.symbol.is_some()
            && (place.size, place.offset) == (None, 0)
        {
            let query = Query::Address { address: address.0, is_return: !place.exact };
            let answer = self.kernel.resolver.symbolize(&query);
            if !answer.candidates.is_empty() {
                return Some(answer);
            }
        }
        let query = match &place.symbol {
            Some(name) => Query::Symbol {
                module: place.module.clone(),
                name: name.clone(),
                offset: place.offset,
                size: place.size,
                is_return: !place.exact,
            },
            None => Query::Address { address: place.address?.0, is_return: !place.exact },
        };
        Some(self.kernel.resolver.symbolize(&query))
    }

    /// The symbol that an address of data is in.
    pub fn data(&self, address: u64) -> Answer {
        self.kernel.resolver.symbolize(&Query::address(address))
    }

    /// What is at an address, if that is in persistent data.
    pub fn persistent(&self, address: u64) -> Option<PersistentAddress> {
        let kernel = self.kernel;
        find_address(&kernel.regions, self.field_names, &kernel.resolver, self.report, address)
    }

    /// What is at an address, if a token leads there.
    pub fn token(&self, address: u64) -> Option<TokenAddress> {
        find_token(&self.kernel.tokens, self.field_names, &self.kernel.resolver, address)
    }

    /// The name of an address in an instruction: `symbol+0x1 [module]`, a field of a persistent variable, or
    /// a place that a token leads to.
    pub fn name(&self, address: u64) -> Option<String> {
        if let Some(found) = self.persistent(address).filter(PersistentAddress::is_inside) {
            let name = found.path.or(found.variable).unwrap_or_else(|| found.section.to_owned());
            return Some(format!("persistent {name} of {}", found.owner));
        }
        if let Some(found) = self.token(address) {
            return Some(found.with_field());
        }
        let answer = self.data(address);
        let [only] = answer.candidates.as_slice() else { return None };
        let module = only.module.as_ref().map(|module| format!(" [{module}]")).unwrap_or_default();
        Some(format!("{}+{:#x}{module}", only.symbol, only.offset))
    }

    /// The address of the instruction pointer: as the log has it, or by its symbol.
    pub fn instruction_pointer(&self, state: &State) -> Option<u64> {
        let pc = state.pc.as_ref()?;
        if let Some(address) = pc.address {
            return Some(address.0);
        }
        match self.code(pc)?.candidates.as_slice() {
            [only] => only.address,
            _ => None,
        }
    }
}
