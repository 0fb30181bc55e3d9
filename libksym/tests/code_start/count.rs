// SPDX-License-Identifier: MIT OR Apache-2.0
//! Counts instructions and pairs of instructions, and writes them as costs: `src/code/x86_costs.rs`.

use std::collections::HashMap;
use std::fmt::Write;

use iced_x86::{Decoder, DecoderOptions};

use super::kernel_text::KernelText;
use super::x86_token::{Field, Token, split};

/// Costs are in eighths of a bit.
const COSTS_PER_BIT: f64 = 8.0;
/// A token that was seen less often is one of the rare ones.
const MIN_TOKEN: u64 = 40;
/// A pair that was seen less often is judged by its second token.
const MIN_PAIR: u64 = 60;
/// A pair is kept if it saves so many bits in all, per million instructions.
const MIN_GAIN: f64 = 24.0;
/// The weight of what is known of the second token alone.
const PRIOR: f64 = 20.0;
/// The share of what is thought to be as likely as anything else.
const UNIFORM: f64 = 0.03;
/// An instruction that starts before the bytes ends within so many.
const MAX_REST: usize = 15;

/// What was counted.
#[derive(Default)]
pub struct Counts {
    tokens: HashMap<Token, u64>,
    pairs: HashMap<(Token, Token), u64>,
    fields: HashMap<(usize, u8), u64>,
    rests: [u64; MAX_REST],
    instructions: u64,
}

impl Counts {
    /// Adds the code of a file.
    pub fn add(&mut self, text: &KernelText) {
        for section in &text.sections {
            let mut previous = None;
            let mut expected = 0;
            for &(start, length) in &section.starts {
                let bytes = &section.bytes[start..start + length];
                let mut decoder = Decoder::with_ip(text.bits, bytes, 0, DecoderOptions::NONE);
                let instruction = decoder.decode();
                let offsets = decoder.get_constant_offsets(&instruction);
                let token = split(bytes, text.bits, &instruction, &offsets, &mut |field, byte| {
                    *self.fields.entry((field.index(), byte)).or_default() += 1;
                });
                *self.tokens.entry(token).or_default() += 1;
                if let Some(previous) = previous.filter(|_| start == expected) {
                    *self.pairs.entry((previous, token)).or_default() += 1;
                }
                // Each byte may be the first one of a line. If one byte only is missing, all are tried.
                for (first, byte) in bytes.iter().enumerate().skip(2) {
                    self.rests[length - first] += 1;
                    *self.fields.entry((Field::Rest.index(), *byte)).or_default() += 1;
                }
                (previous, expected) = (Some(token), start + length);
                self.instructions += 1;
            }
        }
    }

