// SPDX-License-Identifier: MIT OR Apache-2.0
//! `symbolize`: functions, lines and inlined calls of places.

use serde::Serialize;
use serde_json::Value;

use super::error::{ErrorCode, ServeError};
use super::kept::KeptKernel;
use super::place;
use super::request;
use super::service::value;
use crate::render;

/// As many places may be in one request.
pub(super) const MAX_PLACES: usize = 10_000;

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

/// Fails if a request asks for too many places.
pub(super) fn check_count(count: usize) -> Result<(), ServeError> {
    if count <= MAX_PLACES {
        return Ok(());
    }
    let words = format!("{count} places in one request; the limit is {MAX_PLACES}");
    Err(ServeError::new(ErrorCode::TooLong, words))
}
