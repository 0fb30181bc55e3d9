// SPDX-License-Identifier: MIT OR Apache-2.0
//! `answer` of the JSON output: where a symbol or an address is in the source.

use std::borrow::Cow;

use liboops::report::Hex;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Answer<'a> {
    candidates: Vec<Candidate<'a>>,
    unknown: Option<String>,
}

#[derive(Debug, Serialize)]
struct Candidate<'a> {
    module: Option<&'a str>,
    symbol: &'a str,
    offset: u64,
    size: Option<u64>,
    section: Option<&'a str>,
    link_address: Hex,
    address: Option<Hex>,
    frames: Vec<Frame<'a>>,
    symbol_source: Cow<'a, str>,
    line_source: Option<Cow<'a, str>>,
}

#[derive(Debug, Serialize)]
struct Frame<'a> {
    function: Option<&'a str>,
    file: Option<&'a str>,
    line: Option<u32>,
    column: Option<u32>,
}

impl<'a> From<&'a libksym::Answer> for Answer<'a> {
    fn from(answer: &'a libksym::Answer) -> Self {
        Self {
            candidates: answer.candidates.iter().map(Candidate::from).collect(),
            unknown: answer.unresolved.as_ref().map(ToString::to_string),
        }
    }
}

impl<'a> From<&'a libksym::Location> for Candidate<'a> {
    fn from(location: &'a libksym::Location) -> Self {
        Self {
            module: location.module.as_deref(),
            symbol: &location.symbol,
            offset: location.offset,
            size: location.size,
            section: location.section.as_deref(),
            link_address: Hex(location.link_address),
            address: location.address.map(Hex),
            frames: location.frames.iter().map(Frame::from).collect(),
            symbol_source: location.symbol_source.to_string_lossy(),
            line_source: location.line_source.as_ref().map(|path| path.to_string_lossy()),
        }
    }
}

impl<'a> From<&'a libksym::Frame> for Frame<'a> {
    fn from(frame: &'a libksym::Frame) -> Self {
        Self {
            function: frame.function.as_deref(),
            file: frame.file.as_deref(),
            line: frame.line,
            column: frame.column,
        }
    }
}