    /// The costs as Rust.
    pub fn to_source(&self) -> String {
        let mut tokens: Vec<Token> =
            self.tokens.iter().filter(|(_, count)| **count >= MIN_TOKEN).map(|(token, _)| *token).collect();
        tokens.sort_unstable();
        let rare = tokens.len();
        let id = |token: Token| tokens.binary_search(&token).unwrap_or(rare);
        let mut singles = vec![0_u64; rare + 1];
        self.tokens.iter().for_each(|(token, count)| singles[id(*token)] += count);
        let mut pairs = HashMap::<(usize, usize), u64>::new();
        self.pairs.iter().for_each(|((one, next), count)| {
            *pairs.entry((id(*one), id(*next))).or_default() += count;
        });
        let total = self.instructions as f64;
        // Each of the rare ones has a share of what they have together.
        let kinds = |token: usize| if token == rare { 200.0 } else { 1.0 };
        let single: Vec<f64> = singles
            .iter()
            .enumerate()
            .map(|(token, count)| (*count as f64).max(1.0) / total / kinds(token))
            .collect();
        let mut kept: Vec<(usize, usize, u8)> = pairs
            .iter()
            .filter(|(_, count)| **count >= MIN_PAIR)
            .filter_map(|(&(one, next), &count)| {
                let all = singles[one] as f64 + PRIOR;
                let alone = single[next];
                let together = (count as f64 / kinds(next) + PRIOR * alone) / all;
                let gain = (together / alone).log2().abs() * count as f64 / total * 1e6;
                (gain >= MIN_GAIN).then(|| (one, next, cost(together)))
            })
            .collect();
        kept.sort_unstable();
        // Pairs that are not kept share what the kept ones leave, in proportion to their second token.
        let mut left = vec![(1.0, 1.0); rare + 1];
        for &(one, next, cost) in &kept {
            left[one].0 -= 2_f64.powf(-f64::from(cost) / COSTS_PER_BIT);
            left[one].1 -= single[next];
        }
        let backoff: Vec<u8> = left
            .iter()
            .map(|(mass, alone): &(f64, f64)| cost((mass.max(0.002) / alone.max(0.002)).min(1.0)))
            .collect();
        let mut text = String::from(
            "// SPDX-License-Identifier: MIT OR Apache-2.0\n\
             //! How likely instructions are in a kernel, and one behind another. Costs are in eighths of a bit.\n\
             //!\n\
             //! Written by `cargo xtask accuracy --count-code`.\n\n",
        );
        let _ = writeln!(
            text,
            "/// Tokens of opcodes, sorted. Their indices are used below; the next one stands for any other."
        );
        rows(&mut text, "TOKENS", "u32", &tokens);
        let _ = writeln!(text, "/// The cost of each token.");
        rows(&mut text, "SINGLES", "u8", &single.iter().map(|share| cost(*share)).collect::<Vec<_>>());
        let _ = writeln!(text, "/// What is added behind each token if the pair is not in `PAIRS`.");
        rows(&mut text, "OTHER_PAIRS", "u8", &backoff);
        let _ = writeln!(text, "/// Where the pairs of each token start in `PAIRS`.");
        let starts: Vec<usize> =
            (0..=rare + 1).map(|token| kept.partition_point(|pair| pair.0 < token)).collect();
        rows(&mut text, "PAIR_STARTS", "u16", &starts);
        let _ = writeln!(text, "/// The second token of each pair.");
        rows(&mut text, "PAIR_TOKENS", "u16", &kept.iter().map(|pair| pair.1).collect::<Vec<_>>());
        let _ = writeln!(text, "/// The cost of the second token behind the first.");
        rows(&mut text, "PAIR_COSTS", "u8", &kept.iter().map(|pair| pair.2).collect::<Vec<_>>());
        let _ = writeln!(text, "/// The cost of each byte in each field, 256 for each.");
        let mut fields = Vec::new();
        for field in 0..Field::COUNT {
            let count = |byte: u8| self.fields.get(&(field, byte)).copied().unwrap_or(0) as f64;
            let all: f64 = (0..=255).map(count).sum::<f64>().max(1.0);
            fields.extend((0..=255).map(|byte| cost(count(byte) / all * (1.0 - UNIFORM) + UNIFORM / 256.0)));
        }
        rows(&mut text, "FIELDS", "u8", &fields);
        let _ = writeln!(
            text,
            "/// The cost of a rest of so many bytes of an instruction that misses two or more."
        );
        rows(&mut text, "RESTS", "u8", &self.rests.map(|count| cost((count as f64 / total).max(1e-6))));
        text.trim_end().to_owned() + "\n"
    }
}

fn cost(share: f64) -> u8 {
    (-share.log2() * COSTS_PER_BIT).round().clamp(0.0, 255.0) as u8
}

/// A static array, in rows of 110 columns.
fn rows<T: std::fmt::Display>(text: &mut String, name: &str, ty: &str, values: &[T]) {
    let _ = writeln!(text, "#[rustfmt::skip]\npub(super) static {name}: [{ty}; {}] = [", values.len());
    let mut row = String::from("   ");
    for value in values {
        let next = format!(" {value},");
        if row.len() + next.len() > 110 {
            let _ = writeln!(text, "{row}");
            row = String::from("   ");
        }
        row.push_str(&next);
    }
    let _ = writeln!(text, "{row}\n];\n");
}
