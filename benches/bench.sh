#!/usr/bin/env bash
# Behind `make bench`: builds the release binaries and measures them, beside the other agents on the PATH.
#
#   make bench                                   1 GB of each kind of log, recorded in benches/record/
#   make bench ARGS="--bytes 100M --no-peers"    shorter; see vigie-bench --help for the rest
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=packaging/setup/setup.sh
. packaging/setup/setup.sh

need_rust
need_commands gzip=gzip
cargo build --release --locked -p vigie -p vigie-benches
target="${CARGO_TARGET_DIR:-target}/release"
# shellcheck disable=SC2086  # ARGS holds several words on purpose
exec "$target/vigie-bench" --agent "$target/vigie" --record benches/record ${ARGS:-} "$@"
