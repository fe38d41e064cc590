# What the parts need, and how it comes onto the machine. Sourced by ./test.
# (Rust with rustfmt and clippy, and a C compiler, are expected to be there, as for building.)

# need PACKAGE FILE: note the Debian package unless FILE (a pattern) or a command of that name exists.
need() {
    compgen -G "$2" >/dev/null || command -v "$2" >/dev/null || missing+=("$1")
}

needs_of() {
    case $1 in
    unit | nodes)
        need postgresql '/usr/lib/postgresql/*/bin/postgres'
        need openssl openssl
        need python3-aiosmtpd /usr/lib/python3/dist-packages/aiosmtpd
        need libnss3-tools pk12util
        need softhsm2 softhsm2-util
        need haproxy /usr/sbin/haproxy
        need opensc-pkcs11 '/usr/lib/*/pkcs11-spy.so'
        need oathtool oathtool
        need poppler-utils pdftoppm
        need zbar-tools zbarimg
        need fonts-noto-cjk '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc'
        ;;
    harness | journeys | causes | apache)
        need chromium /usr/bin/chromium
        need nodejs node
        need npm npm
        need openssl openssl
        need libnss3-tools pk12util
        need oathtool oathtool
        need fonts-noto-cjk '/usr/share/fonts/*/*/*CJK*'
        ;;
    esac
    if [ "$1" = causes ]; then
        need faketime '/usr/lib/*/faketime/libfaketimeMT.so.1'
    fi
    if [ "$1" = apache ]; then
        need apache2 /usr/sbin/apache2
        need libapache2-mod-auth-openidc /usr/lib/apache2/modules/mod_auth_openidc.so
    fi
    if [ "$1" = wifi ]; then
        need nodejs node
        need npm npm
        need curl curl
        need openssl openssl
        need freeradius /usr/sbin/freeradius
        need eapoltest eapol_test
    fi
}

# try WORDS...: run a command up to three times; its output is shown only if all of them failed.
try() {
    local log=$work/install.log
    for wait in 2 10 0; do
        "$@" >"$log" 2>&1 && return 0
        sleep "$wait"
    done
    tail -20 "$log"
    return 1
}

install_packages() {
    echo "installing: $*"
    # A package that starts a server when it is installed would take ports and keep running.
    local policy=/usr/sbin/policy-rc.d ours=
    if [ ! -e $policy ]; then
        ours=yes
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
    fi
    export DEBIAN_FRONTEND=noninteractive
    try apt-get update && try apt-get install -y --no-install-recommends "$@"
    local status=$?
    [ -z "$ours" ] || rm -f $policy
    return $status
}

install_for() {
    local missing=()
    for part in "$@"; do needs_of "$part"; done
    need gcc cc
    need libc6-dev /usr/include/stdio.h
    if ! command -v cargo >/dev/null; then
        echo "missing: Rust (cargo, with rustfmt and clippy); see https://rustup.rs"
        return 1
    fi
    if [ ${#missing[@]} -gt 0 ]; then
        mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
        if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
            echo "missing: ${missing[*]}"
            echo "(./test installs these by itself on Debian as root)"
            return 1
        fi
        install_packages "${missing[@]}" || { echo "could not be installed: ${missing[*]}"; return 1; }
    fi
    case " $* " in
    *" harness "* | *" journeys "* | *" causes "* | *" apache "* | *" wifi "*) install_modules ;;
    esac
    case "$SEKIMORI_TEST_VOLUME $* " in
    full*" deny "*) install_deny ;;
    esac
}

# Minutes of compiling: for the full volume only.
install_deny() {
    ! command -v cargo-deny >/dev/null || return 0
    echo "installing: cargo-deny"
    try cargo install cargo-deny --locked --debug --root "$tools"
}

# The npm packages of tests/package-lock.json, once for each state of that file.
install_modules() {
    local stamp=tests/node_modules/.installed
    cmp -s tests/package-lock.json $stamp && return 0
    echo "installing: npm packages of tests/package-lock.json"
    try npm ci --prefix tests --ignore-scripts --no-audit --no-fund || return 1
    cp tests/package-lock.json $stamp
}
