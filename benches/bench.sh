#!/usr/bin/env bash
# Behind `make bench`: builds the release binaries and measures them, beside the other agents on the PATH.
#
#   make bench                                   1 GB of each kind of log, recorded in benches/record/
#   make bench ARGS="--bytes 100M --no-peers"    shorter; see vigie-bench --help for the rest
#   make bench ARGS="--scenario start --scenario stalled --seconds 30"    only some, and the stall for 30 s
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=packaging/setup/setup.sh
. packaging/setup/setup.sh

need_rust
need_commands gzip=gzip strip=binutils
# Two builds: in one, the agent would be built with features that only the bench wants, and not be the one that users get.
cargo build --release --locked -p vigie
cargo build --release --locked -p vigie-benches --bins
target="${CARGO_TARGET_DIR:-target}/release"
# shellcheck disable=SC2086  # ARGS holds several words on purpose
exec "$target/vigie-bench" --agent "$target/vigie" --record benches/record ${ARGS:-} "$@"
