#!/bin/bash
# What users get wrong: each kind of bad input is answered by one clear line on standard error and exit status 2, and nothing
# was started. What goes wrong later (a full disk, a closed output, nobody there) is said as well, with exit status 1.
#
#     BUILD=build tests/scripts/test_bad_input.sh
set -u

build=$(cd "${BUILD:-${1:-build}}" && pwd) || exit 2
serve=("$build/ringdtls" serve)
load=("$build/ringdtls-load")
work=$(mktemp -d)
export RINGDTLS_TEST_MARK="$$.$RANDOM"
passed=0
failed=0
helpers=()

finish() {
    local pid
    for pid in "${helpers[@]}"; do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    mountpoint -q "$work/small" && umount "$work/small"
    rm -rf "$work"
}
trap finish EXIT

ok() {
    echo "ok $1"
    passed=$((passed + 1))
}

fail() {
    echo "FAIL $1"
    shift
    printf '    %s\n' "$@"
    failed=$((failed + 1))
}

# refused NAME PATTERN COMMAND...
refused() {
    local name=$1 pattern=$2 status
    shift 2
    timeout -k 1 10 "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
    if [ "$status" -ne 2 ]; then
        fail "$name" "exit status $status instead of 2" "$(cat "$work/err")"
    elif [ "$(wc -l <"$work/err")" -ne 1 ]; then
        fail "$name" "not one line on standard error:" "$(cat "$work/err")"
    elif [ -s "$work/out" ]; then
        fail "$name" "it had started already:" "$(cat "$work/out")"
    elif ! grep -qiE -- "$pattern" "$work/err"; then
        fail "$name" "the line does not say /$pattern/:" "$(cat "$work/err")"
    else
        ok "$name"
    fi
}

# Start a server, wait for its first line, set $server (pid) and $address.
start_server() {
    "${serve[@]}" --listen 127.0.0.1:0 --shards 1 "$@" >"$work/server.out" 2>"$work/server.err" &
    server=$!
    helpers+=("$server")
    local i
    for i in $(seq 100); do
        address=$(sed -n 's/^listening on \([^ ,]*\).*/\1/p;q' "$work/server.out")
        [ -n "$address" ] && return 0
        sleep 0.05
    done
    fail start_server "no first line" "$(cat "$work/server.err")"
    return 1
}

stop_server() {
    kill -TERM "$server"
    wait "$server"
    server_status=$?
}

is_root() { [ "$(id -u)" -eq 0 ]; }

# --- certificates and keys -----------------------------------------------------------------------------------------------
make_pair() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:"$2" -nodes -days 2 -subj /CN=test \
        -keyout "$work/$1.key" -out "$work/$1.pem" 2>/dev/null
}
make_pair one P-256
make_pair two P-256
make_pair other P-521
openssl req -x509 -newkey rsa:1024 -nodes -days 2 -subj /CN=test -keyout "$work/rsa.key" \
    -out "$work/rsa.pem" 2>/dev/null
openssl req -x509 -key "$work/one.key" -days 2 -subj /CN=test -addext keyUsage=keyAgreement \
    -out "$work/mute.pem" 2>/dev/null
openssl req -x509 -key "$work/two.key" -days 2 -subj /CN=another -out "$work/another.pem" 2>/dev/null
cat "$work/one.pem" "$work/another.pem" >"$work/unordered.pem"
openssl pkcs8 -topk8 -passout pass:secret -in "$work/one.key" -out "$work/locked.key" 2>/dev/null
echo nonsense >"$work/nonsense"
: >"$work/empty"
head -c 2000000 /dev/zero >"$work/large"
mkdir "$work/directory"

own=("${serve[@]}" --listen 127.0.0.1:0)
refused cert_missing 'missing\.pem.*No such file' \
    "${own[@]}" --cert "$work/missing.pem" --key "$work/one.key"
refused key_missing 'missing\.key.*No such file' \
    "${own[@]}" --cert "$work/one.pem" --key "$work/missing.key"
refused cert_is_a_directory 'directory.*not a regular file' \
    "${own[@]}" --cert "$work/directory" --key "$work/one.key"
