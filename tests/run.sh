#!/usr/bin/env bash
# Everything that must hold: `make test`. Each stage is one command a person can type; times are printed at the end.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=packaging/setup/setup.sh
. packaging/setup/setup.sh

summary=()
node=

finish() {
    local status=$?
    [ -z "$node" ] || bash tests/opensearch/opensearch.sh remove "$node" || true
    say ""
    say "$(printf '%s\n' "${summary[@]}")"
    if [ "$status" -eq 0 ]; then
        say "make test: all stages passed in $SECONDS s"
    else
        say "make test: FAILED after $SECONDS s"
    fi
}
trap finish EXIT

# stage NAME COMMAND...
stage() {
    local name=$1 before=$SECONDS
    shift
    say ""
    say "=== $name"
    if ! "$@"; then
        summary+=("$(printf '%5d s  %s: FAILED' $((SECONDS - before)) "$name")")
        return 1
    fi
    summary+=("$(printf '%5d s  %s' $((SECONDS - before)) "$name")")
}

set_up() {
    need_rust_checks
    need_tracer
    need_zones
    need_opensearch_tools "${LINE:-2}"
}

# A registry that stumbles once does not fail the run.
fetch() {
    cargo fetch --locked || cargo fetch --locked || cargo fetch --locked
}

# The second as the agent takes the benches, where what only their programs use would lie idle.
lints() {
    cargo clippy --workspace --all-targets --locked -- -D warnings &&
        cargo clippy -p vigie-benches --no-default-features --locked -- -D warnings
}

documentation() {
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked
}

build_tests() {
    cargo test --workspace --locked --no-run
}

start_node() {
    local variables
    node=$(mktemp -d "${TMPDIR:-/tmp}/vigie-node-XXXXXX")
    variables=$(bash tests/opensearch/opensearch.sh start "$node" --owner $$)
    eval "export ${variables//$'\n'/ }"
}

tests() {
    cargo test --workspace --locked
}

# The demonstration is a promise too. With the profile of the tests there is little left to build.
demo_to_files() {
    STORE=file KEEP=no VIGIE_PROFILE=dev bash packaging/demo/demo.sh
}

stage 'set-up' set_up
stage 'fetch dependencies' fetch
stage 'format' cargo fmt --all -- --check
stage 'lints' lints
stage 'documentation' documentation
stage 'build tests' build_tests
stage "start OpenSearch (line ${LINE:-2})" start_node
stage 'tests' tests
stage 'demo to files' demo_to_files
