// SPDX-License-Identifier: MIT OR Apache-2.0
//! `persistent`: whose data addresses are in, and which field of which variable.

use serde::Serialize;
use serde_json::Value;

use super::error::ServeError;
use super::kept::KeptKernel;
use super::limits::check_count;
use super::request;
use super::value::value;
use crate::persistent::{PersistentAddress, find_address};

#[derive(Serialize)]
struct Hits<'a> {
    hits: Vec<Option<PersistentAddress>>,
    summary: &'a [String],
}

pub(super) fn answer(request: &request::Persistent, kernel: &KeptKernel) -> Result<Value, ServeError> {
    check_count(request.addresses.len())?;
    let (context, report) = kernel.context();
    let names = &kernel.decoder().field_names;
    let find = |address: u64| find_address(&context.regions, names, &context.resolver, report, address);
    let hits = request.addresses.iter().map(|address| find(address.0)).collect();
    value(&Hits { hits, summary: &context.summary })
}
