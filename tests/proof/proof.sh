#!/usr/bin/env bash
# The long tests in full: `make proof`. Each piece takes less than an hour and is recorded in record.tsv beside this
# file when it passes; a piece that is recorded for the present sources is not run again, so the proof can be stopped
# and resumed. `make proof PIECES='name name'` runs only these.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=packaging/setup/setup.sh
. packaging/setup/setup.sh

readonly record=tests/proof/record.tsv
readonly sources='Cargo.toml Cargo.lock agent parsers benches/src tests/end_to_end tests/opensearch tests/fuzz tests/disk tests/endurance tests/faults tests/cases'
readonly all_pieces='end-to-end-line-2 end-to-end-line-3 pressure-line-2 pressure-line-3 kill-loop-line-2 kill-loop-line-3 kill-hundred-1-line-2 kill-hundred-2-line-3 kill-hundred-3-line-2 kill-hundred-4-line-3 kill-hundred-5-line-2 retention-kills-line-2 retention-kills-line-3 retention-years-line-2 retention-years-line-3 kill-points disk fault-matrix outage soak rotation-storm files fuzz-parsers fuzz-agent fuzz-redact spool-mutations tail-model'

node=
trap '[ -z "$node" ] || bash tests/opensearch/opensearch.sh remove "$node"' EXIT

# What identifies the sources: the same after a commit that touches none of them.
sources_id() {
    local path
    for path in $sources; do
        git rev-parse "HEAD:$path"
    done | git hash-object --stdin | cut -c1-12
}

start_node() {
    local variables
    node=$(mktemp -d "${TMPDIR:-/tmp}/vigie-node-XXXXXX")
    variables=$(LINE=$1 bash tests/opensearch/opensearch.sh start "$node" --owner $$)
    eval "export ${variables//$'\n'/ }"
}

end_to_end() {
    LINE=$1 cargo test --profile fast --locked -p vigie --test end_to_end -- --nocapture --skip kill_loop
}

# The figures of the promise: 5 writers, a minute and more, 10 kills.
kill_loop() {
    VIGIE_KILL_LINES=200000 VIGIE_KILL_RENAME_EVERY=20000 VIGIE_KILL_SECONDS=75 VIGIE_KILL_KILLS=10 \
        cargo test --profile fast --locked -p vigie --test end_to_end -- --nocapture kill_loop
}

# A hundred kills, one every 6 seconds. The argument is the seed; there are five of them.
kill_hundred() {
    VIGIE_KILL_LINES=200000 VIGIE_KILL_RENAME_EVERY=20000 VIGIE_KILL_SECONDS=600 VIGIE_KILL_KILLS=100 VIGIE_KILL_SEED=$1 \
        cargo test --profile fast --locked -p vigie --test end_to_end -- --nocapture kill_loop
}

# A kill before and behind every request of a deletion run.
retention_kills() {
    VIGIE_RETENTION_KILLS=all cargo test --profile fast --locked -p vigie --test end_to_end -- --nocapture retention::kill
}

# 50,000 documents of five classes over three years, in both layouts.
retention_years() {
    VIGIE_RETENTION_DOCUMENTS=50000 cargo test --profile fast --locked -p vigie --test end_to_end -- --nocapture retention::years
}

# A kill at every call that changes the disk.
kill_points() {
    VIGIE_KILL_POINTS=all cargo test --profile fast --locked -p vigie --test disk -- --nocapture kill_points
}

# A disk that fails, and one that is full.
disk() {
    cargo test --profile fast --locked -p vigie --test disk -- --nocapture --skip kill_points
}

# Two hours at 5,000 lines per second, scaled to two minutes.
outage() {
    VIGIE_OUTAGE_SECONDS=120 VIGIE_OUTAGE_RATE=5000 \
        cargo test --profile fast --locked -p vigie --test endurance -- --nocapture outage
}

# Half an hour at 50 MB/s.
soak() {
    VIGIE_SOAK_SECONDS=1800 VIGIE_SOAK_MB=50 cargo test --profile fast --locked -p vigie --test endurance -- --nocapture soak
}

# Ten minutes, a hundred files.
rotation_storm() {
    VIGIE_STORM_SECONDS=600 VIGIE_STORM_FILES=100 VIGIE_STORM_TURN=10 \
        cargo test --profile fast --locked -p vigie --test endurance -- --nocapture storm
}

# A hundred thousand files, and a thousand descriptors.
files() {
    VIGIE_FILES=100000 VIGIE_FILES_LIMIT=1024 VIGIE_FILES_IDLE=20 \
        cargo test --profile fast --locked -p vigie --test endurance -- --nocapture files
}

