#!/usr/bin/env bash
# Runs a real OpenSearch with TLS and the Security plugin on loopback, for demo and tests.
#
# usage: opensearch.sh resolve                    assembles the home in the cache and prints its path
#        opensearch.sh start DIR [OPTION...]      starts a node that lives in DIR, waits until it answers, prints `env`
#            --port PORT      listen there (default: the port DIR had before, else one the node chooses)
#            --owner PID      remove the node, with DIR, as soon as that process has ended
#            --setting LINE   a further line for opensearch.yml, kept for later starts; may be repeated
#        opensearch.sh env DIR                    prints how to reach it, as shell variables
#        opensearch.sh status DIR                 says whether it answers; exit code 0 if so
#        opensearch.sh stop DIR                   stops it; DIR with its data stays and can be started again
#        opensearch.sh remove DIR                 stops it and deletes DIR
#
# LINE=2 (default) runs 2.19.1 on Java 17, LINE=3 runs 3.4.0 on Java 21. Any number of nodes can run at once, each with
# its own DIR. OpenSearch refuses to run as root: for root, the node runs as a system user made for it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=packaging/setup/setup.sh
. "$here/../../packaging/setup/setup.sh"

readonly node_user=vigie-opensearch
readonly start_seconds=${VIGIE_OPENSEARCH_START_SECONDS:-240}
readonly stop_seconds=30
# The stock credentials of the Security plugin's demonstration users.
readonly user=admin password=admin

usage() {
    sed -n '4,12s/^# //p' "${BASH_SOURCE[0]}" >&2
    exit 2
}

resolve() {
    bash "$here/assemble.sh" "${LINE:-2}"
}

# Runs a command as the node's user.
as_node_user() {
    if [ "$(id -u)" -eq 0 ]; then
        runuser -u "$node_user" -- "$@"
    else
        "$@"
    fi
}

# Gives the writable folders to the node's user, and checks that it can get to them.
hand_over() {
    [ "$(id -u)" -eq 0 ] || return 0
    id "$node_user" >/dev/null 2>&1 ||
        useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$node_user" ||
        id "$node_user" >/dev/null 2>&1 || fail "cannot create the user $node_user"
    chown -R "$node_user:" "$dir/home/config" "$dir/home/data" "$dir/home/logs" "$dir/tmp"
    chmod 711 "$dir"
    as_node_user test -r "$dir/home/config/opensearch.yml" ||
        fail "the user $node_user cannot get to $dir; choose a folder below one that everybody may enter, such as /tmp"
}

# Makes the node's own home: programs are shared with the cache by hard link where that works, what it writes is its own.
place_home() {
    local cached=$1 entry
    mkdir -p "$dir/tmp" "$dir/home/data" "$dir/home/logs"
    for entry in "$cached"/*; do
        case ${entry##*/} in
        config | data | logs) ;;
        *) cp -al "$entry" "$dir/home/" 2>/dev/null || cp -a "$entry" "$dir/home/" ;;
        esac
    done
    cp -r "$cached/config" "$dir/home/config"
    bash "$here/certificates.sh" "$dir/home/config/certificates"
    printf '%s\n' "${LINE:-2}" >"$dir/line"
}

# The line of the node in DIR.
line_of_node() {
    cat "$dir/line"
}

write_configuration() {
    local reload=ssl_cert_reload_enabled
    [ "$(line_of_node)" = 2 ] || reload=ssl.certificates_hot_reload.enabled
    {
        cat "$here/opensearch.yml"
        printf 'plugins.security.%s: true\nhttp.port: %s\ntransport.port: 0\n' "$reload" "$1"
        cat "$dir/settings" 2>/dev/null || true
    } >"$dir/home/config/opensearch.yml"
    rm -f "$dir/home/logs/http.ports" "$dir/home/logs/transport.ports"
}

# Prints the process of the node, if it runs. A process that merely got its old number does not count.
node_pid() {
    local pid
    pid=$(cat "$dir/pid" 2>/dev/null) && [ -n "$pid" ] || return 1
    grep -qaF -- "$dir/home" "/proc/$pid/cmdline" 2>/dev/null || return 1
    printf '%s\n' "$pid"
}

launch() {
    local java_home=$dir/home/jdk
    [ -x "$java_home/bin/java" ] || java_home=$(java_17_home)
    # In a session of its own: neither an interrupt of the caller nor its open files reach the node. The process number
    # written here stays: each program replaces the one before it.
    # shellcheck disable=SC2016
    as_node_user setsid --fork env -i PATH="$PATH" LANG=C.UTF-8 OPENSEARCH_JAVA_HOME="$java_home" OPENSEARCH_TMPDIR="$dir/tmp" \
        OPENSEARCH_JAVA_OPTS='-Xms512m -Xmx512m' bash -c 'echo $$ >&3; exec "$0" 3>&-' "$dir/home/bin/opensearch" \
        </dev/null 3>"$dir/pid" >"$dir/console.log" 2>&1
    for _ in $(seq 100); do
        [ ! -s "$dir/pid" ] || return 0
        sleep 0.05
    done
    fail "the node was not launched within 5 seconds"
}

