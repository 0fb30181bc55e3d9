// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which slab cache an address of the heap belongs to.
//!
//! As the kernel itself does it: from the address to its page (x86-64: `page_offset_base`, `vmemmap_base`),
//! to the first page of the slab, to the cache. The layout of `struct page` and of `struct slab` is taken
//! from the kernel's BTF. How a page says that it is a slab's has changed: by the flag `PG_slab` until 6.9,
//! by the complement of a bit in `page_type` in 6.10 and 6.11, by the highest byte of `page_type` since 6.12.
//! A page behind the first one of several has a pointer to that in `compound_head`, with bit 0 set; since 7.0
//! that is `compound_info`, and may be a mask for the page's own address instead.

use std::ops::Range;

use libmodfmt::btf::{Btf, BtfTypes, Kind};
use libmodfmt::types::{Type, TypeId, Types};

use super::symbols::Symbols;
use crate::show::memory::Memory;

const PAGE_BYTES: u64 = 4096;
/// `PAGE_TYPE_BASE` of 6.10
const PAGE_TYPE_BASE: u64 = 0xf000_0000;
/// Longest name of a cache that is read.
const MAX_NAME_BYTES: u64 = 64;

/// How a page says that it is a slab's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SlabMark {
    /// A bit of `page.flags`.
    Flag(u64),
    /// A bit of `page.page_type` that is clear.
    ClearBit(u64),
    /// The highest byte of `page.page_type`.
    Byte(u64),
}

/// What is known about this kernel's heap.
#[derive(Debug)]
pub(super) struct Slabs {
    direct_map: u64,
    vmemmap: u64,
    vmalloc: u64,
    pages: u64,
    page_bytes: u64,
    mark: SlabMark,
    flags: u64,
    page_type: Option<u64>,
    compound_info: u64,
    /// Of `struct slab`, or of `struct page` before 5.17.
    slab_cache: u64,
    cache_name: u64,
    cache_size: u64,
    red_left_pad: Option<u64>,
}

impl Slabs {
    /// `None` if this kernel does not tell.
    pub(super) fn of(btf: &Btf<'_>, symbols: &Symbols, memory: &Memory<'_>) -> Option<Self> {
        let word = |name: &str| memory.number(symbols.address(name)?, 8);
        let page = btf.find_struct("page")?;
        let cache = btf.find_struct("kmem_cache")?;
        let member =
            |id, name: &str| btf.member(id, name).ok().flatten().and_then(|member| member.byte_offset());
        let slab_cache = match btf.find_struct("slab") {
            Some(slab) => member(slab, "slab_cache")?,
            None => member(page, "slab_cache")?,
        };
        Some(Self {
            direct_map: word("page_offset_base")?,
            vmemmap: word("vmemmap_base")?,
            vmalloc: word("vmalloc_base")?,
            pages: word("max_pfn")?,
            page_bytes: btf.size_of(page).ok().filter(|size| *size > 0)?,
            mark: mark(btf)?,
            flags: member(page, "flags")?,
            page_type: member(page, "page_type"),
            compound_info: member(page, "compound_head").or_else(|| member(page, "compound_info"))?,
            slab_cache,
            cache_name: member(cache, "name")?,
            cache_size: member(cache, "size")?,
            red_left_pad: member(cache, "red_left_pad"),
        })
    }

    /// Kind and name for an address: `slab` and `slab kmalloc-64+0x10`, or `heap` or `vmalloc` without more.
    pub(super) fn name(&self, address: u64, memory: &Memory<'_>) -> Option<(&'static str, String)> {
        if (self.vmalloc..self.vmemmap).contains(&address) {
            return Some(("vmalloc", "vmalloc".to_owned()));
        }
        let number = address.checked_sub(self.direct_map)?.checked_div(PAGE_BYTES)?;
        if number >= self.pages {
            return None;
        }
        let name = self.slab(number, address, memory);
        Some(name.map_or_else(|| ("heap", "heap".to_owned()), |name| ("slab", name)))
    }

