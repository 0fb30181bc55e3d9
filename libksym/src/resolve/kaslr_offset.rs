// SPDX-License-Identifier: MIT OR Apache-2.0
//! Works out how far the kernel was moved at boot (KASLR).

use crate::kaslr_hint::{KaslrHint, KaslrOffset, KaslrPair, KaslrSource};
use crate::warning::Warning;
use crate::warning_log::WarningLog;

/// Returns the linked address of a symbol if exactly one has that name and size.
type LinkAddress<'a> = dyn Fn(&str, Option<u64>) -> Option<u64> + 'a;

/// Works out the KASLR offset. `by_kallsyms` is what the saved table says.
pub(super) fn work_out(
    hint: &KaslrHint,
    release: Option<&str>,
    by_kallsyms: Option<u64>,
    link_address: &LinkAddress<'_>,
    warnings: &WarningLog,
) -> Option<KaslrOffset> {
    let by_journal = || {
        let (symbol, address) = hint.journal.as_ref()?;
        Some((KaslrSource::Journal, address.wrapping_sub(link_address(symbol, None)?)))
    };
    let all = hint.option.map(|bytes| (KaslrSource::Option, bytes)).into_iter();
    let all = all.chain(hint.kernel_offset.map(|bytes| (KaslrSource::KernelOffset, bytes)));
    let all = all.chain(of_pairs(&hint.pairs, link_address).map(|bytes| (KaslrSource::Pairs, bytes)));
    let mut all = all.chain(by_journal()).chain(by_kallsyms.map(|bytes| (KaslrSource::Kallsyms, bytes)));
    let Some((source, bytes)) = all.next() else {
        if hint.disabled {
            return Some(KaslrOffset { bytes: 0, source: KaslrSource::KernelOffset });
        }
        let old = release.is_some_and(is_before_kaslr);
        return old.then_some(KaslrOffset { bytes: 0, source: KaslrSource::Release });
    };
    for (source_other, other) in all.filter(|&(_, other)| other != bytes) {
        warnings.push(Warning::KaslrOffset { used: bytes, source_used: source, other, source_other });
    }
    Some(KaslrOffset { bytes, source })
}

/// The offsets that the report's addresses with symbols imply.
pub(super) fn of_pairs<'p>(
    pairs: &'p [KaslrPair],
    link_address: &'p LinkAddress<'_>,
) -> impl Iterator<Item = u64> + 'p {
    let of_pair = |pair: &KaslrPair| {
        let linked = link_address(&pair.symbol, pair.size)?.wrapping_add(pair.offset);
        Some(pair.address.wrapping_sub(linked))
    };
    pairs.iter().filter_map(of_pair).filter(|&bytes| is_possible(bytes))
}

/// The kernel is moved by whole pages. Otherwise the address is hashed, or the symbol is of another build.
fn is_possible(bytes: u64) -> bool {
    bytes & 0xfff == 0
}

/// x86 has had KASLR since 3.14, the other architectures since later releases.
fn is_before_kaslr(release: &str) -> bool {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < (3, 14),
        _ => false,
    }
}