# Asks the node for its front page; prints the HTTP status, 000 without an answer.
front_page_status() {
    curl --silent --noproxy '*' --max-time 5 --output /dev/null --write-out '%{http_code}' \
        --cacert "$dir/home/config/certificates/ca.pem" --user "$user:$password" "https://127.0.0.1:$1/" || true
}

# The port the node listens on, once it does.
bound_port() {
    sed -n 's/^127\.0\.0\.1:\([0-9]*\)$/\1/p' "$dir/home/logs/http.ports" 2>/dev/null || true
}

# Before the Security plugin has loaded its index it answers 503; at the first 200 the node is ready.
wait_until_ready() {
    local port status=none deadline=$((SECONDS + start_seconds))
    while [ "$SECONDS" -lt "$deadline" ]; do
        node_pid >/dev/null || give_up "the node ended while it started"
        port=$(bound_port)
        if [ -n "$port" ]; then
            status=$(front_page_status "$port")
            if [ "$status" = 200 ]; then
                printf '%s\n' "$port" >"$dir/port"
                return 0
            fi
        fi
        sleep 0.2
    done
    give_up "the node was not ready within $start_seconds seconds (last HTTP status: $status)"
}

# Says why the node cannot be used, with the end of what it logged, and takes it down.
give_up() {
    say "--- end of what OpenSearch said ($dir)"
    tail -n 40 "$dir/home/logs/vigie-tests.log" >&2 2>/dev/null || tail -n 40 "$dir/console.log" >&2 || true
    say "---"
    stop
    fail "OpenSearch cannot be used: $1"
}

# Removes the node once the process that wanted it is gone, however that ended.
remove_after() {
    # shellcheck disable=SC2016
    setsid --fork bash -c 'while kill -0 "$1" 2>/dev/null; do sleep 1; done; exec bash "$2" remove "$3"' \
        owner "$1" "$here/opensearch.sh" "$dir" </dev/null >/dev/null 2>&1
}

start() {
    local port='' owner='' cached settings=()
    while [ $# -gt 0 ]; do
        case $1 in
        --port) port=${2:?--port needs a number} ;;
        --owner) owner=${2:?--owner needs a process number} ;;
        --setting) settings+=("${2:?--setting needs a line}") ;;
        *) usage ;;
        esac
        shift 2
    done
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    node_pid >/dev/null && fail "a node is already running in $dir"
    if [ ! -e "$dir/line" ]; then
        need_opensearch_tools "${LINE:-2}"
        cached=$(resolve)
        place_home "$cached"
    fi
    [ "${#settings[@]}" -eq 0 ] || printf '%s\n' "${settings[@]}" >"$dir/settings"
    write_configuration "${port:-$(cat "$dir/port" 2>/dev/null || echo 0)}"
    hand_over
    [ -z "$owner" ] || remove_after "$owner"
    launch
    wait_until_ready
    print_env
}

print_env() {
    [ -e "$dir/port" ] || fail "no node was started in $dir"
    printf '%s=%q\n' VIGIE_TEST_OPENSEARCH_URL "https://127.0.0.1:$(cat "$dir/port")" \
        VIGIE_TEST_OPENSEARCH_PORT "$(cat "$dir/port")" \
        VIGIE_TEST_OPENSEARCH_USER "$user" VIGIE_TEST_OPENSEARCH_PASSWORD "$password" \
        VIGIE_TEST_OPENSEARCH_CA "$dir/home/config/certificates/ca.pem" \
        VIGIE_TEST_OPENSEARCH_OTHER_CA "$dir/home/config/certificates/other-ca.pem"
}

status() {
    node_pid >/dev/null || fail "no node runs in $dir"
    [ "$(front_page_status "$(bound_port)")" = 200 ] || fail "the node in $dir runs but is not ready"
    say "the node in $dir is ready"
}

stop() {
    local pid
    pid=$(node_pid) || return 0
    kill "$pid" 2>/dev/null || true
    for _ in $(seq $((stop_seconds * 10))); do
        node_pid >/dev/null || return 0
        sleep 0.1
    done
    say "the node in $dir did not stop within $stop_seconds seconds and is killed"
    kill -9 "$pid" 2>/dev/null || true
}

# Deletes only what `start` made.
remove() {
    stop
    [ -e "$dir/line" ] || return 0
    rm -rf "${dir:?}/home" "${dir:?}/tmp"
    rm -f "$dir/pid" "$dir/port" "$dir/console.log" "$dir/line" "$dir/settings"
    rmdir "$dir" 2>/dev/null || true
}

main() {
    [ $# -ge 1 ] || usage
    local command=$1
    shift
    if [ "$command" = resolve ]; then
        resolve
        return
    fi
    dir=${1:-}
    [ -n "$dir" ] || usage
    shift
    [ "$command" = start ] || dir=$(cd "$dir" 2>/dev/null && pwd) || fail "there is no folder \`$dir\`"
    case $command in
    start) start "$@" ;;
    env) print_env ;;
    status | stop | remove) "$command" ;;
    *) usage ;;
    esac
}

main "$@"
