// SPDX-License-Identifier: MIT OR Apache-2.0
//! `findings` of the JSON output.

use liboops::report::{Hex, Span};
use serde::Serialize;

use super::answer::Answer;
use super::listing::Listing;
use crate::decode::{Annotation, AnnotationKind};
use crate::persistent::{PersistentAddress, TokenAddress};
use crate::render::text;

/// An annotation.
#[derive(Debug, Serialize)]
pub(super) struct Finding<'a> {
    span: Span,
    /// The lines of the annotated output.
    words: Vec<String>,
    #[serde(flatten)]
    kind: Kind<'a>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Kind<'a> {
    Summary { lines: &'a [String] },
    Place { label: Option<&'static str>, name: &'a str, answer: Answer<'a> },
    Persistent { label: &'a str, hit: &'a PersistentAddress },
    Token { label: &'a str, hit: &'a TokenAddress },
    Data { label: &'a str, address: Hex, answer: Answer<'a> },
    Explained { text: &'a str },
    Code { listing: Listing<'a> },
    CalledAddress { address: Hex },
    NoCode { why: &'a str },
}

impl<'a> Finding<'a> {
    /// `None` for statements about the report as a whole, which have a field of their own.
    pub fn of(annotation: &'a Annotation) -> Option<Self> {
        let kind = Kind::of(&annotation.kind)?;
        let words = text::lines(&annotation.kind, None).into_iter().map(|line| line.text).collect();
        Some(Self { span: annotation.span, words, kind })
    }
}

impl<'a> Kind<'a> {
    fn of(kind: &'a AnnotationKind) -> Option<Self> {
        Some(match kind {
            AnnotationKind::Why(_) => return None,
            AnnotationKind::Summary(lines) => Self::Summary { lines },
            AnnotationKind::Code { label, name, answer } => {
                Self::Place { label: *label, name, answer: answer.into() }
            }
            AnnotationKind::Persistent { label, address } => Self::Persistent { label, hit: address },
            AnnotationKind::Token { label, address } => Self::Token { label, hit: address },
            AnnotationKind::Data { label, address, answer } => {
                Self::Data { label, address: Hex(*address), answer: answer.into() }
            }
            AnnotationKind::Explained(text) => Self::Explained { text },
            AnnotationKind::Instructions(listing) => Self::Code { listing: Listing::from(&**listing) },
            AnnotationKind::CalledAddress(address) => Self::CalledAddress { address: Hex(*address) },
            AnnotationKind::NoInstructions(why) => Self::NoCode { why },
        })
    }
}
