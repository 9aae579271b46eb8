#!/usr/bin/env bash
# Costs that hold on a noisy machine, against their record: `make bench-gate`. It fails when one has grown.
#
# Compared with counts.tsv beside this file:
#   - instructions of fixed pieces of work (the cases of main.rs), counted by callgrind: more than 2 % above is a failure;
#   - syscalls of the release binary within 10 s, while 1,000 files that it tails are quiet: more than half as many again
#     (and 10) is one;
#   - bytes of the release binary: more than 12,000,000 is one, whatever the record says.
# That a record costs no allocation is held by tests/allocations.rs and parsers/tests/allocations.rs, within `make test`.
#
# Instructions depend on the compiler, on the C library, on valgrind and on whether the processor has AVX2, which code asks
# for at run time. So the record names them, and where they are others the counts are shown and judged by nobody; what
# does not depend on them is judged everywhere.
#
#   make bench-gate                            all
#   make bench-gate CASES='json-bulk size'     only these; `size` and `idle` are the last two
#   make bench-gate RECORD=yes                 writes counts.tsv anew: look at the difference, and say in the commit why
set -euo pipefail
shopt -s inherit_errexit

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=packaging/setup/setup.sh
. packaging/setup/setup.sh

readonly counts=benches/gate/counts.tsv record=${RECORD:-no}
readonly most_bytes=12000000 idle_files=1000 idle_seconds=10 settle_seconds=3
readonly target=${CARGO_TARGET_DIR:-target}/release

folder=$(mktemp -d "${TMPDIR:-/tmp}/vigie-gate-XXXXXX")
agent=
now=
failed=()
fresh=()

finish() {
    [ -z "$agent" ] || { kill "$agent" 2>/dev/null && wait "$agent"; } || true
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

# What the counts of instructions depend on, beside the sources.
surroundings() {
    local vectors=no-avx2
    if grep -qw avx2 /proc/cpuinfo; then vectors=avx2; fi
    printf '%s; %s; %s; %s %s' "$(rustc --version)" "$(valgrind --version)" "$(getconf GNU_LIBC_VERSION)" "$(uname -m)" "$vectors"
}

# The functions that count leave what they counted in `now`.

# Instructions of a whole run: count_run CASE PASSES.
count_run() {
    local out=$folder/callgrind.out log=$folder/callgrind.log
    valgrind --tool=callgrind --callgrind-out-file="$out" "$target/examples/vigie-gate" "$1" "$2" >"$log" 2>&1 ||
        fail "\`$1\` does not run under callgrind:
$(tail -n 20 "$log")"
    now=$(awk '$1 == "totals:" || $1 == "summary:" { count = $2 } END { print count }' "$out")
}

# What one pass costs, without the making of its input.
count_pass() {
    local first
    count_run "$1" 0
    first=$now
    count_run "$1" 1
    now=$((now - first))
}

# Syscalls of all threads while nothing is written to any file.
count_idle() {
    local number log=$folder/agent.log
    mkdir "$folder/logs"
    for ((number = 0; number < idle_files; number++)); do
        printf 'a line that was there before\n' >"$folder/logs/$number.log"
    done
    printf '[INPUT]\n    Name tail\n    Path %s/logs/*.log\n    Read_from_Head On\n[OUTPUT]\n    Name null\n    Match *\n' \
        "$folder" >"$folder/idle.conf"
    "$target/vigie" -c "$folder/idle.conf" >"$log" 2>&1 &
    agent=$!
    sleep "$settle_seconds"
    kill -0 "$agent" 2>/dev/null || fail "the agent does not run:
$(tail -n 20 "$log")"
    # Stopped by its time, strace ends with a status of its own.
    timeout --signal=INT "$idle_seconds" strace -f -c -o "$folder/strace.out" -p "$agent" 2>"$folder/strace.log" || true
    ! grep -q 'Operation not permitted' "$folder/strace.log" || fail "strace may not look at the agent:
$(tail -n 5 "$folder/strace.log")"
    kill "$agent"
    wait "$agent" || true
    agent=
    now=$(awk '$4 ~ /^[0-9]+$/ && $NF != "total" { count += $4 } END { print count + 0 }' "$folder/strace.out")
}

count() {
    case $1 in
    size) now=$(stat --format=%s "$target/vigie") ;;
    idle) count_idle ;;
    *) count_pass "$1" ;;
    esac
}

