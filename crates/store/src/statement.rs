//! The list of all statements. Their texts are files below `sql/`: `x.sql` for both databases, or
//! `x.sqlite.sql` and `x.postgres.sql` where they must differ.

/// One statement, in both dialects.
#[derive(Debug)]
pub(crate) struct Statement {
    /// Its place in [`ALL`].
    pub(crate) index: usize,
    /// The file's name without ending.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests name the statement that fails"))]
    pub(crate) name: &'static str,
    /// What SQLite is told.
    pub(crate) sqlite: &'static str,
    /// What PostgreSQL is told.
    pub(crate) postgres: &'static str,
}

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/", $name, ".sql"))
    };
}

macro_rules! statements {
    (@texts both $name:literal) => { (file!($name), file!($name)) };
    (@texts each $name:literal) => {
        (
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/", $name, ".sqlite.sql")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/", $name, ".postgres.sql")),
        )
    };
    ($($constant:ident = $kind:ident $name:literal;)*) => {
        #[expect(non_camel_case_types, reason = "counts the list")]
        enum Index { $($constant,)* }

        $(
            pub(crate) static $constant: Statement = {
                const TEXTS: (&str, &str) = statements!(@texts $kind $name);
                Statement {
                    index: Index::$constant as usize,
                    name: $name,
                    sqlite: TEXTS.0,
                    postgres: TEXTS.1,
                }
            };
        )*

        /// Every statement, in the order of [`Statement::index`].
        pub(crate) static ALL: &[&Statement] = &[$(&$constant,)*];
    };
}

