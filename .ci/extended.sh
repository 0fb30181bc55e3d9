#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# The extended kernel and its twin. Building them takes minutes, once for each patch and configuration:
# keep the cache (MODPERSIST_CACHE) between runs.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo xtask test --kernel extended
cargo xtask vm --kernel plain
exec cargo xtask vm --kernel debug --scenario ext
