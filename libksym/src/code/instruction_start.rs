// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds the start of the first instruction.
//!
//! A `Code:` line begins a fixed number of bytes before the marker, usually in the middle of an instruction.
//! Every start from which instructions lead to the marker is weighed: how likely each instruction is behind
//! the one before it, whether calls go into the kernel, whether jumps go to where an instruction starts.
//! Different starts usually meet after a few instructions, so the further on, the surer: what is shown begins
//! where most of the weight has met.

use std::cell::OnceCell;

use super::disassembler::Disassembler;
use super::input::Context;

/// Only so many bytes before the marker are weighed.
const MAX_WEIGHED_BYTES: usize = 512;
/// Costs are in eighths of a bit. Instructions depend on each other, so a bit counts less than it would
/// alone.
const COST_OF_HALF: f64 = 10.0;
/// Instructions are shown from where this much of the weight has met.
const MIN_SHOWN: f64 = 0.9;
/// Up to this much they are marked as doubtful.
const MIN_SURE: f64 = 0.98;
/// What a jump costs into the middle of an instruction.
const INTO_INSTRUCTION: u32 = 64;

/// Where the instructions before the marker start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Start {
    /// Index of the first one that is shown.
    pub(super) first: usize,
    /// Index of the first one that is not doubtful.
    pub(super) sure: usize,
}

/// An instruction at one index.
#[derive(Clone, Copy, Debug)]
struct Step {
    valid: bool,
    next: usize,
    /// Index that it jumps to.
    target: Option<usize>,
}

/// One way of reading the bytes.
struct Reading {
    /// For each index up to the marker: does an instruction start there?
    starts: Vec<bool>,
    cost: u32,
}

/// The most likely start of the instructions that lead to the marker; the marker itself if there are none. An
/// instruction is known to start at the index `known`.
pub(super) fn find(
    disassembler: &dyn Disassembler,
    bytes: &[u8],
    marker: usize,
    known: Option<usize>,
    context: &Context<'_>,
    address: &dyn Fn(usize) -> u64,
) -> Start {
    let step = disassembler.alignment();
    // Of one size each.
    if disassembler.knows_length() && step == 4 {
        let first = marker % step;
        return Start { first, sure: first };
    }
    let window = Window::new(disassembler, bytes, marker, known, context, address);
    let readings = window.readings();
    let Some(least) = readings.iter().map(|reading| reading.cost).min() else {
        return Start { first: marker, sure: marker };
    };
    let weights: Vec<f64> =
        readings.iter().map(|reading| (-f64::from(reading.cost - least) / COST_OF_HALF).exp2()).collect();
    let total: f64 = weights.iter().sum();
    let best = readings.iter().find(|reading| reading.cost == least);
    let share = |index: usize| {
        let agree = readings.iter().zip(&weights);
        let agree = agree.filter(|(reading, _)| reading.starts.get(index).copied().unwrap_or(false));
        agree.map(|(_, weight)| weight).sum::<f64>() / total
    };
    let starts: Vec<usize> = best
        .into_iter()
        .flat_map(|reading| (0..marker).filter(|&index| reading.starts.get(index) == Some(&true)))
        .collect();
    let from = |least: f64| starts.iter().copied().find(|&index| share(index) >= least).unwrap_or(marker);
    Start { first: from(MIN_SHOWN), sure: from(MIN_SURE) }
}

struct Window<'a> {
    disassembler: &'a dyn Disassembler,
    bytes: &'a [u8],
    marker: usize,
    /// Index of the first byte that is weighed.
    begin: usize,
    /// Index at which an instruction starts.
    known: Option<usize>,
    context: &'a Context<'a>,
    address: &'a dyn Fn(usize) -> u64,
    /// The instruction at each index.
    steps: Vec<Step>,
    /// The opcode and cost of the instruction at each index: different readings soon have the same ones.
    costs: Vec<OnceCell<(usize, u32)>>,
    /// Where the instructions from the marker on start.
    behind: Vec<bool>,
}

