// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the log parser from outside, in one binary.
#[cfg(test)]
mod suite {
    mod context;
    mod exact;
    mod example;
    mod prefixes;
    mod spans;
    mod starts;
}