    /// By what a page behind the first one has. A mask begins with ones, far above all pages.
    fn first_page(&self, page: u64, info: u64) -> Option<u64> {
        let end = self.vmemmap.checked_add(self.pages.checked_mul(self.page_bytes)?)?;
        Some(first_page(self.vmemmap..end, page, info))
    }

    fn slab(&self, page_number: u64, address: u64, memory: &Memory<'_>) -> Option<String> {
        let mut page = self.vmemmap.checked_add(page_number.checked_mul(self.page_bytes)?)?;
        let info = memory.number(page.checked_add(self.compound_info)?, 8)?;
        if info & 1 != 0 {
            page = self.first_page(page, info)?;
        }
        let is_slab = match self.mark {
            SlabMark::Flag(bit) => {
                let flags = memory.number(page.checked_add(self.flags)?, 8)?;
                flags.checked_shr(u32::try_from(bit).ok()?)? & 1 != 0
            }
            SlabMark::ClearBit(bit) => {
                let kind = memory.number(page.checked_add(self.page_type?)?, 4)?;
                kind & (PAGE_TYPE_BASE | bit) == PAGE_TYPE_BASE
            }
            SlabMark::Byte(byte) => memory.number(page.checked_add(self.page_type?)?, 4)? >> 24 == byte,
        };
        if !is_slab {
            return None;
        }
        let cache = memory.number(page.checked_add(self.slab_cache)?, 8)?;
        let name = memory.text(memory.number(cache.checked_add(self.cache_name)?, 8)?, MAX_NAME_BYTES)?;
        let size = memory.number(cache.checked_add(self.cache_size)?, 4)?;
        let pad = self.red_left_pad.and_then(|offset| memory.number(cache.checked_add(offset)?, 4));
        let first = page.checked_sub(self.vmemmap)?.checked_div(self.page_bytes)?.checked_mul(PAGE_BYTES)?;
        let start = self.direct_map.checked_add(first)?.checked_add(pad.unwrap_or(0))?;
        let offset = address.checked_sub(start)?.checked_rem(size)?;
        // A cache may have the name of a function.
        Some(if offset == 0 { format!("slab {name}") } else { format!("slab {name}+{offset:#x}") })
    }
}

/// By what a page of these has in `compound_info`, with bit 0 set.
fn first_page(pages: Range<u64>, page: u64, info: u64) -> u64 {
    let pointer = info & !1;
    if pages.contains(&pointer) { pointer } else { page & info }
}

fn mark(btf: &Btf<'_>) -> Option<SlabMark> {
    let types = BtfTypes::new(btf);
    let value = |tag: &str, name: &str| {
        let id = btf.find(Kind::Enum, tag)?;
        let ty = types.get(TypeId(id.0));
        let Type::Enumeration { values, .. } = &*ty else { return None };
        values.iter().find(|(own, _)| own == name).map(|(_, value)| *value)
    };
    let flag = value("pageflags", "PG_slab").map(SlabMark::Flag);
    let byte = || value("pagetype", "PGTY_slab").map(SlabMark::Byte);
    let bit = || value("pagetype", "PG_slab").map(SlabMark::ClearBit);
    flag.or_else(byte).or_else(bit)
}

#[cfg(test)]
mod tests {
    use super::first_page;

    #[test]
    fn the_first_page_of_several() {
        let vmemmap = 0xffff_ea00_0000_0000;
        let pages = vmemmap..vmemmap + (1 << 30);
        let (first, page) = (vmemmap + 0x4_0200, vmemmap + 0x4_0340);
        assert_eq!(first_page(pages.clone(), page, first | 1), first, "a pointer");
        // Eight pages, each of 64 bytes.
        assert_eq!(first_page(pages, page, !0x1ff | 1), first, "a mask");
    }
}
