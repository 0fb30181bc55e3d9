// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of ksymoops from outside.

mod suite {
    mod corpus;
    mod damage;
    mod logs;
}
