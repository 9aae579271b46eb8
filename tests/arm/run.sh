#!/usr/bin/env bash
# The unit and property tests as a 64-bit ARM machine runs them, without one: `make test-arm`.
#
# They are built for aarch64 and run by qemu's user emulation, which is slower by an order of magnitude and still takes
# only a minute or two. What is built lies apart, in `arm` inside of the target directory. Not run here are the tests that
# start programs (the kernel starts none for ARM), those that only read sources, and those of skipped.tsv.
#
#   make test-arm                            all
#   make test-arm ARGS='json time'           the tests whose names hold one of these words
#   PROPTEST_CASES=10000 make test-arm       longer: so many cases of each property that does not say itself how many
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=packaging/setup/setup.sh
. packaging/setup/setup.sh

readonly skipped=tests/arm/skipped.tsv
summary=()
arguments=()

finish() {
    local status=$?
    say ""
    say "$(printf '%s\n' "${summary[@]}")"
    if [ "$status" -eq 0 ]; then
        say "make test-arm: all stages passed in $SECONDS s"
    else
        say "make test-arm: FAILED after $SECONDS s"
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

# Tools, and the variables that cargo and the builds of C code read. They are for this run only: a file that every cargo
# in this repository reads would bind those who never build for ARM.
set_up() {
    [ "$(uname -m)" != aarch64 ] || fail "this machine is a 64-bit ARM one: \`make test\` runs the same tests, and faster"
    need_arm_rust
    say "$(rustc --version), $(aarch64-linux-gnu-gcc --version | head -n 1), $(qemu-aarch64 --version | head -n 1)"
    export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/arm
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
    # Where the machine has a C library for ARM of its own too, the loader of this one would take that one, and programs
    # hang: loader and library must be of one build.
    local root=/usr/aarch64-linux-gnu
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -E LD_LIBRARY_PATH=$root/lib -L $root"
    export CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc
    export AR_aarch64_unknown_linux_gnu=aarch64-linux-gnu-ar
}

# A registry that stumbles once does not fail the run.
fetch() {
    cargo fetch --locked || cargo fetch --locked || cargo fetch --locked
}

# Names of tests, one at the start of each line, that the emulation cannot run.
read_skipped() {
    local name reason
    while IFS=$'\t' read -r name reason; do
        case $name in
        '' | '#'*) continue ;;
        esac
        say "skipped: $name: $reason"
        arguments+=(--skip "$name")
    done <"$skipped"
}

arm_tests() {
    cargo test --locked --target "$arm_target" -p vigie-parsers -p vigie -p vigie-benches --lib \
        --test allocations --test record_model --test sink "$@"
}

build_tests() {
    arm_tests --no-run
}

run_tests() {
    read_skipped
    # shellcheck disable=SC2086  # ARGS holds several words on purpose
    arm_tests --no-fail-fast -- "${arguments[@]}" ${ARGS:-}
}

stage 'set-up' set_up
stage 'fetch dependencies' fetch
stage 'build tests for aarch64' build_tests
stage 'tests under qemu' run_tests