# most NAME RECORDED: the highest count that passes; nothing when none is known.
most() {
    case $1 in
    size) printf '%s\n' "$most_bytes" ;;
    idle) [ -z "$2" ] || printf '%s\n' $(($2 + $2 / 2 + 10)) ;;
    *) [ -z "$2" ] || printf '%s\n' $(($2 + $2 / 50)) ;;
    esac
}

# judge NAME COUNT: prints a line, and remembers a failure.
judge() {
    local name=$1 count=$2 recorded limit change=- verdict=passes
    recorded=$(awk -F '\t' -v name="$name" '$1 == name { print $2 }' "$counts" 2>/dev/null) || true
    limit=$(most "$name" "$recorded")
    if [ -n "$recorded" ] && [ "$recorded" -gt 0 ]; then
        change=$(awk -v now="$count" -v before="$recorded" 'BEGIN { printf "%+.2f %%", 100 * (now - before) / before }')
    fi
    if [ "$record" = yes ]; then
        verdict=recorded
    elif [ "$judged" = no ] && [ "$name" != size ] && [ "$name" != idle ]; then
        verdict='not judged'
    elif [ -z "$limit" ]; then
        verdict='no record'
        failed+=("$name has no record in $counts; \`make bench-gate RECORD=yes\` writes it")
    elif [ "$count" -gt "$limit" ]; then
        verdict=FAILED
        failed+=("$name: $count is above $limit (recorded: ${recorded:-nothing})")
    fi
    if [ "$name" = size ] && [ "$count" -gt "$most_bytes" ] && [ "$record" = yes ]; then
        failed+=("$name: $count is above $most_bytes")
    fi
    say "$(printf '%-18s %14s %14s %10s  %s' "$name" "$count" "${recorded:--}" "$change" "$verdict")"
}

write_counts() {
    {
        printf '# Costs of fixed pieces of work; benches/gate/gate.sh writes this file and says what each is.\n'
        printf '# Instructions hold for: %s\n' "$here"
        printf '# name\tcount\tdate\tcommit\n'
        printf '%s\n' "${fresh[@]}"
    } >"$folder/counts.tsv"
    cp "$folder/counts.tsv" "$counts"
    say "written: $counts"
}

need_rust
need_commands valgrind=valgrind strace=strace
cargo build --release --locked -p vigie
cargo build --release --locked -p vigie-benches --example vigie-gate

all=$("$target/examples/vigie-gate" --list)
cases=${CASES:-$all size idle}
here=$(surroundings)
there=$(sed -n 's/^# Instructions hold for: //p' "$counts" 2>/dev/null) || true
judged=yes
if [ "$record" = yes ]; then
    [ -z "${CASES:-}" ] || fail "RECORD=yes writes all counts; leave CASES out"
elif [ -n "$there" ] && [ "$there" != "$here" ]; then
    judged=no
    say "Instructions are shown but not judged: they were recorded with
    $there
and this is
    $here"
fi
commit=$(git rev-parse --short=12 HEAD)
say "$(printf '%-18s %14s %14s %10s' case count record change)"
for name in $cases; do
    count "$name"
    judge "$name" "$now"
    fresh+=("$(printf '%s\t%s\t%s\t%s' "$name" "$now" "$(date -u +%Y-%m-%d)" "$commit")")
done
[ "$record" != yes ] || write_counts
if [ ${#failed[@]} -gt 0 ]; then
    say ""
    say "$(printf '%s\n' "${failed[@]}")"
    fail "make bench-gate: FAILED after $SECONDS s. What is worth its cost is recorded with \`make bench-gate RECORD=yes\`"
fi
say "make bench-gate: passed in $SECONDS s"
