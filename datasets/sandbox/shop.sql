-- The shop behind the sandbox. Nordlune is a fictional company; all data is synthetic.
-- One database per conversation (usually in memory), filled from the transcript's `records` (see ../RECORDS.md).
-- Money: integer minor units, columns end in _minor: hundredths, but whole yen in JPY, which has no smaller unit.
-- Dates: TEXT 'YYYY-MM-DD'. Times: TEXT, ISO 8601 with offset. Booleans: 0 or 1.
PRAGMA foreign_keys = ON;

CREATE TABLE customers (
    id                    TEXT PRIMARY KEY,
    name                  TEXT NOT NULL,
    language              TEXT NOT NULL CHECK (language IN (
                            'ar', 'bg', 'bs', 'cs', 'da', 'de', 'el', 'en', 'es', 'et', 'fi', 'fr', 'he', 'hi',
                            'hr', 'hu', 'id', 'it', 'ja', 'ko', 'lt', 'lv', 'nb', 'nl', 'pl', 'pt', 'ro', 'ru',
                            'sk', 'sl', 'sq', 'sv', 'tr', 'uk', 'zh')),
    market                TEXT NOT NULL CHECK (market IN (
                            'GB', 'US', 'IE', 'CA', 'DE', 'AT', 'CH', 'SE', 'NO', 'DK', 'FI', 'NL', 'FR', 'IT',
                            'ES', 'PT', 'PL', 'CZ', 'RO', 'JP', 'MX', 'BR', 'AE')),
    email                 TEXT NOT NULL,
    phone                 TEXT,
    street                TEXT NOT NULL,
    postcode              TEXT NOT NULL,
    city                  TEXT NOT NULL,
    verified              INTEGER NOT NULL CHECK (verified IN (0, 1)),
    status                TEXT NOT NULL CHECK (status IN ('active', 'frozen')),
    frozen_reason         TEXT,
    credit_limit_minor    INTEGER NOT NULL CHECK (credit_limit_minor >= 0),
    currency              TEXT NOT NULL CHECK (currency IN (
                            'GBP', 'USD', 'EUR', 'CAD', 'CHF', 'SEK', 'NOK', 'DKK', 'PLN', 'CZK', 'RON', 'JPY', 'MXN', 'BRL',
                            'AED')),
    login_codes_last_hour INTEGER NOT NULL DEFAULT 0 CHECK (login_codes_last_hour >= 0)
) STRICT;

CREATE TABLE payment_methods (
    id         TEXT PRIMARY KEY,
    customer   TEXT NOT NULL REFERENCES customers (id),
    kind       TEXT NOT NULL CHECK (kind IN ('card', 'direct_debit', 'bank_transfer', 'wallet')),
    label      TEXT NOT NULL,
    is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
    expired    INTEGER NOT NULL DEFAULT 0 CHECK (expired IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX one_default_method ON payment_methods (customer) WHERE is_default = 1;

CREATE TABLE orders (
    id           TEXT PRIMARY KEY,
    customer     TEXT NOT NULL REFERENCES customers (id),
    merchant     TEXT NOT NULL,
    item         TEXT NOT NULL,
    placed_on    TEXT NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('placed', 'shipped', 'delivered', 'cancelled')),
    shipped_on   TEXT,
    delivered_on TEXT,
    total_minor  INTEGER NOT NULL CHECK (total_minor > 0),
    currency     TEXT NOT NULL,
    plan         TEXT NOT NULL CHECK (plan IN ('pay_in_30', 'pay_in_4')),
    CHECK ((status IN ('shipped', 'delivered')) = (shipped_on IS NOT NULL)),
    CHECK ((status = 'delivered') = (delivered_on IS NOT NULL))
) STRICT;

CREATE TABLE instalments (
    id                 TEXT PRIMARY KEY,
    order_id           TEXT NOT NULL REFERENCES orders (id),
    number             INTEGER NOT NULL CHECK (number BETWEEN 1 AND 4),
    due_on             TEXT NOT NULL,
    amount_minor       INTEGER NOT NULL CHECK (amount_minor >= 0),
    status             TEXT NOT NULL CHECK (status IN ('due', 'paid', 'missed', 'paused', 'cancelled')),
    paid_on            TEXT,
    late_fee_minor     INTEGER NOT NULL DEFAULT 0 CHECK (late_fee_minor >= 0),
    late_fee_waived_on TEXT,
    extended_days      INTEGER NOT NULL DEFAULT 0 CHECK (extended_days >= 0),
    paused_until       TEXT,
    UNIQUE (order_id, number),
    CHECK ((status = 'paid') = (paid_on IS NOT NULL)),
    CHECK ((status = 'paused') = (paused_until IS NOT NULL))
) STRICT;

CREATE TABLE charges (
    id           TEXT PRIMARY KEY,
    order_id     TEXT NOT NULL REFERENCES orders (id),
    instalment   TEXT NOT NULL REFERENCES instalments (id) DEFERRABLE INITIALLY DEFERRED,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    charged_on   TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('payment', 'reservation')),
    refunded_on  TEXT
) STRICT;

