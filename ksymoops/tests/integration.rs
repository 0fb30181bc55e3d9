// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of ksymoops from outside: the parser, what is made of it, and public logs.
#[cfg(test)]
mod suite {
    mod binary;
    mod corpus;
    mod damage;
    mod fields;
    mod i386;
    mod logs;
}