refused key_is_a_device 'zero.*not a regular file' \
    "${own[@]}" --cert "$work/one.pem" --key /dev/zero
refused cert_is_nonsense '--cert .*nonsense: not' \
    "${own[@]}" --cert "$work/nonsense" --key "$work/one.key"
refused cert_is_empty '--cert .*empty: not' "${own[@]}" --cert "$work/empty" --key "$work/one.key"
refused cert_is_large '--cert: .*large: larger' "${own[@]}" --cert "$work/large" --key "$work/one.key"
refused key_is_nonsense '--key .*nonsense: not' \
    "${own[@]}" --cert "$work/one.pem" --key "$work/nonsense"
refused key_has_a_pass_phrase '--key .*locked\.key' \
    "${own[@]}" --cert "$work/one.pem" --key "$work/locked.key"
refused key_of_another_certificate 'two\.key: not the private key of' \
    "${own[@]}" --cert "$work/one.pem" --key "$work/two.key"
refused cert_on_another_curve '(cert|key) .*other\.' \
    "${own[@]}" --cert "$work/other.pem" --key "$work/other.key"
refused cert_is_of_a_short_key '(cert|key) .*rsa\.' "${own[@]}" --cert "$work/rsa.pem" --key "$work/rsa.key"
refused cert_may_not_sign '--cert .*mute\.pem: not' \
    "${own[@]}" --cert "$work/mute.pem" --key "$work/one.key"
refused chain_is_none '--cert .*unordered\.pem: not' \
    "${own[@]}" --cert "$work/unordered.pem" --key "$work/one.key"
refused cert_without_key 'belong together' "${own[@]}" --cert "$work/one.pem"
refused key_without_cert 'belong together' "${own[@]}" --key "$work/one.key"

# --- files that are read again -----------------------------------------------------------------------------------------
# not_reloaded NAME PATTERN: what SIGHUP finds is answered by one line, and the old certificate stays in use.
not_reloaded() {
    local i
    : >"$work/server.err"
    kill -HUP "$server"
    for i in $(seq 100); do
        [ -s "$work/server.err" ] && break
        sleep 0.05
    done
    if [ "$(wc -l <"$work/server.err")" -ne 1 ] || ! grep -qE -- "not reloaded.*$2" "$work/server.err"; then
        fail "$1" "not one line that says /$2/:" "$(cat "$work/server.err")"
    elif ! timeout 10 "${load[@]}" "$address" -n 10 -c 2 --verify fingerprint --fingerprint "$pinned" >"$work/out" 2>&1; then
        fail "$1" "the old certificate is not in use:" "$(cat "$work/out")"
    else
        ok "$1"
    fi
}

use() {
    cp "$work/$1" "$work/used.pem"
    cp "$work/$2" "$work/used.key"
}

use one.pem one.key
cp "$work/one.pem" "$work/used.ca"
pinned=$(openssl x509 -in "$work/one.pem" -outform der | sha256sum | cut -d' ' -f1)
if start_server --cert "$work/used.pem" --key "$work/used.key" --ca "$work/used.ca" --client-cert request; then
    rm "$work/used.pem"
    not_reloaded reload_without_cert '--cert.*used\.pem: cannot be read: No such file'
    use one.pem one.key
    rm "$work/used.key"
    not_reloaded reload_without_key '--key.*used\.key: cannot be read: No such file'
    use nonsense one.key
    not_reloaded reload_nonsense_for_a_cert '--cert .*used\.pem: not certificates'
    use one.pem empty
    not_reloaded reload_empty_key '--key .*used\.key: not a'
    use one.pem two.key
    not_reloaded reload_key_of_another 'used\.key: not the private key of --cert .*used\.pem'
    use other.pem other.key
    not_reloaded reload_another_curve '(cert|key) .*used\.'
    use two.pem two.key
    cp "$work/nonsense" "$work/used.ca"
    not_reloaded reload_nonsense_for_authorities '--ca .*used\.ca: not certificates'
    rm "$work/used.ca"
    not_reloaded reload_without_authorities '--ca.*used\.ca: cannot be read: No such file'
    stop_server
    [ "$server_status" -eq 0 ] && ok failed_reloads_are_no_failure || fail failed_reloads_are_no_failure "$server_status"
