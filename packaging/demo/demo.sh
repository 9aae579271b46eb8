#!/usr/bin/env bash
# Shows the main job, `make demo`: programs log, the agent tails, parses and bulk-indexes over TLS, a search finds it.
#
# STORE=opensearch (default) starts a real OpenSearch on loopback; STORE=file needs no Java and writes bulk requests to
# files. KEEP=yes leaves everything running until Ctrl-C. VIGIE_PROFILE is the cargo profile to build with.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=packaging/setup/setup.sh
. packaging/setup/setup.sh

readonly store=${STORE:-opensearch} profile=${VIGIE_PROFILE:-fast}
readonly app_lines=${DEMO_APP_LINES:-20000} web_lines=${DEMO_WEB_LINES:-10000}
readonly all_lines=$((app_lines + web_lines))

folder=$(mktemp -d "${TMPDIR:-/tmp}/vigie-demo-XXXXXX")
writers=()
agent=

finish() {
    local writer
    for writer in "${writers[@]}"; do kill "$writer" 2>/dev/null || true; done
    [ -z "$agent" ] || { kill "$agent" 2>/dev/null && wait "$agent"; } || true
    [ ! -d "$folder/node" ] || bash tests/opensearch/opensearch.sh remove "$folder/node" || true
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

set_up() {
    need_rust
    need_commands curl=curl
    case $store in
    opensearch) need_opensearch_tools "${LINE:-2}" ;;
    file) ;;
    *) fail "there is no STORE \`$store\`; choose STORE=opensearch or STORE=file" ;;
    esac
}

build() {
    say "building (profile $profile)"
    cargo build --quiet --locked --profile "$profile" -p vigie -p vigie-benches --bins
    programs=${CARGO_TARGET_DIR:-target}/$profile
    [ "$profile" != dev ] || programs=${CARGO_TARGET_DIR:-target}/debug
}

# The port of the status endpoint: the usual one, or the next that nobody listens on.
choose_status_port() {
    DEMO_STATUS_PORT=2020
    while (exec 3<>"/dev/tcp/127.0.0.1/$DEMO_STATUS_PORT") 2>/dev/null; do
        DEMO_STATUS_PORT=$((DEMO_STATUS_PORT + 1))
    done
    export DEMO_STATUS_PORT
}

start_store() {
    [ "$store" = opensearch ] || return 0
    say "starting OpenSearch (line ${LINE:-2}) on loopback"
    mkdir "$folder/node"
    local variables
    chmod 711 "$folder"
    variables=$(bash tests/opensearch/opensearch.sh start "$folder/node" --owner $$)
    eval "$variables"
    export DEMO_STORE_PORT=$VIGIE_TEST_OPENSEARCH_PORT DEMO_STORE_USER=$VIGIE_TEST_OPENSEARCH_USER
    export DEMO_STORE_PASSWORD=$VIGIE_TEST_OPENSEARCH_PASSWORD DEMO_STORE_CA=$VIGIE_TEST_OPENSEARCH_CA
}

# log KIND LINES FILE: a program that logs, in the present, for about five seconds.
log() {
    "$programs/vigie-corpus" --kind "$1" --lines "$2" --rate $(($2 / 5)) --duration 60 --out "$3" 2>/dev/null &
    writers+=($!)
}

start_logging() {
    say "two programs log $all_lines lines into $folder/logs"
    mkdir "$folder/logs"
    log json "$app_lines" "$folder/logs/app.log"
    log nginx "$web_lines" "$folder/logs/access.log"
}

start_agent() {
    mkdir -p "$folder/state"
    "$programs/vigie" -c "packaging/demo/$store.conf" &
    agent=$!
}

ask_store() {
    curl --silent --show-error --noproxy '*' --cacert "$DEMO_STORE_CA" --user "$DEMO_STORE_USER:$DEMO_STORE_PASSWORD" \
        "https://127.0.0.1:$DEMO_STORE_PORT/$1"
}

# Prints how many documents have arrived.
count_documents() {
    if [ "$store" = file ]; then
        find "$folder/bulk" -type f ! -name '.*' -exec cat {} + 2>/dev/null | grep -c '^{"create"' || true
    else
        ask_store 'demo-*/_refresh' >/dev/null
        ask_store 'demo-*/_count' | sed -n 's/.*"count":\([0-9]*\).*/\1/p'
    fi
}

wait_for_documents() {
    local deadline=$((SECONDS + 120)) count=0
    while [ "$count" -lt "$all_lines" ]; do
        kill -0 "$agent" 2>/dev/null || fail "the agent ended; what it said stands above"
        [ "$SECONDS" -lt "$deadline" ] || fail "only $count of $all_lines documents arrived within 120 seconds"
        sleep 0.5
        count=$(count_documents)
        count=${count:-0}
    done
    [ "$count" -eq "$all_lines" ] || fail "$count documents for $all_lines lines"
}

show_documents() {
    if [ "$store" = file ]; then
        printf '\nTwo documents of each kind, from %s:\n' "$folder/bulk"
        local kind
        for kind in app web; do
            find "$folder/bulk" -type f ! -name '.*' -exec cat {} + | awk -v stream="\"stream\":\"$kind\"" 'index($0, stream) && ++shown <= 2'
        done
    else
        printf '\nServer errors of the web server, found by a search (demo-*/_search?q=stream:web AND code:>=500):\n'
        ask_store 'demo-*/_search?q=stream:web+AND+code:%3E%3D500&size=2&filter_path=hits.hits._index,hits.hits._id,hits.hits._source&pretty'
        printf '\nErrors of the application (demo-*/_search?q=stream:app AND level:error):\n'
        ask_store 'demo-*/_search?q=stream:app+AND+level:error&size=2&filter_path=hits.hits._index,hits.hits._id,hits.hits._source&pretty'
    fi
}

show_status() {
    local url=http://127.0.0.1:$DEMO_STATUS_PORT/api/v1
    printf '\nStatus: %s/health says: %s\n' "$url" "$(curl --silent --noproxy '*' "$url/health")"
    printf '        %s/metrics says: %s\n' "$url" "$(curl --silent --noproxy '*' "$url/metrics")"
}

set_up
build
export DEMO_FOLDER=$folder
choose_status_port
start_store
start_logging
start_agent
wait_for_documents
printf '\n%s lines written, %s documents stored.\n' "$all_lines" "$(count_documents)"
show_documents
show_status
if [ "${KEEP:-no}" = yes ]; then
    printf '\nRunning until Ctrl-C. Append to %s and watch.\n' "$folder/logs/app.log"
    wait "$agent"
fi
printf '\nmake demo: done in %s s, everything is stopped.\n' "$SECONDS"
