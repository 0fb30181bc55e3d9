// SPDX-License-Identifier: MIT OR Apache-2.0
//! `disassemble`: the code around a place as the file has it, or the bytes of a `Code:` line.

use libksym::Query;
use libksym::code::{Architecture, CodeBytes, Context, decode};
use serde::Serialize;
use serde_json::Value;

use super::error::{ErrorCode, ServeError};
use super::kept::KeptKernel;
use super::place;
use super::request;
use super::value::value;
use crate::render;

/// Bytes before and after a place, if the request does not say.
const USUAL_BYTES: usize = 64;
/// No function is read any further.
const MAX_BYTES: usize = 1 << 16;

/// Names of instruction sets: those that `uname -m` prints, and those that only a program's code has.
const ARCHITECTURES: [(&str, Architecture); 16] = [
    ("x86_64", Architecture::X86_64),
    ("i386", Architecture::X86),
    ("aarch64", Architecture::Arm64),
    ("arm", Architecture::Arm),
    ("thumb", Architecture::Thumb),
    ("riscv64", Architecture::Riscv64),
    ("riscv32", Architecture::Riscv32),
    ("ppc64le", Architecture::PowerPc64Le),
    ("ppc64", Architecture::PowerPc64),
    ("ppc", Architecture::PowerPc),
    ("s390x", Architecture::S390x),
    ("mips", Architecture::Mips),
    ("mips64", Architecture::Mips64),
    ("micromips", Architecture::MicroMips),
    ("sparc64", Architecture::Sparc64),
    ("loongarch64", Architecture::LoongArch64),
];

#[derive(Serialize)]
struct Disassembled<'a> {
    answer: Option<render::Answer<'a>>,
    listing: render::Listing<'a>,
}

pub(super) fn answer(request: &request::Disassemble, kernel: &KeptKernel) -> Result<Value, ServeError> {
    match (&request.place, &request.code) {
        (Some(place), None) if is_around(request) => around(&place::query(place)?, request, kernel),
        (None, Some(code)) if request.before.is_none() && request.after.is_none() => {
            bytes(code, request, kernel)
        }
        _ => Err(ServeError::bad_request(
            "it takes a place, before and after, or code, marker, arch, pc, registers and fault_address",
        )),
    }
}

/// Whether a request has no field of the other form.
fn is_around(request: &request::Disassemble) -> bool {
    let request::Disassemble { marker, arch, pc, registers, fault_address, .. } = request;
    marker.is_none() && arch.is_none() && pc.is_none() && registers.is_empty() && fault_address.is_none()
}

fn around(query: &Query, request: &request::Disassemble, kernel: &KeptKernel) -> Result<Value, ServeError> {
    let resolver = &kernel.context().0.resolver;
    let answer = resolver.symbolize(query);
    let bytes = |count: Option<usize>| count.unwrap_or(USUAL_BYTES).min(MAX_BYTES);
    let no_code = |words: String| ServeError::new(ErrorCode::NoCode, words);
    let listing = match answer.candidates.as_slice() {
        [only] => resolver.disassemble(only, bytes(request.before), bytes(request.after)),
        [] => {
            let why = answer.unresolved.as_ref().map(ToString::to_string);
            return Err(no_code(why.unwrap_or_else(|| "nothing is known of this place".to_owned())));
        }
        several => return Err(no_code(format!("{} functions have this name", several.len()))),
    };
    let listing = listing.map_err(|error| no_code(error.to_string()))?;
    value(&Disassembled { answer: Some((&answer).into()), listing: (&listing).into() })
}

fn bytes(code: &str, request: &request::Disassemble, kernel: &KeptKernel) -> Result<Value, ServeError> {
    let known = |name: &String| ARCHITECTURES.iter().find(|(known, _)| known == name);
    let Some((_, architecture)) = request.arch.as_ref().and_then(known) else {
        let names: Vec<_> = ARCHITECTURES.iter().map(|(name, _)| *name).collect();
        return Err(ServeError::bad_request(format!("arch is one of {}", names.join(", "))));
    };
    let Some(bytes) = hex(code).filter(|bytes| bytes.len() <= MAX_BYTES) else {
        let words = format!("code is up to {MAX_BYTES} bytes, of two hexadecimal digits each");
        return Err(ServeError::bad_request(words));
    };
    let resolver = &kernel.context().0.resolver;
    let symbolize = |address: u64| {
        let answer = resolver.symbolize(&Query::address(address));
        let [only] = answer.candidates.as_slice() else { return None };
        let module = only.module.as_ref().map(|module| format!(" [{module}]")).unwrap_or_default();
        Some(format!("{}+{:#x}{module}", only.symbol, only.offset))
    };
    let register = |name: &str| request.registers.get(name).map(|value| value.0);
    let mut context = Context::default();
    context.pc = request.pc.map(|pc| pc.0);
    context.register = &register;
    context.fault_address = request.fault_address.map(|address| address.0);
    context.symbolize = &symbolize;
    let listing = decode(*architecture, &CodeBytes::new(bytes, request.marker), &context);
    let listing = listing.map_err(|error| ServeError::new(ErrorCode::NoCode, error))?;
    value(&Disassembled { answer: None, listing: (&listing).into() })
}

/// Bytes of two digits each, with or without blanks between them.
fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .filter(|letter| !letter.is_ascii_whitespace())
        .map(|letter| letter.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let (pairs, rest) = digits.as_ref()?.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
