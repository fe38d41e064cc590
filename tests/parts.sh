# The parts of ./test, one function each. Sourced by ./test.
# A part never ends the run: it notes its counts with `count PART PASSED FAILED`.

export CARGO_NET_RETRY=10 CARGO_TERM_PROGRESS_WHEN=never
target=${CARGO_TARGET_DIR:-target}
tools=$(realpath -m "$target/tools")
PATH=$PATH:$tools/bin

count() { echo "$1 $2 $3" >>"$SEKIMORI_TEST_COUNTS"; }

# check PART COMMAND...: one command that is one test.
check() {
    local part=$1
    shift
    if "$@"; then count "$part" 1 0; else count "$part" 0 1; fi
}

part_fmt() { check fmt cargo fmt --all --check -- -l; }
part_layers() { check layers cargo --locked xtask layers; }
part_tidy() { check tidy cargo --locked xtask tidy; }
part_generate() { check generate cargo --locked xtask generate --check; }

part_clippy() {
    check clippy cargo clippy --locked --quiet --keep-going --workspace --all-targets -- -D warnings
}

part_deny() {
    if ! command -v cargo-deny >/dev/null; then
        echo "skipped: cargo-deny is not installed; ./test full deny installs it (layers checks the bans that matter most)"
        return
    fi
    # The advisory database may be out of reach; what the repository says by itself must hold.
    check deny cargo deny --locked --offline check bans licenses sources
    if cargo deny fetch db >/dev/null 2>&1; then
        check deny cargo deny --locked check advisories
    else
        echo "skipped: the advisory database cannot be reached"
    fi
}

# cargo_tests PART ARGUMENTS...: cargo test with a real PostgreSQL; counts what its programs say.
cargo_tests() {
    local part=$1 log=$work/$1.log url status
    shift
    if url=$(tests/postgres start "$work/postgres"); then
        export SEKIMORI_TEST_POSTGRES=$url
    else
        echo "PostgreSQL did not start"
        count "$part" 0 1
    fi
    cargo test --locked --no-fail-fast "$@" 2>&1 | tee "$log" | tests/terse
    status=${PIPESTATUS[0]}
    unset SEKIMORI_TEST_POSTGRES
    [ ! -e "$work/postgres/pid" ] || tests/postgres stop "$work/postgres"
    # "test result: ok. 12 passed; 0 failed; …"; what did not even compile, died or found no test counts as one.
    awk -v part="$part" -v status="$status" '/^test result: / { p += $4; f += $6 }
        END { if ((status != 0 || p == 0) && f == 0) f = 1; print part, p + 0, f + 0 }' "$log" \
        >>"$SEKIMORI_TEST_COUNTS"
}

# The testbed notes which refusals it met; in the end each of them has to be there.
part_unit() {
    export SEKIMORI_TEST_REASONS=$work/reasons
    mkdir "$SEKIMORI_TEST_REASONS"
    cargo_tests unit --workspace
    check unit cargo --locked xtask reasons "$SEKIMORI_TEST_REASONS"
}

# One test after the other: each brings servers of its own, and says at the end what it saw.
part_nodes() {
    cargo_tests nodes -p sekimori-server --test program -- \
        --ignored --nocapture --test-threads=1 nodes::
}

# scripts PART FILES...: journeys; the runner writes the counts by itself.
scripts() {
    local part=$1
    shift
    if ! node tests/lib/run.mjs "$part" "$@"; then
        grep -q "^$part " "$SEKIMORI_TEST_COUNTS" || count "$part" 0 1
    fi
}

# Once a run: both parts that need it find the same program.
build_server() {
    [ -z "${SEKIMORI_BINARY:-}" ] || return 0
    cargo build --locked --quiet -p sekimori-server || return 1
    SEKIMORI_BINARY=$(realpath "$target/debug/sekimori")
    export SEKIMORI_BINARY
}

part_harness() { scripts harness tests/harness/*.mjs; }

part_journeys() {
    if build_server; then scripts journeys tests/journeys/*.mjs; else count journeys 0 1; fi
}

# Its runner takes numbers of causes, for one alone: node tests/causes/run.mjs 42
part_causes() {
    if ! build_server || ! node tests/causes/run.mjs; then
        grep -q "^causes " "$SEKIMORI_TEST_COUNTS" || count causes 0 1
    fi
}

part_apache() {
    if build_server; then
        scripts apache tests/clients/apache-oidc/{journey,addresses}.mjs
    else
        count apache 0 1
    fi
}

part_wifi() {
    if build_server; then scripts wifi tests/clients/wifi/journey.mjs; else count wifi 0 1; fi
}
