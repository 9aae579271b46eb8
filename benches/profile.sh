#!/usr/bin/env bash
# Where the time goes: `make profile`. Runs perf over a release build with symbols on each path of the table, and prints
# how much of the CPU time each room takes, then the dearest functions with their rooms.
#
#   make profile                                all paths, 200 MB of each kind of log
#   make profile PATHS='json-gzip cri-gzip'     only these
#   make profile BYTES=1G TOP=40                longer, and more functions
#   make profile AGENT=target/fast/vigie        a program that is there already, with symbols
#
# Time is sampled by the clock, so that it works in a virtual machine too. perf sees the kernel's part only where
# /proc/sys/kernel/perf_event_paranoid allows it (1 or less, or root). What the compiler put into another function counts there.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=packaging/setup/setup.sh
. packaging/setup/setup.sh

readonly paths=${PATHS:-tail-null raw-bulk json-bulk json-gzip json-redact nginx-gzip cri-gzip}
readonly bytes=${BYTES:-200M} top=${TOP:-20}
readonly target=${CARGO_TARGET_DIR:-target}

folder=$(mktemp -d "${TMPDIR:-/tmp}/vigie-profile-XXXXXX")
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

# The release binary but for its symbols, in a folder of its own, so that the one users get is not built anew.
build() {
    CARGO_PROFILE_RELEASE_STRIP=none CARGO_PROFILE_RELEASE_DEBUG=line-tables-only \
        cargo build --release --locked -p vigie --target-dir "$target/profile"
}

# What vigie-bench runs in place of the agent. The bench asks for the version too, which is not sampled.
write_wrapper() {
    cat >"$folder/agent" <<END
#!/bin/sh
[ "\$1" = -c ] || exec "$1" "\$@"
exec perf record -q -F 1999 -e cpu-clock -o "$folder/samples" -- "$1" "\$@"
END
    chmod +x "$folder/agent"
}

# Sorts functions into rooms: lines of `PERCENT|OBJECT|[k] FUNCTION` in, the summary out.
summarise() {
    awk -F '|' -v top="$top" '
        function room(object, name) {
            if (name ~ /crc32/) return "crc"
            if (name ~ /vigie::deflate/) return "deflate"
            if (name ~ /receipts|pipeline::(delivery|judge|lane|run)|cluster::|vigie::state|serde_json|rusqlite|sqlite3/)
                return "receipts, answers"
            if (name ~ /inputs::lines|tail::cut|memchr::/) return "cutting"
            if (name ~ /inputs::|filemap|copy_to_iter|copy_page_to_iter|vfs_read|ext4|xfs|overlayfs|folio|read_iter/)
                return "reading"
            if (name ~ /vigie::net|hyper|reqwest|rustls|ring::|tokio|tcp|skb|sock|inet|ip_|loopback|net_rx|copy_from_iter|softirq/)
                return "sending"
            if (name ~ /outputs::|vigie::encode|simd::escape|plugin::identity|plugin::body|siphash|sip::/) return "writing"
            if (name ~ /vigie_parsers|regex_automata|filters::/) return "parsing"
            if (name ~ /^_*mem(move|cpy|set|cmp|chr)|alloc|_int_free|cfree|clear_page|fault|mmap|munmap|madvise/)
                return "copies, allocation"
            if (object ~ /kernel/) return "kernel, other"
            return "other"
        }
        NF >= 3 {
            share = $1 + 0; object = $2; name = $3
            gsub(/^ +| +$/, "", object); sub(/^\[[.k]\] /, "", name); sub(/ +$/, "", name)
            of = room(object, name); total[of] += share
            if (++count <= top) line[count] = sprintf("  %6.2f %%  %-18s %s", share, of, name)
        }
        END {
            split("reading|cutting|parsing|writing|deflate|crc|sending|receipts, answers|copies, allocation|kernel, other|other", rooms, "|")
            for (i = 1; i in rooms; i++)
                if (total[rooms[i]] > 0) printf "%-20s %6.2f %%\n", rooms[i], total[rooms[i]]
            for (i = 1; i <= count && i <= top; i++) print line[i]
        }'
}

profile() {
    rm -f "$folder/samples"
    "$target/release/vigie-bench" --agent "$folder/agent" --scenario "$1" --bytes "$bytes" --no-peers >"$folder/bench" 2>&1 || {
        cat "$folder/bench" >&2
        fail "\`$1\` does not run"
    }
    printf '\n== %s\n' "$1"
    perf report -i "$folder/samples" --stdio --no-children -q -F overhead,dso,sym -t '|' 2>"$folder/trouble" |
        summarise || fail "perf cannot read its samples: $(tail -n 3 "$folder/trouble")"
}

need_rust
need_commands perf=linux-perf
agent=${AGENT:-}
if [ -z "$agent" ]; then
    build
    agent=$target/profile/release/vigie
fi
cargo build --release --locked -p vigie-benches --bins
write_wrapper "$(realpath "$agent")"
for path in $paths; do
    profile "$path"
done