fi
if start_server; then
    pinned=$(sed -n 's/.*sha-256 //p' "$work/server.out" | tr -d :)
    not_reloaded reload_of_nothing 'no --cert, --ca or --ticket-keys'
    stop_server
fi

# --- addresses -----------------------------------------------------------------------------------------------------------
refused listen_without_port '1\.2\.3\.4: no port' "${serve[@]}" --listen 1.2.3.4
refused listen_to_a_name "'localhost' is not a numeric" "${serve[@]}" --listen localhost:4433
refused listen_to_a_large_port "port '70000'" "${serve[@]}" --listen 127.0.0.1:70000
refused listen_without_brackets 'brackets' "${serve[@]}" --listen ::1:4433
refused listen_to_no_interface 'no network interface' "${serve[@]}" --listen '[fe80::1%nosuch]:4433'
refused listen_twice 'given twice' "${serve[@]}" --listen 127.0.0.1:4433 --listen 127.0.0.1:4433
refused listen_to_an_address_not_ours '192\.0\.2\.1:4433.*not an address of this machine' \
    "${serve[@]}" --listen 192.0.2.1:4433
refused listen_partly_possible '192\.0\.2\.1' \
    "${serve[@]}" --listen 127.0.0.1:0 --listen 192.0.2.1:4433

if start_server; then
    refused port_of_another_server "$address.*in use" "${serve[@]}" --listen "$address"
    stop_server
    [ "$server_status" -eq 0 ] && ok sigterm_ends_in_0 || fail sigterm_ends_in_0 "$server_status"
fi
python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
time.sleep(60)' >"$work/port" &
helpers+=($!)
for _ in $(seq 100); do
    [ -s "$work/port" ] && break
    sleep 0.05
done
refused port_of_another_program "in use" "${serve[@]}" --listen "127.0.0.1:$(cat "$work/port")"

# --- permissions ---------------------------------------------------------------------------------------------------------
# A network namespace of its own has the default for which ports are privileged. The programs are copied to where nobody may
# read them.
if is_root && command -v setpriv >/dev/null && unshare -n true 2>/dev/null; then
    chmod 755 "$work"
    cp "$build/ringdtls" "$work/ringdtls"
    # What it is linked with out of the build folder goes with it.
    ldd "$build/ringdtls" | awk '$1 ~ /crypto_mb/ { print $3 }' | xargs -r cp --dereference --target-directory="$work"
    cp "$work/one.pem" "$work/secret.pem"
    cp "$work/one.key" "$work/secret.key"
    chmod 600 "$work/secret.key"
    nobody=(unshare -n setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all
        env "LD_LIBRARY_PATH=$work")
    refused privileged_port '0\.0\.0\.0:443.*Permission denied' \
        "${nobody[@]}" "$work/ringdtls" serve --listen 0.0.0.0:443
    refused unreadable_key 'secret\.key.*Permission denied' "${nobody[@]}" "$work/ringdtls" serve \
        --listen 0.0.0.0:0 --cert "$work/secret.pem" --key "$work/secret.key"
    refused unwritable_stats 'root\.json.*Permission denied' "${nobody[@]}" "$work/ringdtls" serve \
        --listen 0.0.0.0:0 --stats-json "$work/root.json"
else
    echo "skip privileged_port, unreadable_key, unwritable_stats: need root and a network namespace"
fi