CREATE TABLE refunds (
    id            TEXT PRIMARY KEY,
    order_id      TEXT NOT NULL REFERENCES orders (id),
    amount_minor  INTEGER NOT NULL CHECK (amount_minor > 0),
    reason        TEXT NOT NULL CHECK (reason IN ('return', 'cancellation', 'duplicate_charge', 'missing_parcel', 'dispute')),
    registered_on TEXT NOT NULL,
    expected_by   TEXT NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('registered', 'paid_out')),
    paid_out_on   TEXT,
    CHECK ((status = 'paid_out') = (paid_out_on IS NOT NULL))
) STRICT;

CREATE TABLE returns (
    id            TEXT PRIMARY KEY,
    order_id      TEXT NOT NULL UNIQUE REFERENCES orders (id),
    reported_on   TEXT NOT NULL,
    registered_on TEXT
) STRICT;

CREATE TABLE missing_parcels (
    id                  TEXT PRIMARY KEY,
    order_id            TEXT NOT NULL UNIQUE REFERENCES orders (id),
    reported_on         TEXT NOT NULL,
    investigation_until TEXT NOT NULL,
    status              TEXT NOT NULL CHECK (status IN ('investigating', 'found', 'lost'))
) STRICT;

CREATE TABLE disputes (
    id                 TEXT PRIMARY KEY,
    order_id           TEXT NOT NULL UNIQUE REFERENCES orders (id),
    reason             TEXT NOT NULL CHECK (reason IN ('damaged', 'not_as_described', 'wrong_item', 'incomplete')),
    opened_on          TEXT NOT NULL,
    merchant_answer_by TEXT NOT NULL,
    decision_by        TEXT NOT NULL,
    status             TEXT NOT NULL CHECK (status IN ('open', 'decided_customer', 'decided_merchant'))
) STRICT;

CREATE TABLE declined_purchases (
    id           TEXT PRIMARY KEY,
    customer     TEXT NOT NULL REFERENCES customers (id),
    merchant     TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    declined_at  TEXT NOT NULL
) STRICT;

CREATE TABLE complaints (
    id            TEXT PRIMARY KEY,
    customer      TEXT NOT NULL REFERENCES customers (id),
    text          TEXT NOT NULL,
    registered_on TEXT NOT NULL,
    answer_by     TEXT NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('open', 'answered'))
) STRICT;

CREATE TABLE deletions (
    id           TEXT PRIMARY KEY,
    customer     TEXT NOT NULL UNIQUE REFERENCES customers (id),
    requested_on TEXT NOT NULL,
    done_by      TEXT NOT NULL
) STRICT;

CREATE TABLE email_changes (
    number       INTEGER PRIMARY KEY,
    customer     TEXT NOT NULL REFERENCES customers (id),
    email        TEXT NOT NULL,
    requested_on TEXT NOT NULL
) STRICT;

CREATE TABLE handovers (
    id       TEXT PRIMARY KEY,
    customer TEXT NOT NULL REFERENCES customers (id),
    reason   TEXT NOT NULL CHECK (reason IN ('explicit_request', 'suspected_fraud', 'hardship', 'bereavement', 'legal_threat',
                 'press_or_regulator', 'repeated_failure', 'self_harm', 'complaint', 'declined_purchase', 'manual_review')),
    summary  TEXT NOT NULL,
    queue    TEXT NOT NULL CHECK (queue IN ('general', 'fraud', 'payment_support', 'aftercare', 'legal', 'care', 'complaints', 'reviews'))
) STRICT;

-- Every call in order, the refused ones too.
CREATE TABLE tool_calls (
    number    INTEGER PRIMARY KEY,
    name      TEXT NOT NULL,
    arguments TEXT NOT NULL CHECK (json_valid(arguments)),
    ok        INTEGER NOT NULL CHECK (ok IN (0, 1)),
    error     TEXT,
    result    TEXT NOT NULL CHECK (json_valid(result))
) STRICT;