impl<'a> Window<'a> {
    fn new(
        disassembler: &'a dyn Disassembler,
        bytes: &'a [u8],
        marker: usize,
        known: Option<usize>,
        context: &'a Context<'a>,
        address: &'a dyn Fn(usize) -> u64,
    ) -> Self {
        let mut begin = marker.saturating_sub(MAX_WEIGHED_BYTES);
        begin = begin.saturating_add(marker.saturating_sub(begin) % disassembler.alignment());
        let step = |index: usize| {
            let outline = disassembler.outline(bytes.get(index..).unwrap_or_default(), address(index));
            let target = outline.branch_target.and_then(|target| {
                usize::try_from(target.wrapping_sub(address(0))).ok().filter(|&target| target < bytes.len())
            });
            let valid = outline.valid || disassembler.knows_length();
            Step { valid, next: index.saturating_add(outline.length.max(1)), target }
        };
        let steps: Vec<Step> = (0..bytes.len().min(marker.saturating_add(MAX_WEIGHED_BYTES)))
            .map(
                |index| {
                    if index < begin { Step { valid: false, next: 0, target: None } } else { step(index) }
                },
            )
            .collect();
        let mut behind = vec![false; steps.len()];
        let mut at = marker;
        while let (Some(step), Some(start)) = (steps.get(at), behind.get_mut(at)) {
            *start = true;
            if !step.valid {
                break;
            }
            at = step.next;
        }
        let costs = vec![OnceCell::new(); steps.len()];
        Self { disassembler, bytes, marker, begin, known, context, address, steps, costs, behind }
    }

    /// The readings from each start. Those in which no instruction starts where one is known to start are
    /// left out.
    fn readings(&self) -> Vec<Reading> {
        let step = self.disassembler.alignment();
        // An instruction that starts before the bytes ends within this many.
        let longest = self.disassembler.most_bytes();
        let last = self.marker.min(self.begin.saturating_add(longest.saturating_sub(1)));
        let starts = (self.begin..=last).step_by(step).filter(|&start| start < self.marker);
        let readings: Vec<Reading> = starts.filter_map(|start| self.reading(start)).collect();
        let fits = |reading: &Reading| {
            self.known.is_some_and(|known| reading.starts.get(known).copied().unwrap_or(false))
        };
        if readings.iter().any(fits) { readings.into_iter().filter(fits).collect() } else { readings }
    }

    /// `None` if the instructions from there do not lead to the marker.
    fn reading(&self, start: usize) -> Option<Reading> {
        let mut starts = vec![false; self.marker.saturating_add(1)];
        let mut at = start;
        while at < self.marker {
            at = self.steps.get(at).filter(|step| step.valid)?.next;
        }
        (at == self.marker).then_some(())?;
        let (mut previous, mut cost) = self.disassembler.rest_cost(self.bytes.get(self.begin..start)?);
        at = start;
        while at < self.marker {
            let step = self.steps.get(at).filter(|step| step.valid)?;
            *starts.get_mut(at)? = true;
            let (opcode, own) = *self.costs.get(at)?.get_or_init(|| {
                let bytes = self.bytes.get(at..).unwrap_or_default();
                self.disassembler.cost(bytes, (self.address)(at), self.context)
            });
            let pair = self.disassembler.pair_cost(previous, opcode);
            cost = cost.saturating_add(own.saturating_add(pair));
            (previous, at) = (Some(opcode), step.next);
        }
        *starts.get_mut(at)? = true;
        let jumps = self.steps.iter().enumerate().filter(|(index, _)| match starts.get(*index) {
            Some(start) => *start,
            None => self.behind.get(*index).copied().unwrap_or(false),
        });
        for target in jumps.filter_map(|(_, step)| step.target).filter(|&target| target >= start) {
            let hits = match starts.get(target) {
                Some(hits) => *hits,
                None => self.behind.get(target).copied().unwrap_or(true),
            };
            if !hits {
                cost = cost.saturating_add(INTO_INSTRUCTION);
            }
        }
        Some(Reading { starts, cost })
    }
}