# --- options -------------------------------------------------------------------------------------------------------------
refused no_command 'no command' "$build/ringdtls"
refused unknown_command "'surve' is not a command" "$build/ringdtls" surve
refused unknown_option '--bogus' "${serve[@]}" --bogus
refused option_without_value '--shards' "${serve[@]}" --shards
refused stray_argument "'stray'" "${serve[@]}" stray
refused shards_abc '--shards abc: not a whole number' "${serve[@]}" --shards abc
refused shards_0 '--shards 0' "${serve[@]}" --shards 0
refused shards_negative '--shards -1' "${serve[@]}" --shards=-1
refused shards_too_many '--shards 1000000' "${serve[@]}" --shards 1000000
refused mtu_3 '--mtu 3: not a whole number' "${serve[@]}" --mtu 3
refused mtu_70000 '--mtu 70000' "${serve[@]}" --mtu 70000
refused handler_unknown '--handler proxy: not one of' "${serve[@]}" --handler proxy
refused cookies_unknown '--cookies maybe: not one of' "${serve[@]}" --cookies maybe
refused io_unknown '--io epoll: not one of' "${serve[@]}" --io epoll
refused lanes_unknown '--lanes crypto_mb: not one of' "${serve[@]}" --lanes crypto_mb
refused client_cert_unknown '--client-cert yes: not one of' "${serve[@]}" --client-cert yes
refused connections_max_0 '--connections-max 0' "${serve[@]}" --connections-max 0
refused connections_max_huge '--connections-max' "${serve[@]}" --connections-max 99999999999999999999
refused connections_max_below_shards '--connections-max 1: less' \
    "${own[@]}" --shards 2 --connections-max 1
refused handshakes_max_below_shards '--handshakes-max 1: less' \
    "${own[@]}" --shards 2 --handshakes-max 1
refused newline_in_a_value '--shards 1\?2' "${serve[@]}" --shards $'1\n2'

refused stats_in_no_directory 'stats-json: .*No such file' \
    "${own[@]}" --stats-json "$work/missing/stats.json"
refused stats_is_a_directory 'stats-json: .*directory' "${own[@]}" --stats-json "$work/directory"
refused stats_without_name 'empty' "${own[@]}" --stats-json ''

echo old >"$work/open.keys"
chmod 644 "$work/open.keys"
refused versions_unknown '--versions 1\.1: 1\.1: not one of 1\.2, 1\.3' "${serve[@]}" --versions 1.1
refused versions_empty '--versions : a name in the list is empty' "${serve[@]}" --versions ''
refused versions_twice 'given twice' "${serve[@]}" --versions 1.3,1.3
refused suite_of_another_version '--suite TLS_AES_128_GCM_SHA256 is of DTLS 1\.3 alone, but --versions is 1\.2' \
    "${serve[@]}" --suite TLS_AES_128_GCM_SHA256
refused suite_for_one_of_two_versions '--versions is 1\.2,1\.3' \
    "${serve[@]}" --versions 1.2,1.3 --suite ECDHE-RSA-AES128-GCM-SHA256
refused alpn_empty '--alpn : a name in the list is empty' "${serve[@]}" --alpn ''
refused alpn_with_a_gap '--alpn a,,b: a name in the list is empty' "${serve[@]}" --alpn a,,b
refused alpn_twice 'given twice' "${serve[@]}" --alpn a,a
refused alpn_too_long 'more than 64 bytes' "${serve[@]}" --alpn "$(printf 'a%.0s' $(seq 65))"
refused alpn_too_many 'more than 8 protocols' "${serve[@]}" --alpn a,b,c,d,e,f,g,h,i
refused srtp_unknown 'SRTP_NULL: not one of SRTP_AES128_CM_SHA1_80' "${serve[@]}" --srtp SRTP_NULL
refused ticket_keys_of_no_file 'ticket-keys: .*No such file' "${own[@]}" --ticket-keys "$work/missing/keys"
refused keylog_in_no_directory 'keylog: .*No such file' "${own[@]}" --keylog "$work/missing/keys"
refused keylog_is_a_directory 'keylog: .*directory' "${own[@]}" --keylog "$work/directory"
refused keylog_that_others_may_read 'keylog: .*mode 644' "${own[@]}" --keylog "$work/open.keys"

