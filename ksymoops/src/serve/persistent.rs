// SPDX-License-Identifier: MIT OR Apache-2.0
//! `persistent`: whose data addresses are in, and which field of which variable;
//! and which token of `name_token` leads there.

use serde::Serialize;
use serde_json::Value;

use super::error::ServeError;
use super::kept::KeptKernel;
use super::limits::check_count;
use super::request;
use super::value::value;
use crate::persistent::{PersistentAddress, TokenAddress, find_address, find_token};

#[derive(Serialize)]
struct Hits<'a> {
    hits: Vec<Option<PersistentAddress>>,
    tokens: Vec<Option<TokenAddress>>,
    summary: &'a [String],
}

pub(super) fn answer(request: &request::Persistent, kernel: &KeptKernel) -> Result<Value, ServeError> {
    check_count(request.addresses.len())?;
    let (context, report) = kernel.context();
    let names = &kernel.decoder().field_names;
    let find = |address: u64| find_address(&context.regions, names, &context.resolver, report, address);
    let hits = request.addresses.iter().map(|address| find(address.0)).collect();
    let find = |address: u64| find_token(&context.tokens, names, &context.resolver, address);
    let tokens = request.addresses.iter().map(|address| find(address.0)).collect();
    value(&Hits { hits, tokens, summary: &context.summary })
}
