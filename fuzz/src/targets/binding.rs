// SPDX-License-Identifier: MIT OR Apache-2.0
//! Versions of a module loaded one after another: what becomes of each variable, the header of what is new,
//! and the values made from kept bytes. No two variables get the same place, what is bound lies within its
//! unit, and what has just been loaded can be loaded again.

use std::collections::HashSet;

use libmodfmt::elf::{ByteOrder, Class};
use libmodfmt::image::Bindings;
use libmodfmt::note;
use libmodfmt::persist::{
    Account, Fate, Header, InitialValue, KeptMemory, KeptPlace, NOTE_NAME, NOTE_TYPE, UnitPlace, Values,
    Wishes,
};

/// An input: how many bytes each header note has, in two bytes, the notes, and what the memory holds.
const VERSIONS: usize = 3;
/// No variable of a real module is larger, as far as conversions go.
const MAX_READ_BYTES: u64 = 64 << 10;

/// An input of this target: the versions in the order in which they are loaded.
#[must_use]
pub fn input(versions: [&Header; VERSIONS], memory: &[u8]) -> Option<Vec<u8>> {
    let mut input = Vec::new();
    let notes = versions.map(|header| header.to_note(ByteOrder::Little));
    let contents: Vec<&[u8]> = notes.iter().map(|section| content(section)).collect::<Option<_>>()?;
    for content in &contents {
        input.extend(u16::try_from(content.len()).ok()?.to_le_bytes());
    }
    contents.iter().for_each(|content| input.extend(*content));
    input.extend(memory);
    Some(input)
}

fn content(section: &[u8]) -> Option<&[u8]> {
    note::records(section, ByteOrder::Little).next()?.ok().map(|record| record.description)
}

/// Tries one input.
pub fn run(data: &[u8]) {
    loads(data);
}

/// Tries one input; how many of its versions may be loaded.
pub fn loads(data: &[u8]) -> usize {
    let Some((versions, memory)) = parse(data) else { return 0 };
    let mut kept: Vec<Header> = Vec::new();
    versions.iter().filter(|file| load(&mut kept, file, memory)).count()
}

fn parse(data: &[u8]) -> Option<(Vec<Header>, &[u8])> {
    let (lengths, mut rest) = data.split_at_checked(2 * VERSIONS)?;
    let mut versions = Vec::new();
    for length in lengths.chunks_exact(2) {
        let (content, behind) =
            rest.split_at_checked(usize::from(u16::from_le_bytes([length[0], length[1]])))?;
        let section = note::encode(NOTE_NAME, NOTE_TYPE, content, ByteOrder::Little);
        let mut header = Header::from_note(&section, ByteOrder::Little).ok()?;
        // What a file has, not what a keeper holds.
        header.owner = "foo".to_owned();
        header.generation = 1;
        header.fresh = false;
        (header.grown, header.unused, header.replaced) = (Vec::new(), Vec::new(), Vec::new());
        versions.push(header);
        rest = behind;
    }
    Some((versions, rest))
}

/// Whether the file may be loaded.
fn load(kept: &mut Vec<Header>, file: &Header, memory: &[u8]) -> bool {
    let headers: Vec<&Header> = kept.iter().collect();
    let wishes = Wishes::default();
    let values = Values {
        order: ByteOrder::Little,
        class: Class::Elf64,
        initial: vec![InitialValue::default(); file.units.len()],
        by_hand: HashSet::new(),
        memory: &Memory(memory),
    };
    let account = Account::with_values(&headers, file, &wishes, Some(&values));
    check(&account, file, &headers);
    if !account.is_allowed() {
        return false;
    }
    let bindings = Bindings::of(&account, file, &headers).expect("the account allows it");
    assert_eq!(bindings.units.len(), file.units.len());
    if let Some(header) = &bindings.generation {
        assert_eq!(header.units.len(), bindings.new_units.len());
        let written = header.to_note(ByteOrder::Little);
        assert_eq!(Header::from_note(&written, ByteOrder::Little).as_ref(), Ok(header));
    }
    kept.retain(|header| !bindings.spent.contains(&header.generation));
    kept.extend(bindings.generation);
    let headers: Vec<&Header> = kept.iter().collect();
    let again = Account::with_values(&headers, file, &wishes, Some(&values));
    let differences: Vec<String> = again.differences().map(ToString::to_string).collect();
    assert!(again.is_allowed(), "what was loaded cannot be loaded again: {differences:?}");
    assert_eq!(again.new_variables(), 0, "what was loaded is new when it is loaded again");
    true
}

fn check(account: &Account, file: &Header, kept: &[&Header]) {
    let _ = account.differences().map(ToString::to_string).collect::<Vec<_>>();
    for value in account.values.iter() {
        assert_eq!(value.bytes.len() as u64, file.units[value.unit].size);
        assert!(value.pointers.iter().all(|pointer| pointer.offset < file.units[value.unit].size));
        assert!(value.pointers.iter().all(|pointer| pointer.unit < file.units.len()));
    }
    if !account.is_allowed() {
        return;
    }
    assert_eq!(account.variables.len(), file.variables().count());
    assert_eq!(account.units.len(), file.units.len());
    let mut places = HashSet::new();
    for own in account.variables.iter().filter(|own| own.variable.size > 0) {
        let Some(place) = own.fate.place() else { continue };
        assert!(places.insert(place), "two variables have one place: {own:?}");
        let header = kept.iter().find(|header| header.generation == place.generation);
        let unit = header.and_then(|header| header.unit(place.ordinal)).expect("the unit is kept");
        let end = place.offset.saturating_add(own.variable.size);
        let room =
            if matches!(own.fate, Fate::InPlace { .. }) { unit.room } else { unit.size.max(unit.room) };
        assert!(end <= room, "{own:?} ends behind its unit");
        assert!(matches!(account.units[own.unit], UnitPlace::Kept { .. }), "{own:?}");
    }
}

/// Bytes that repeat, at addresses that are made up.
struct Memory<'a>(&'a [u8]);

impl KeptMemory for Memory<'_> {
    fn address(&self, generation: u32, ordinal: u32) -> Option<u64> {
        Some(
            0xffff_ffff_c000_0000_u64
                .wrapping_add(u64::from(generation) << 20)
                .wrapping_add(u64::from(ordinal) << 12),
        )
    }

    fn read(&self, place: KeptPlace, size: u64) -> Result<Vec<u8>, String> {
        if size > MAX_READ_BYTES {
            return Err("there are more bytes than this memory has".to_owned());
        }
        let start = usize::try_from(place.offset % (self.0.len().max(1) as u64)).unwrap_or(0);
        let bytes = self.0.iter().copied().chain([0]).cycle().skip(start);
        Ok(bytes.take(usize::try_from(size).unwrap_or(0)).collect())
    }
}