# Against the best of a sweep over fixed settings, each for ten seconds. It starts a node of its own.
pressure() {
    LINE=$1 VIGIE_PRESSURE_SECONDS=10 cargo test --profile fast --locked -p vigie --test end_to_end -- --nocapture pressure
}

# A million mutations of a spool's directory, in memory where there is a file system in it: a sync is nothing to wait for here.
spool_mutations() {
    local folder=${TMPDIR:-/tmp}
    [ ! -w /dev/shm ] || folder=/dev/shm
    TMPDIR=$folder VIGIE_SPOOL_MUTATIONS=1000000 cargo test --profile fast --locked -p vigie --lib -- --nocapture spool::mutations
}

# Twenty thousand scripts of writes, rotations, reads, answers, kills and starts, beside a plain model: on a disk, where the next file
# gets the inode of one that is gone, and as many in memory, where it does not.
tail_model() {
    local folder folders=("${TMPDIR:-/tmp}")
    [ ! -w /dev/shm ] || folders+=(/dev/shm)
    for folder in "${folders[@]}"; do
        TMPDIR=$folder VIGIE_TAIL_SCRIPTS=20000 cargo test --profile fast --locked -p vigie --lib -- --nocapture tail::tests::model || return
    done
}

# Every fault with so many seeds.
fault_matrix() {
    VIGIE_FAULT_SEEDS=100 cargo test --profile fast --locked -p vigie --test faults -- --nocapture
}

# Five minutes for each target.
fuzz() {
    SECONDS_EACH=300 TARGETS=$* bash tests/fuzz/run.sh 2>&1
}

run_piece() {
    local piece=$1 line=${1##*-line-} before=$SECONDS log result
    log=$(mktemp "${TMPDIR:-/tmp}/vigie-proof-XXXXXX")
    say "=== $piece (all it says is kept in $log)"
    case $piece in
    fuzz-* | pressure-* | spool-* | tail-* | fault-* | kill-points | disk | outage | soak | rotation-storm | files) ;;
    *) start_node "$line" ;;
    esac
    case $piece in
    fuzz-parsers) fuzz json regex backtracking blocks time records definitions msgpack ;;
    fuzz-agent) fuzz text object deflate config multiline cuts encodings restarts answer ;;
    fuzz-redact) fuzz redact checks sums hiding walks accessors ;;
    end-to-end-*) end_to_end "$line" ;;
    kill-loop-*) kill_loop ;;
    kill-hundred-*) piece=${piece#kill-hundred-} && kill_hundred "${piece%%-*}" ;;
    retention-kills-*) retention_kills ;;
    retention-years-*) retention_years ;;
    kill-points) kill_points ;;
    disk) disk ;;
    outage) outage ;;
    soak) soak ;;
    rotation-storm) rotation_storm ;;
    files) files ;;
    pressure-*) pressure "$line" ;;
    spool-mutations) spool_mutations ;;
    tail-model) tail_model ;;
    fault-matrix) fault_matrix ;;
    *) fail "there is no piece \`$piece\`; choose among: $all_pieces" ;;
    esac 2>&1 | tee "$log" || fail "$piece FAILED, see $log"
    result=$(grep -E '^(kill loop|retention kills|retention years|kill points|disk failures|full disk|outage|soak|rotation storm|files|pressure|make fuzz|spool mutations|tail model|fault matrix): ' "$log" |
        paste -sd ' ' || grep -E '^test result: ' "$log" | tail -n 1)
    [ -z "$node" ] || bash tests/opensearch/opensearch.sh remove "$node"
    node=
    # Where no piece said its own line, `paste` gave an empty one first.
    result=${result#$'\n'}
    printf '%s\t%s\t%s\t%s\t%s s\t%s\n' "$piece" "$id" "$(git rev-parse --short=12 HEAD)" "$(date -u +%Y-%m-%d)" \
        $((SECONDS - before)) "$result" >>"$record"
}

need_rust
need_tracer
case ${PIECES:-$all_pieces} in
*-line-*) for line in 2 3; do need_opensearch_tools "$line"; done ;;
esac
# shellcheck disable=SC2086
git diff --quiet HEAD -- $sources || fail "commit the sources first: a proof belongs to a commit"
id=$(sources_id)
[ -e "$record" ] || printf 'piece\tsources\tcommit\tday\ttook\tresult\n' >"$record"
for piece in ${PIECES:-$all_pieces}; do
    if grep -qF "$(printf '%s\t%s\t' "$piece" "$id")" "$record"; then
        say "$piece: proved already for these sources"
    else
        run_piece "$piece"
    fi
done
say "make proof: everything proved, see $record"
