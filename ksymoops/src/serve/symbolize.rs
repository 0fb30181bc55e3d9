// SPDX-License-Identifier: MIT OR Apache-2.0
//! `symbolize`: functions, lines and inlined calls of places.

use serde::Serialize;
use serde_json::Value;

use super::error::ServeError;
use super::kept::KeptKernel;
use super::limits::check_count;
use super::place;
use super::request;
use super::value::value;
use crate::render;

#[derive(Serialize)]
struct Symbolized<'a> {
    answers: Vec<render::Answer<'a>>,
    summary: &'a [String],
}

pub(super) fn answer(request: &request::Symbolize, kernel: &KeptKernel) -> Result<Value, ServeError> {
    check_count(request.places.len())?;
    let queries: Vec<_> = request.places.iter().map(place::query).collect::<Result<_, _>>()?;
    let (context, _) = kernel.context();
    let answers = context.resolver.symbolize_all(&queries);
    let answers = answers.iter().map(render::Answer::from).collect();
    value(&Symbolized { answers, summary: &context.summary })
}
