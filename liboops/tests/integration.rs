// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the parser from outside, in one binary.
#[cfg(test)]
mod suite {
    mod common;
    mod context;
    mod damage;
    mod exact;
    mod example;
    mod fragments;
    mod kinds;
    mod memory;
    mod messages;
    mod other_tasks;
    mod panic_codes;
    mod pieces;
    mod prefixes;
    mod processors;
    mod spans;
    mod starts;
    mod variants;
    mod xmon;
}
