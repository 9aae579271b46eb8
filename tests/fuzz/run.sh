#!/usr/bin/env bash
# Fuzzing guided by coverage: `make fuzz`. Every fast path is held against what is plain and slow, with inputs that grow
# towards code not yet reached; the properties beside the code hold the same with likely inputs.
#
#   make fuzz                               20 s for each target
#   make fuzz SECONDS_EACH=300              longer
#   make fuzz TARGETS='json regex'          only these; src/targets.rs says what each is
#   make fuzz INPUT=FILE TARGETS=json       runs one input again, such as one that failed
#
# Inputs that reach something new are kept in `fuzz/corpus` inside of the target directory and serve the next run; seeds/
# holds a few to begin with. An input that fails is kept in `fuzz/failed` and named; a test beside the code should hold it
# once it is mended. libFuzzer is linked in by a crate; the coverage it is guided by is that of a stable compiler.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=packaging/setup/setup.sh
. packaging/setup/setup.sh

readonly each=${SECONDS_EACH:-20}
readonly sources=tests/fuzz/src/targets.rs seeds=tests/fuzz/seeds

all=$(sed -n 's/^    ("\([a-z]*\)", [a-z]*),$/\1/p' "$sources")
failed=()

build() {
    export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/fuzz
    local host flags
    host=$(rustc -vV | sed -n 's/^host: //p')
    flags='--cfg fuzzing -Cpasses=sancov-module'
    flags+=' -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters'
    flags+=' -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares'
    # With a target named, the flags are not for build scripts.
    RUSTFLAGS=$flags cargo build --profile fuzz --locked -p vigie-fuzz --target "$host"
    program=$CARGO_TARGET_DIR/$host/fuzz/vigie-fuzz
    kept=$CARGO_TARGET_DIR/corpus
    artifacts=$CARGO_TARGET_DIR/failed
    log=$CARGO_TARGET_DIR/log
    mkdir -p "$kept" "$artifacts" "$log"
}

# what_failed LOG: the first words of the failure, and how to see it again. What is not in the log is left out.
what_failed() {
    grep -am 1 -A 1 'panicked at' "$1" | cut -c1-600 || grep -am 1 'ERROR: ' "$1" || true
    sed -n 's/.*Test unit written to \(.*\)/    run it again with: make fuzz TARGETS='"$target"' INPUT=\1/p' "$1"
}

# fuzz TARGET: prints a line, and remembers a failure.
fuzz() {
    local target=$1 log=$log/$1 runs coverage verdict=passed
    mkdir -p "$kept/$target"
    if ! FUZZ_TARGET=$target "$program" "$kept/$target" "$seeds/$target" -max_total_time="$each" -max_len=2048 -timeout=20 \
        -rss_limit_mb=3000 -use_value_profile=1 -reload=0 -print_final_stats=1 -artifact_prefix="$artifacts/$target-" \
        >"$log" 2>&1; then
        verdict=FAILED
        failed+=("$target: $(what_failed "$log")
    all it said is in $log")
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    coverage=$(grep -aoE 'cov: [0-9]+' "$log" | tail -n 1) || true
    say "$(printf '%-14s %9s runs  %-12s %s' "$target" "${runs:--}" "$coverage" "$verdict")"
}

need_rust
need_commands c++=g++
build
if [ -n "${INPUT:-}" ]; then
    FUZZ_TARGET=${TARGETS:?name the target} exec "$program" "$INPUT"
fi
for target in ${TARGETS:-$all}; do
    grep -qxF "$target" <<<"$all" || fail "there is no target \`$target\`; choose among: ${all//$'\n'/ }"
    fuzz "$target"
done
if [ ${#failed[@]} -gt 0 ]; then
    say ""
    say "$(printf '%s\n' "${failed[@]}")"
    fail "make fuzz: FAILED after $SECONDS s"
fi
say "make fuzz: passed in $SECONDS s"