target=127.0.0.1:4433
refused load_without_target 'ADDR:PORT is missing' "${load[@]}"
refused load_to_a_name 'not a numeric address' "${load[@]}" example.org:4433
refused load_to_port_0 'not an address and port' "${load[@]}" 127.0.0.1:0
refused load_to_any 'not an address and port' "${load[@]}" 0.0.0.0:4433
refused load_to_two "'127.0.0.2:1'" "${load[@]}" $target 127.0.0.2:1
refused load_unknown_option '--bogus' "${load[@]}" $target --bogus
refused load_handshakes_0 '--handshakes 0' "${load[@]}" $target --handshakes 0
refused load_handshakes_abc '--handshakes abc' "${load[@]}" $target --handshakes abc
refused load_duration_0 '--duration 0' "${load[@]}" $target --duration 0
refused load_rate_nan '--rate nan' "${load[@]}" $target --rate nan
refused load_concurrency_0 '--concurrency 0' "${load[@]}" $target --concurrency 0
refused load_threads_0 '--threads 0' "${load[@]}" $target --threads 0
refused load_mtu_3 '--mtu 3' "${load[@]}" $target --mtu 3
refused load_data_too_long '--data 5000' "${load[@]}" $target --data 5000
refused load_records_without_data '--records wants --data' "${load[@]}" $target --records 3
refused load_handshakes_and_duration 'exclude' "${load[@]}" $target -n 1 -d 1
refused load_concurrency_and_rate 'exclude' "${load[@]}" $target -c 1 -r 1
refused load_hold_and_duration '--hold' "${load[@]}" $target --hold -d 1
refused load_verify_unknown '--verify chain: not one of' "${load[@]}" $target --verify chain
refused load_verify_without_fingerprint 'belong together' "${load[@]}" $target --verify fingerprint
refused load_fingerprint_short '--fingerprint ab' \
    "${load[@]}" $target --verify fingerprint --fingerprint ab
refused load_versions_unknown '1\.4: not one of' "${load[@]}" $target --versions 1.2,1.4
refused load_suite_of_another_version 'is of DTLS 1\.3 alone' "${load[@]}" $target --suite TLS_AES_256_GCM_SHA384
refused load_suite_unknown '--suite RC4: not one of' "${load[@]}" $target --suite RC4
refused load_cert_missing 'missing\.pem.*No such file' "${load[@]}" $target --client-cert --cert "$work/missing.pem" \
    --key "$work/one.key"
refused load_key_of_another_certificate 'two\.key: not the private key of' "${load[@]}" $target --client-cert \
    --cert "$work/one.pem" --key "$work/two.key"
refused load_group_unknown '--group P-521: not one of' "${load[@]}" $target --group P-521
refused load_alpn_empty 'a name in the list is empty' "${load[@]}" $target --alpn ,
refused load_srtp_unknown 'none: not one of' "${load[@]}" $target --srtp none
refused load_server_name_is_an_address 'not the DNS name' "${load[@]}" $target --server-name 192.0.2.1
refused load_server_name_with_a_dot 'not the DNS name' "${load[@]}" $target --server-name a.example.
refused load_keylog_is_a_directory 'keylog: .*directory' "${load[@]}" $target --keylog "$work/directory"
refused load_json_in_no_directory 'json: .*No such file' "${load[@]}" $target --json "$work/no/x.json"
refused load_json_is_a_directory 'json: .*directory' "${load[@]}" $target --json "$work/directory"
refused load_more_sockets_than_ports 'needs 100000 sockets' "${load[@]}" '[::1]:4433' -n 100000 --hold
limited() {
    ulimit -n 256
    exec "$@"
}
export -f limited
refused load_more_sockets_than_files 'needs 500 sockets.*256 open files' \
    bash -c 'limited "$@"' - "${load[@]}" '[::1]:4433' -n 500 -c 500 --threads 1

