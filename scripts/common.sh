# Shared by scripts/demo, scripts/bench and scripts/test: what must be installed, and a build folder in a wanted state. Sourced by bash.

packages_needed=(
    build-essential meson ninja-build pkgconf python3
    libssl-dev liburing-dev libpopt-dev libcjson-dev libmicrohttpd-dev libusrsctp-dev libjemalloc-dev # the programs
    libcriterion-dev openssl gnutls-bin valgrind                     # the tests; valgrind also builds bench/micro
    libgnutls28-dev libmbedtls-dev libwolfssl-dev                    # the servers that ours is compared with
    clang-14 libclang-rt-14-dev                                      # the fuzzers
    mandoc                                                           # the manual pages, their form
    libc6-dev-i386 lib32gcc-12-dev                                   # the core with 32 bits
)

# Print those of the packages that are not installed.
packages_missing() {
    local package
    for package in "${packages_needed[@]}"; do
        case "$(dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null)" in
        'install ok installed') ;;
        *) echo "$package" ;;
        esac
    done
}

# Install what is missing. Asks for nothing. Package lists are fetched only when those at hand do not do.
install_needed_packages() {
    local missing apt log
    if ! command -v dpkg-query >/dev/null; then
        echo "This is no Debian: make sure that you have what these packages bring: ${packages_needed[*]}" >&2
        return 0
    fi
    mapfile -t missing < <(packages_missing)
    if [ ${#missing[@]} -eq 0 ]; then
        return 0
    fi
    if [ "$(id -u)" -ne 0 ]; then
        echo "Packages are missing, and only root can install them. Run this, then start again:" >&2
        echo "    sudo apt-get install ${missing[*]}" >&2
        return 2
    fi
    echo "Installing: ${missing[*]}"
    log=$(mktemp)
    apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)
    if ! "${apt[@]}" install --yes --no-install-recommends "${missing[@]}" </dev/null >"$log" 2>&1; then
        if ! { "${apt[@]}" update && "${apt[@]}" install --yes --no-install-recommends "${missing[@]}"; } \
            </dev/null >"$log" 2>&1; then
            echo "They could not be installed:" >&2
            tail -n 20 "$log" >&2
            rm -f "$log"
            return 2
        fi
    fi
    rm -f "$log"
}

# And what can be done without: where it cannot be had, one line says so. All builds share it.
install_packages() {
    install_needed_packages || return
    scripts/fetch_crypto_mb build/crypto_mb
}

# configure_build FOLDER OPTION...: make the folder, or bring an old one to these options, even one that was being configured when
# it was interrupted: that has lost its build.ninja.
configure_build() {
    local folder=$1
    shift
    set -- -Dmultibuffer_folder=build/crypto_mb "$@"
    if [ -f "$folder/meson-private/coredata.dat" ]; then
        meson setup --reconfigure "$folder" "$@"
    else
        meson setup "$folder" "$@"
    fi
}

# judge_options PROGRAM OPTION...: before the long work, as far as a Python is there already. Help was all that was wanted: the end.
judge_options() {
    local program=$1
    shift
    command -v python3 >/dev/null || return 0
    python3 -B "$program" --only-judge-options "$@"
    case " $* " in
    *' --help '* | *' -h '*) exit 0 ;;
    esac
}

# build_release SCRIPT TARGET...: these targets (names, or patterns of names) in build/, for speed. Quiet unless it fails; ends
# with us.
build_release() {
    local script=$1 log=build.log
    shift
    echo "Building in build/ (release)"
    if ! python3 -B scripts/supervise.py bash -c 'source scripts/common.sh; build_release_now "$@"' build "$@" >"$log" 2>&1; then
        cat "$log" >&2
        echo "scripts/$script: the build failed" >&2
        return 1
    fi
    rm -f "$log"
}

build_release_now() {
    configure_build build --buildtype=release -Db_sanitize=none || return
    build_targets build "$@"
}

# build_targets FOLDER TARGET...: names, or patterns of names.
build_targets() {
    local folder=$1 name wanted targets=()
    shift
    while read -r name; do
        for wanted in "$@"; do
            # shellcheck disable=SC2053 # a pattern is wanted
            [[ $name == $wanted ]] && targets+=("$name")
        done
    done < <(ninja -C "$folder" -t targets all | sed -n 's/^\([a-z0-9_/-]*\): .*/\1/p')
    ninja -C "$folder" "${targets[@]}"
}

# Without optimisation, so that a line of the source is a line of the program; counted well by several threads too.
build_counting() {
    CC=gcc configure_build build-coverage --buildtype=debug -Db_coverage=true -Db_sanitize=none -Dc_args=-fprofile-update=atomic \
        -Ddefault_library=static || return
    build_targets build-coverage 'tests/unit_tests' 'tests/hazards/hazard_tests' 'tests/simulation/simulation' 'tests/fuzz/replay_*'
}