statements! {
    TENANTS_ENSURE = both "tenants/ensure";
    TENANTS_BY_HOST = both "tenants/by_host";
    TENANTS_ALL = both "tenants/all";
    TENANTS_VERSIONS = both "tenants/versions";
    SETTINGS_CURRENT = both "settings/current";
    SETTINGS_AT = both "settings/at";
    SETTINGS_ADVANCE = both "settings/advance";
    SETTINGS_PUT = both "settings/put";
    SETTINGS_HISTORY = both "settings/history";
    KEYS_ALL = both "keys/all";
    KEYS_ADVANCE = both "keys/advance";
    KEYS_PUT = both "keys/put";
    KEYS_MOVE = both "keys/move";
    KEYS_REMOVE = both "keys/remove";
    NODES_SEEN = both "nodes/seen";
    NODES_LIVE = both "nodes/live";
    NODES_GONE = both "nodes/gone";
    PEOPLE_BY_ID = both "people/by_id";
    PEOPLE_BY_USERNAME = both "people/by_username";
    PEOPLE_BY_SESSION = both "people/by_session";
    PEOPLE_BY_CREDENTIAL = both "people/by_credential";
    PEOPLE_EXISTS = both "people/exists";
    PEOPLE_ADD = both "people/add";
    PEOPLE_PUT = both "people/put";
    PEOPLE_SET_STATE = both "people/set_state";
    PEOPLE_SET_PASSWORD = both "people/set_password";
    PEOPLE_REHASH = both "people/rehash";
    PEOPLE_SET_PREFERENCES = both "people/set_preferences";
    PEOPLE_PROMPT_DISMISSED = both "people/prompt_dismissed";
    PEOPLE_DISMISS_PROMPT = both "people/dismiss_prompt";
    PEOPLE_BUMP = both "people/bump";
    PEOPLE_BUMP_WITH_FACTOR = both "people/bump_with_factor";
    PEOPLE_HAD_FACTOR = both "people/had_factor";
    PEOPLE_BUMP_FOR_REMOVAL = both "people/bump_for_removal";
    PEOPLE_REMOVE = both "people/remove";
    PEOPLE_LIST = both "people/list";
    PEOPLE_SEARCH = both "people/search";
    PEOPLE_WORD_PUT = both "people/word_put";
    PEOPLE_WORDS_REMOVE = both "people/words_remove";
    PEOPLE_ANY = both "people/any";
    FACTORS_OF_PERSON = both "factors/of_person";
    FACTORS_OF_USERNAME = both "factors/of_username";
    FACTORS_OF_SESSION = both "factors/of_session";
    FACTORS_OF_CREDENTIAL = both "factors/of_credential";
    FACTORS_ADD = both "factors/add";
    FACTORS_CONFIRM = both "factors/confirm";
    FACTORS_RENAME = both "factors/rename";
    FACTORS_SUSPEND = both "factors/suspend";
    FACTORS_RESUME = both "factors/resume";
    FACTORS_REMOVE = both "factors/remove";
    FACTORS_REMOVE_BINDING = both "factors/remove_binding";
    FACTORS_REMOVE_METHOD = both "factors/remove_method";
    FACTORS_REMOVE_ALL = both "factors/remove_all";
    FACTORS_SPEND_STEP = both "factors/spend_step";
    FACTORS_BURN_STEP = both "factors/burn_step";
    FACTORS_SPEND_CODE = both "factors/spend_code";
    FACTORS_USED = both "factors/used";
    FACTORS_USE_PASSKEY = both "factors/use_passkey";
    TICKETS_PUT = both "tickets/put";
    TICKETS_OF_PERSON = both "tickets/of_person";
    TICKETS_SPEND = both "tickets/spend";
    TICKETS_START = both "tickets/start";
    TICKETS_WRONG = both "tickets/wrong";
    TICKETS_END = both "tickets/end";
    TICKETS_REMOVE_ALL = both "tickets/remove_all";
    ATTEMPTS_PUT = both "attempts/put";
    ATTEMPTS_BY_ID = both "attempts/by_id";
    ATTEMPTS_ADVANCE = both "attempts/advance";
    ATTEMPTS_END = both "attempts/end";
    COUNTERS_BY_KEY = both "counters/by_key";
    COUNTERS_RESERVE = both "counters/reserve";
    COUNTERS_FAIL = both "counters/fail";
    COUNTERS_REPEAT = both "counters/repeat";
    COUNTERS_CLEAR = both "counters/clear";
    COUNTERS_GIVE_BACK = both "counters/give_back";
    COUNTERS_BOUNDARY = both "counters/boundary";
    COUNTERS_EVICT = both "counters/evict";
    COUNTERS_EXPIRE = both "counters/expire";
    SESSIONS_BY_DIGEST = both "sessions/by_digest";
    SESSIONS_OF_PERSON = both "sessions/of_person";
    SESSIONS_OPEN = both "sessions/open";
    PEOPLE_EPOCH_IS = both "people/epoch_is";
    PEOPLE_SEEN = both "people/seen";
    SESSIONS_RENEW = both "sessions/renew";
    SESSIONS_PROVE = both "sessions/prove";
    SESSIONS_TOUCH = both "sessions/touch";
    SESSIONS_END = both "sessions/end";
    SESSIONS_END_BY_ID = both "sessions/end_by_id";
    SESSIONS_END_OF_PERSON = both "sessions/end_of_person";
    CODES_PUT = both "codes/put";
    CODES_BY_DIGEST = both "codes/by_digest";
    CODES_REDEEM = both "codes/redeem";
    GRANTS_PROMISE = both "grants/promise";
    GRANTS_OPEN = both "grants/open";
    GRANTS_END = both "grants/end";
    GRANTS_END_OF_COOKIE = both "grants/end_of_cookie";
    GRANTS_END_OF_CLIENT = both "grants/end_of_client";
    GRANTS_END_OF_PERSON = both "grants/end_of_person";
    GRANTS_END_OF_SESSION = both "grants/end_of_session";
    GRANTS_BY_ID = both "grants/by_id";
    GRANTS_OF_PERSON = both "grants/of_person";
    GRANTS_REMOVE_OF_PERSON = both "grants/remove_of_person";
    TOKENS_ACCESS_PUT = both "tokens/access_put";
    TOKENS_ACCESS_END = both "tokens/access_end";
    TOKENS_ACCESS_BY_DIGEST = both "tokens/access_by_digest";
    TOKENS_REFRESH_PUT = both "tokens/refresh_put";
    TOKENS_REFRESH_ROTATE = both "tokens/refresh_rotate";
    TOKENS_REFRESH_BY_DIGEST = both "tokens/refresh_by_digest";
    CONSENTS_PUT = both "consents/put";
    CONSENTS_REMOVE = both "consents/remove";
    CONSENTS_REMOVE_ALL = both "consents/remove_all";
    CONSENTS_OF_PERSON = both "consents/of_person";
    REVOCATION_LISTS_HEADS = both "revocation_lists/heads";
    REVOCATION_LISTS_DOCUMENT = both "revocation_lists/document";
    REVOCATION_LISTS_CLAIM = both "revocation_lists/claim";
    REVOCATION_LISTS_PUT = both "revocation_lists/put";
    REVOCATION_LISTS_TRIED = both "revocation_lists/tried";
    REVOCATION_LISTS_FORGET = both "revocation_lists/forget";
    OUTBOX_PUT = both "outbox/put";
    OUTBOX_NEXT = both "outbox/next";
    OUTBOX_LEASE = each "outbox/lease";
    OUTBOX_DONE = both "outbox/done";
    OUTBOX_FAILED = both "outbox/failed";
    OUTBOX_WAITING = both "outbox/waiting";
    MAIL_CODES_PUT = both "mail_codes/put";
    MAIL_CODES_TOLD = both "mail_codes/told";
    MAIL_CODES_BOUNCED = both "mail_codes/bounced";
    MAIL_CODES_SPEND = both "mail_codes/spend";
    MAIL_CODES_END = both "mail_codes/end";
    MAIL_CODES_BY_ID = both "mail_codes/by_id";
    MAIL_CODES_OF_PERSON = both "mail_codes/of_person";
    MAIL_CODES_REMOVE_ALL = both "mail_codes/remove_all";
    MAIL_CODES_ROW = both "mail_codes/row";
    MAIL_CODES_ROW_BEGIN = both "mail_codes/row_begin";
    MAIL_CODES_ROW_GO_ON = both "mail_codes/row_go_on";
    MAIL_CODES_ROW_REMOVE = both "mail_codes/row_remove";
    AUDIT_WRITER_PUT = both "audit/writer_put";
    AUDIT_WRITERS = both "audit/writers";
    AUDIT_LINE_PUT = both "audit/line_put";
    AUDIT_FACTS_PUT = both "audit/facts_put";
    AUDIT_OF_PERSON = both "audit/of_person";
    AUDIT_BY_INCIDENT = both "audit/by_incident";
    AUDIT_SCAN = both "audit/scan";
    AUDIT_SINCE = both "audit/since";
    AUDIT_FACTS_OF_PERSON_REMOVE = both "audit/facts_of_person_remove";
    AUDIT_FIRST = both "audit/first";
    AUDIT_LINE_REMOVE = both "audit/line_remove";
    AUDIT_FACTS_REMOVE = both "audit/facts_remove";
    AUDIT_WRITER_CUT = both "audit/writer_cut";
    AUDIT_UNLISTED = both "audit/unlisted";
    AUDIT_WRITER_LISTED = both "audit/writer_listed";
    AUDIT_WRITER_REMOVE = both "audit/writer_remove";
    AUDIT_CHECKPOINTS_FIRST = both "audit/checkpoints_first";
    AUDIT_CHECKPOINTS_REMOVE = both "audit/checkpoints_remove";
    AUDIT_CHECKPOINT_PUT = both "audit/checkpoint_put";
    AUDIT_CHECKPOINT_LAST = both "audit/checkpoint_last";
    AUDIT_CHECKPOINTS = both "audit/checkpoints";
    CERTIFICATES_PUT = both "certificates/put";
    CERTIFICATES_BY_SERIAL = both "certificates/by_serial";
    CERTIFICATES_OF_PERSON = both "certificates/of_person";
    CERTIFICATES_GOOD_OF_PERSON = both "certificates/good_of_person";
    CERTIFICATES_GOOD_OF_USERNAME = both "certificates/good_of_username";
    CERTIFICATES_GOOD_OF_CREDENTIAL = both "certificates/good_of_credential";
    CERTIFICATES_GOOD_OF_SESSION = both "certificates/good_of_session";
    CERTIFICATES_REVOKE = both "certificates/revoke";
    CERTIFICATES_REVOKE_OF_PERSON = both "certificates/revoke_of_person";
    CERTIFICATES_UNTIL = both "certificates/until";
    CERTIFICATES_ENDED = both "certificates/ended";
    CERTIFICATES_REVOKED = both "certificates/revoked";
    CERTIFICATES_REVOKED_LAST = both "certificates/revoked_last";
    CERTIFICATES_FILE = both "certificates/file";
    CERTIFICATES_FILE_FORGET = both "certificates/file_forget";
    CERTIFICATES_FORGET_PERSON = both "certificates/forget_person";
    HEALTH_ASK = both "health/ask";
    RESTORE_SESSIONS = both "restore/sessions";
    RESTORE_CODES = both "restore/codes";
    RESTORE_ACCESS_TOKENS = both "restore/access_tokens";
    RESTORE_REFRESH_TOKENS = both "restore/refresh_tokens";
    RESTORE_GRANTS = both "restore/grants";
    RESTORE_TICKETS = both "restore/tickets";
    RESTORE_ATTEMPTS = both "restore/attempts";
    RESTORE_CERTIFICATE_FILES = both "restore/certificate_files";
    RESTORE_STEPS = both "restore/steps";
    RESTORE_OUTBOX = both "restore/outbox";
    RESTORE_MAIL_CODES = both "restore/mail_codes";
    RESTORE_NODES = both "restore/nodes";
    SWEEP_ATTEMPTS = both "sweep/attempts";
    SWEEP_CODES = both "sweep/codes";
    SWEEP_SESSIONS = both "sweep/sessions";
    SWEEP_ACCESS_TOKENS = both "sweep/access_tokens";
    SWEEP_REFRESH_TOKENS = both "sweep/refresh_tokens";
    SWEEP_GRANTS = both "sweep/grants";
    SWEEP_TICKETS = both "sweep/tickets";
    SWEEP_BURNED_STEPS = both "sweep/burned_steps";
    SWEEP_CERTIFICATE_FILES = both "sweep/certificate_files";
    SWEEP_CERTIFICATES = both "sweep/certificates";
    SWEEP_FACTS = both "sweep/facts";
    SWEEP_MAIL_CODES = both "sweep/mail_codes";
    SWEEP_MAIL_ROWS = both "sweep/mail_rows";
}
