// SPDX-License-Identifier: MIT OR Apache-2.0
//! How far the kernel was moved at boot (KASLR).

use super::find::Warnings;
use super::sources::{KaslrHint, KaslrPair};
use super::warning::Warning;
use std::fmt;

/// The slide: run-time address minus link-time address, modulo 2^64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slide {
    /// The difference in bytes.
    pub offset: u64,
    /// Who says so.
    pub source: SlideSource,
}

/// Who tells the slide, the most trusted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SlideSource {
    /// The user.
    Option,
    /// The report's `Kernel Offset:`.
    KernelOffset,
    /// Places that the report gives both as address and as symbol.
    Pairs,
    /// The journal.
    Journal,
    /// The saved `/proc/kallsyms`, compared with the kernel's file.
    Kallsyms,
    /// The kernel is from before there was a slide.
    Release,
}

impl fmt::Display for SlideSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Option => "option",
            Self::KernelOffset => "the report's Kernel Offset",
            Self::Pairs => "addresses and symbols of the report",
            Self::Journal => "the journal",
            Self::Kallsyms => "kallsyms",
            Self::Release => "the kernel's age",
        })
    }
}

/// Releases from before x86 had a slide.
fn is_before_slides(release: &str) -> bool {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < (3, 14),
        _ => false,
    }
}

/// Works out the slide. `link_address` tells a symbol's address at link time, if it is one only and
/// the size fits; `kallsyms` what the saved table says.
pub(super) fn work_out(
    hint: &KaslrHint,
    release: Option<&str>,
    kallsyms: Option<u64>,
    link_address: &dyn Fn(&str, Option<u64>) -> Option<u64>,
    warnings: &Warnings,
) -> Option<Slide> {
    let from_journal = || {
        let (symbol, address) = hint.journal.as_ref()?;
        Some((SlideSource::Journal, address.wrapping_sub(link_address(symbol, None)?)))
    };
    let all = hint.option.map(|offset| (SlideSource::Option, offset)).into_iter();
    let all = all.chain(hint.kernel_offset.map(|offset| (SlideSource::KernelOffset, offset)));
    let all = all.chain(of_pairs(&hint.pairs, link_address).map(|offset| (SlideSource::Pairs, offset)));
    let mut all = all.chain(from_journal()).chain(kallsyms.map(|offset| (SlideSource::Kallsyms, offset)));
    let Some((source, offset)) = all.next() else {
        if hint.disabled {
            return Some(Slide { offset: 0, source: SlideSource::KernelOffset });
        }
        let old = release.is_some_and(is_before_slides);
        return old.then_some(Slide { offset: 0, source: SlideSource::Release });
    };
    for (other_source, other) in all.filter(|&(_, other)| other != offset) {
        warnings.push(Warning::Slide {
            used: offset,
            source_used: source,
            other,
            source_other: other_source,
        });
    }
    Some(Slide { offset, source })
}

/// What the report's addresses with symbols say.
pub(super) fn of_pairs<'p>(
    pairs: &'p [KaslrPair],
    link_address: &'p dyn Fn(&str, Option<u64>) -> Option<u64>,
) -> impl Iterator<Item = u64> + 'p {
    let from_pair = |pair: &KaslrPair| {
        let place = link_address(&pair.symbol, pair.size)?.wrapping_add(pair.offset);
        Some(pair.address.wrapping_sub(place))
    };
    pairs.iter().filter_map(from_pair).filter(|&offset| is_possible(offset))
}

/// The kernel is moved by whole pages; what is not is a hashed address, or a symbol of another build.
fn is_possible(offset: u64) -> bool {
    offset & 0xfff == 0
}