# --- webrtc --------------------------------------------------------------------------------------------------------------
webrtc=("$build/ringdtls" webrtc --http 127.0.0.1:0 --listen 127.0.0.1:0)
refused webrtc_unknown_option '--bogus: unknown option' "${webrtc[@]}" --bogus
refused webrtc_stray_argument "'stray' is not an option" "${webrtc[@]}" stray
refused webrtc_http_without_port '--http 127.0.0.1: no port' "$build/ringdtls" webrtc --http 127.0.0.1
refused webrtc_http_of_somebody_else '--http.*(assign|address)' "$build/ringdtls" webrtc --http 192.0.2.77:80 --listen 127.0.0.1:0
refused webrtc_listen_is_a_name 'not a numeric address' "${webrtc[@]}" --listen localhost:4433
refused webrtc_listen_of_somebody_else '192\.0\.2\.77' "$build/ringdtls" webrtc --http 127.0.0.1:0 --listen 192.0.2.77:4433
refused webrtc_announce_with_port '--announce 192.0.2.1:4433: .*without a port' "${webrtc[@]}" --announce 192.0.2.1:4433
refused webrtc_announce_nobody '--announce 0.0.0.0: nobody can send there' "${webrtc[@]}" --announce 0.0.0.0
refused webrtc_announce_of_another_family '--announce: no address of the family' "${webrtc[@]}" --announce 2001:db8::1
refused webrtc_shards_0 '--shards 0: not a whole number' "${webrtc[@]}" --shards 0
refused webrtc_fewer_sessions_than_shards '--sessions-max 1: less than one for each' "${webrtc[@]}" --shards 2 --sessions-max 1
refused webrtc_connecting_max_abc '--connecting-max abc: not a whole number' "${webrtc[@]}" --connecting-max abc
refused webrtc_connect_timeout_0 '--connect-timeout 0: not a whole number' "${webrtc[@]}" --connect-timeout 0
refused webrtc_consent_timeout_long '--consent-timeout 3601: not a whole number' "${webrtc[@]}" --consent-timeout 3601
refused webrtc_versions_unknown '--versions 1.1' "${webrtc[@]}" --versions 1.1
refused webrtc_cert_without_key '--cert and --key belong together' "${webrtc[@]}" --cert "$work/one.pem"
refused webrtc_keys_of_another 'two\.key: not the private key of' "${webrtc[@]}" --cert "$work/one.pem" --key "$work/two.key"
refused webrtc_cert_missing 'missing\.pem.*No such file' "${webrtc[@]}" --cert "$work/missing.pem" --key "$work/one.key"

# --- scripts that measure ------------------------------------------------------------------------------------------------
# Judged before anything is installed or built.
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../scripts" && pwd)
refused bench_unknown_option '--bogus' "$scripts/bench" --bogus
refused bench_stray_argument 'stray' "$scripts/bench" stray
refused bench_unknown_row "--only: .*'nonsense'.*handshake" "$scripts/bench" --only nonsense
refused bench_only_without_row '--only' "$scripts/bench" --only
refused bench_rounds_0 "--rounds: '0' is not a whole number" "$scripts/bench" --rounds 0
refused bench_rounds_abc "--rounds: 'abc' is not a whole number" "$scripts/bench" --rounds abc
refused bench_seconds_nan "--seconds: 'nan' is not a number" "$scripts/bench" --seconds nan
refused bench_seconds_huge "--seconds: '1e9' is not a number" "$scripts/bench" --seconds 1e9
refused bench_concurrency_negative "--concurrency: '-1' is not a whole number" "$scripts/bench" --concurrency=-1
refused coverage_unknown_option '--bogus' "$scripts/coverage" --bogus
refused demo_unknown_option '--bogus' "$scripts/demo" --bogus
refused demo_rounds_0 'cannot be meant' "$scripts/demo" --rounds 0

# --- what goes wrong later ------------------------------------------------------------------------------------------------
# ended $? NAME STATUS PATTERN: how a program ended whose standard error is in $work/err.
ended() {
    local status=$1 name=$2 wanted=$3 pattern=$4
    if [ "$status" -ne "$wanted" ]; then
        fail "$name" "exit status $status instead of $wanted" "$(cat "$work/err")"
    elif ! grep -qE -- "$pattern" "$work/err"; then
        fail "$name" "standard error does not say /$pattern/:" "$(cat "$work/err")"
    else
        ok "$name"
    fi
}

"$build/ringdtls" --help >/dev/full 2>"$work/err"
ended $? help_into_a_full_disk 1 'No space left'
"${serve[@]}" --help >&- 2>"$work/err"
ended $? help_into_a_closed_output 1 'Bad file descriptor'

# Of what a server says at start nothing arrives; it serves all the same, and says so at the end.
serve_a_second() {
    "${own[@]}" --shards 1 "$@" 2>"$work/err" &
    local pid=$!
    helpers+=("$pid")
    sleep 1.5
    kill -TERM "$pid" 2>/dev/null
    wait "$pid"
}
serve_a_second >&-
ended $? serve_with_a_closed_output 1 'standard output'
serve_a_second >/dev/full
ended $? serve_into_a_full_output 1 'No space left'
serve_a_second > >(sleep 0.1)
ended $? serve_into_a_closed_pipe 1 'Broken pipe'

