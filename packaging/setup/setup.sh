# shellcheck shell=bash
# Finds or installs what the project is built and tested with. Sourced by the scripts behind `make`, with bash.
#
# Missing Debian packages are installed by name when the caller is root; otherwise the exact command is printed and the
# script ends. Nothing here downloads a toolchain, and a tool that is there is used as it is.

# Oldest Rust that builds the workspace; the same number as `rust-version` in Cargo.toml.
readonly oldest_rust_minor=95

# What cargo calls 64-bit ARM with Linux.
readonly arm_target=aarch64-unknown-linux-gnu

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "error: $*"
    exit 1
}

# Installs Debian packages, or says what to install.
install_packages() {
    if [ "$(id -u)" -ne 0 ]; then
        fail "missing tools. Install them and run the command again:
    sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"
    fi
    command -v apt-get >/dev/null || fail "missing tools, and there is no apt-get here. Install what these Debian packages hold: $*"
    say "installing: $*"
    refresh_package_lists
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >&2 ||
        fail "apt-get could not install: $*"
}

# Reads the package lists once per process.
refresh_package_lists() {
    [ -z "${package_lists_are_fresh:-}" ] || return 0
    apt-get update >&2 || fail "apt-get update failed"
    package_lists_are_fresh=yes
}

# need_commands COMMAND=PACKAGE ...: installs the packages whose command is missing, in one go.
need_commands() {
    local pair missing=()
    for pair in "$@"; do
        command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
    done
    [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

# Whether the cargo first on the PATH works and is new enough. A toolchain manager without a toolchain does not count.
cargo_is_usable() {
    local version minor
    version=$(cargo --version 2>/dev/null) || return 1
    rustc --version >/dev/null 2>&1 || return 1
    minor=${version#cargo 1.}
    minor=${minor%%.*}
    case $minor in
    '' | *[!0-9]*) return 1 ;;
    esac
    [ "$minor" -ge "$oldest_rust_minor" ]
}

# Puts a usable cargo first on the PATH: the one there, else the one of the home directory, else Debian's.
need_rust() {
    # A toolchain manager that lacks a toolchain must say so rather than fetch one.
    export RUSTUP_AUTO_INSTALL=0
    need_c_compiler
    cargo_is_usable && return 0
    if [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
        PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH
        cargo_is_usable && return 0
    fi
    PATH=/usr/bin:$PATH
    cargo_is_usable || install_packages rustc-web cargo-web
    hash -r
    cargo_is_usable || fail "no usable Rust: 1.$oldest_rust_minor or newer is needed, found \`$(cargo --version 2>&1 | head -n 1)\`"
}

# As need_rust, with the formatter and the linter of the same toolchain.
need_rust_checks() {
    need_rust
    local missing=()
    cargo fmt --version >/dev/null 2>&1 || missing+=(rustfmt-web)
    cargo clippy --version >/dev/null 2>&1 || missing+=(rust-web-clippy)
    [ ${#missing[@]} -eq 0 ] && return 0
    [ "$(command -v cargo)" = /usr/bin/cargo ] ||
        fail "the Rust toolchain at $(command -v cargo) lacks its formatter or linter; add \`rustfmt\` and \`clippy\` to it"
    install_packages "${missing[@]}"
}

# Puts a cargo first on the PATH that builds for 64-bit ARM, with the linker, the C library and the emulator for it.
need_arm_rust() {
    need_rust
    need_commands aarch64-linux-gnu-gcc=gcc-aarch64-linux-gnu qemu-aarch64=qemu-user
    [ -e /usr/aarch64-linux-gnu/include/stdlib.h ] || install_packages libc6-dev-arm64-cross
    has_arm_library && return 0
    # Debian's toolchain may stand beside another one, and its standard library for ARM beside the one of this machine.
    PATH=/usr/bin:$PATH
    hash -r
    if ! cargo_is_usable || ! has_arm_library; then
        install_arm_packages rustc-web cargo-web libstd-rust-web-dev:arm64
        hash -r
    fi
    cargo_is_usable || fail "no usable Rust: 1.$oldest_rust_minor or newer is needed, found \`$(cargo --version 2>&1 | head -n 1)\`"
    has_arm_library || fail "$(rustc --version) at $(command -v rustc) has no standard library for $arm_target"
}

# Whether the rustc first on the PATH has the standard library for 64-bit ARM.
has_arm_library() {
    local folder
    folder=$(rustc --print target-libdir --target "$arm_target" 2>/dev/null) || return 1
    compgen -G "$folder/libstd-*.rlib" >/dev/null
}

# As install_packages, when some of them are for ARM, of which a machine knows nothing at first.
install_arm_packages() {
    if [ "$(id -u)" -ne 0 ]; then
        fail "missing tools. Install them and run the command again:
    sudo dpkg --add-architecture arm64 && sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"
    fi
    if ! dpkg --print-foreign-architectures | grep -qx arm64; then
        dpkg --add-architecture arm64 || fail "dpkg does not take arm64 as a second architecture"
        package_lists_are_fresh=
    fi
    install_packages "$@"
}

# Parts of two dependencies (TLS, SQLite) are written in C; and fetching dependencies needs certificates.
need_c_compiler() {
    local missing=()
    [ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
    command -v cc >/dev/null || missing+=(gcc)
    [ -e /usr/include/stdlib.h ] || missing+=(libc6-dev)
    [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

# What the tests of the disk kill the agent with, and have its calls fail.
need_tracer() {
    need_commands strace=strace mkfs.ext4=e2fsprogs
}

# What parsers with a `Time_Zone` read.
need_zones() {
    [ -e /usr/share/zoneinfo/Europe/Paris ] || install_packages tzdata
}

# What the real OpenSearch of demo and tests is resolved and run with. The argument is the line, 2 or 3.
need_opensearch_tools() {
    need_commands mvn=maven java=openjdk-17-jre-headless unzip=unzip openssl=openssl curl=curl
    if [ "$1" = 3 ]; then
        need_commands python3=python3
        python3 -m pip --version >/dev/null 2>&1 || install_packages python3-pip
    fi
    [ -n "$(java_17_home)" ] || install_packages openjdk-17-jre-headless
}

# Prints the home of a Java 17, if there is one.
java_17_home() {
    local home
    for home in /usr/lib/jvm/java-17-openjdk-* /usr/lib/jvm/*17*; do
        if [ -x "$home/bin/java" ]; then
            printf '%s\n' "$home"
            return 0
        fi
    done
}
