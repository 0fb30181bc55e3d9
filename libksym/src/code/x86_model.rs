// SPDX-License-Identifier: MIT OR Apache-2.0
//! How likely an x86 instruction is in a kernel behind another one.

use iced_x86::{ConstantOffsets, Decoder, DecoderOptions, FlowControl, Instruction};

use super::input::Context;
use super::x86_costs::{FIELDS, OTHER_PAIRS, PAIR_COSTS, PAIR_STARTS, PAIR_TOKENS, RESTS, SINGLES, TOKENS};
use super::x86_token::{Field, split};

/// What an instruction costs that was never counted.
const UNKNOWN_COST: u32 = 200;

/// What a call out of the kernel costs.
const OUTSIDE_KERNEL: u32 = 80;
/// What a jump out of the function costs: to the part of it that is seldom run, or to another function.
const OUTSIDE_FUNCTION: u32 = 8;
/// What a short one costs.
const SHORT_OUTSIDE_FUNCTION: u32 = 64;

/// What a prefix costs that is there already.
const REPEATED_PREFIX: u32 = 160;

/// The unit of costs.
const COSTS_PER_BIT: f64 = 8.0;

/// Opcode of an instruction: an index of [`TOKENS`], or their number.
pub(super) type Opcode = usize;

/// The opcode of a valid instruction, with which the bytes begin, and what its other bytes cost.
pub(super) fn opcode(
    bytes: &[u8],
    bits: u32,
    instruction: &Instruction,
    offsets: &ConstantOffsets,
) -> (Opcode, u32) {
    let bytes = bytes.get(..instruction.len()).unwrap_or(bytes);
    let mut cost = repeated_prefixes(bytes).saturating_mul(REPEATED_PREFIX);
    let token = split(bytes, bits, instruction, offsets, &mut |field, byte| {
        cost = cost.saturating_add(field_cost(field, byte));
    });
    (TOKENS.binary_search(&token).unwrap_or(TOKENS.len()), cost)
}

/// How many prefixes are there more than once. Assemblers repeat only `66`, in long no-ops.
fn repeated_prefixes(bytes: &[u8]) -> u32 {
    let is_prefix =
        |byte: &&u8| matches!(byte, 0x26 | 0x2e | 0x36 | 0x3e | 0x64 | 0x65 | 0x67 | 0xf0 | 0xf2 | 0xf3);
    let prefixes = bytes.iter().take_while(|byte| is_prefix(byte) || **byte == 0x66).filter(is_prefix);
    let (mut seen, mut repeated) = ([false; 256], 0_u32);
    for &prefix in prefixes {
        if let Some(seen) = seen.get_mut(usize::from(prefix)) {
            repeated = repeated.saturating_add(u32::from(*seen));
            *seen = true;
        }
    }
    repeated
}

/// What an opcode costs behind another one, in eighths of a bit.
pub(super) fn pair_cost(previous: Option<Opcode>, opcode: Opcode) -> u32 {
    let single = SINGLES.get(opcode).map_or(UNKNOWN_COST, |&cost| u32::from(cost));
    let Some(previous) = previous else { return single };
    let start = PAIR_STARTS.get(previous).map_or(0, |&start| usize::from(start));
    let end = PAIR_STARTS.get(previous.saturating_add(1)).map_or(start, |&end| usize::from(end));
    let pairs = PAIR_TOKENS.get(start..end).unwrap_or_default();
    match pairs.binary_search_by(|&token| usize::from(token).cmp(&opcode)) {
        Ok(at) => PAIR_COSTS.get(start.saturating_add(at)).map_or(single, |&cost| u32::from(cost)),
        Err(_) => single.saturating_add(OTHER_PAIRS.get(previous).map_or(0, |&cost| u32::from(cost))),
    }
}

/// What it costs that the bytes begin with the rest of an instruction, and the likeliest opcode of that
/// instruction if one byte of it is missing.
pub(super) fn rest_cost(rest: &[u8], bits: u32) -> (Option<Opcode>, u32) {
    if rest.is_empty() {
        return (None, 0);
    }
    let length = RESTS.get(rest.len()).map_or(UNKNOWN_COST, |&cost| u32::from(cost));
    let more = rest.iter().fold(length, |cost, &byte| cost.saturating_add(field_cost(Field::Rest, byte)));
    let mut weight = (-f64::from(more) / COSTS_PER_BIT).exp2();
    let mut likeliest = (None, more);
    // With each of the bytes that may be missing, one behind the other: a decoder for each takes longer than
    // what it decodes.
    let size = rest.len().saturating_add(1);
    let mut all = Vec::with_capacity(size.saturating_mul(256));
    for first in 0..=u8::MAX {
        all.push(first);
        all.extend_from_slice(rest);
    }
    let mut decoder = Decoder::new(bits, &all, DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    for (number, bytes) in all.chunks_exact(size).enumerate() {
        if decoder.set_position(number.saturating_mul(size)).is_err() {
            break;
        }
        decoder.decode_out(&mut instruction);
        // One that is longer reaches into what stands behind it.
        if instruction.is_invalid() || instruction.len() != size {
            continue;
        }
        let offsets = decoder.get_constant_offsets(&instruction);
        let (opcode, cost) = opcode(bytes, bits, &instruction, &offsets);
        let cost = cost.saturating_add(pair_cost(None, opcode));
        weight += (-f64::from(cost) / COSTS_PER_BIT).exp2();
        if cost < likeliest.1 {
            likeliest = (Some(opcode), cost);
        }
    }
    let cost = (-weight.log2() * COSTS_PER_BIT).clamp(0.0, f64::from(u32::MAX >> 8));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    (likeliest.0, cost as u32)
}

/// What is against the target of a call or jump.
pub(super) fn branch_cost(instruction: &Instruction, bits: u32, context: &Context<'_>) -> u32 {
    let is_jump = matches!(
        instruction.flow_control(),
        FlowControl::ConditionalBranch | FlowControl::UnconditionalBranch
    );
    if !is_jump && instruction.flow_control() != FlowControl::Call {
        return 0;
    }
    let target = instruction.near_branch_target();
    // The kernel and its modules are in the highest 2 GiB.
    let is_kernel = |address: u64| address >= 0xffff_ffff_8000_0000;
    if bits == 64 && context.pc.is_some_and(is_kernel) && !is_kernel(target) {
        return OUTSIDE_KERNEL;
    }
    let Some(function) = context.function else { return 0 };
    let Some(size) = function.size else { return 0 };
    let function = context.pc.unwrap_or(0).wrapping_sub(function.offset);
    let is_inside = |address: u64| address.wrapping_sub(function) < size;
    if is_jump && is_inside(instruction.ip()) && !is_inside(target) {
        return if instruction.len() == 2 { SHORT_OUTSIDE_FUNCTION } else { OUTSIDE_FUNCTION };
    }
    0
}

fn field_cost(field: Field, byte: u8) -> u32 {
    let at = field.index().saturating_mul(256).saturating_add(usize::from(byte));
    FIELDS.get(at).map_or(0, |&cost| u32::from(cost))
}