# Told to stop, by either signal and however often, it ends well.
stop_twice() {
    "${own[@]}" --shards 1 >"$work/err" 2>&1 &
    local pid=$!
    helpers+=("$pid")
    sleep 1.5
    kill "-$1" "$pid"
    kill -TERM "$pid" 2>/dev/null
    wait "$pid"
}
stop_twice INT
ended $? serve_interrupted 0 'stopped after'
stop_twice TERM
ended $? serve_terminated 0 'stopped after'

# Little memory: said at the start, and no more than that. A sanitizer needs more before anything begins.
if bash -c 'ulimit -v 60000 && exec "$0" --version' "$build/ringdtls" >/dev/null 2>&1; then
    refused serve_in_little_memory 'memory' bash -c 'ulimit -v 60000 && exec "$@"' - "${serve[@]}" --listen 127.0.0.1:0 --shards 1
fi

mkdir "$work/small"
if is_root && mount -t tmpfs -o size=4k none "$work/small" 2>/dev/null; then
    : >"$work/small/kept"
    head -c 4096 /dev/zero >"$work/small/filler" 2>/dev/null
    serve_a_second --stats-json "$work/small/stats.json" >"$work/out"
    ended $? stats_on_a_full_disk 1 'stats-json: .*No space left'
else
    echo "skip stats_on_a_full_disk: needs root and tmpfs"
fi

# The keys that cannot be written are said once, however many they are; the handshakes go on.
if [ -c /dev/full ] && start_server --keylog /dev/full; then
    timeout 30 "${load[@]}" "$address" -n 50 -c 10 >"$work/out" 2>"$work/err"
    status=$?
    if [ "$status" -eq 0 ]; then
        ok keylog_on_a_full_disk_does_not_stop_handshakes
    else
        fail keylog_on_a_full_disk_does_not_stop_handshakes "exit status $status" "$(cat "$work/err")"
    fi
    stop_server
    cp "$work/server.err" "$work/err"
    ended "$server_status" keylog_on_a_full_disk 1 'keylog: /dev/full.*No space left'
    if [ "$(grep -c keylog "$work/err")" -eq 1 ]; then
        ok keylog_on_a_full_disk_is_said_once
    else
        fail keylog_on_a_full_disk_is_said_once "$(cat "$work/err")"
    fi
fi

timeout 30 "${load[@]}" 127.0.0.1:9 -n 50 -c 10 --timeout-ms 300 --json "$work/load.json" \
    >"$work/out" 2>"$work/err"
ended $? load_to_nobody_ends_in_1 1 'gave up'
if grep -q '"timed_out":' "$work/load.json" && grep -q '"completed":[[:space:]]*0' "$work/load.json"; then
    ok load_to_nobody_counts_time_outs
else
    fail load_to_nobody_counts_time_outs "$(cat "$work/load.json" 2>&1)"
fi

timeout 30 "${load[@]}" 127.0.0.1:9 -n 50 -c 10 --hold --timeout-ms 300 >"$work/out" 2>"$work/err"
ended $? hold_of_nothing_ends_in_1 1 'gave up'

# --- nothing left behind --------------------------------------------------------------------------------------------------
left=()
for directory in /proc/[0-9]*; do
    executable=$(readlink "$directory/exe" 2>/dev/null)
    case $executable in
    "$build"/ringdtls* | "$work"/ringdtls*)
        tr '\0' '\n' <"$directory/environ" 2>/dev/null |
            grep -qx "RINGDTLS_TEST_MARK=$RINGDTLS_TEST_MARK" && left+=("${directory#/proc/}")
        ;;
    esac
done
if [ ${#left[@]} -eq 0 ]; then
    ok nothing_left_running
else
    fail nothing_left_running "${left[@]}"
fi
leftover=$(find "$work" -name '*.tmp')
[ -z "$leftover" ] && ok no_temporary_file_left || fail no_temporary_file_left "$leftover"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
