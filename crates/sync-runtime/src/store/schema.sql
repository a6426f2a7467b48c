-- Version 2. Ids, times and keyed hashes only: no names, addresses or texts. Times are whole seconds; the numbers of
-- states, sides and the like stand in sqlite/code.rs.
CREATE TABLE scope (
    scope BLOB PRIMARY KEY,
    state TEXT NOT NULL
) WITHOUT ROWID, STRICT;

CREATE TABLE link (
    scope BLOB NOT NULL,
    crm_id TEXT NOT NULL,
    office_id TEXT,
    state INTEGER NOT NULL,
    born INTEGER NOT NULL,
    crm_modified INTEGER,
    gone_since INTEGER,
    base BLOB NOT NULL,
    PRIMARY KEY (scope, crm_id)
) WITHOUT ROWID, STRICT;
-- No record twice (the key) and no item twice: what the tables refuse cannot happen.
CREATE UNIQUE INDEX link_office ON link (scope, office_id) WHERE office_id IS NOT NULL;
CREATE INDEX link_state ON link (scope, state, crm_id);

CREATE TABLE queue (
    scope BLOB NOT NULL,
    crm_id TEXT NOT NULL,
    initial INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    item_too INTEGER NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (scope, crm_id)
) WITHOUT ROWID, STRICT;
CREATE INDEX queue_place ON queue (scope, initial, place);

CREATE TABLE stranger (
    scope BLOB NOT NULL,
    office_id TEXT NOT NULL,
    review INTEGER NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (scope, office_id)
) WITHOUT ROWID, STRICT;
CREATE INDEX stranger_place ON stranger (scope, place);

CREATE TABLE crm_intent (
    scope BLOB NOT NULL,
    office_id TEXT NOT NULL,
    since INTEGER NOT NULL,
    base BLOB NOT NULL,
    PRIMARY KEY (scope, office_id)
) WITHOUT ROWID, STRICT;

CREATE TABLE parked (
    scope BLOB NOT NULL,
    side INTEGER NOT NULL,
    id TEXT NOT NULL,
    reason TEXT NOT NULL,
    field TEXT,
    since INTEGER NOT NULL,
    PRIMARY KEY (scope, side, id)
) WITHOUT ROWID, STRICT;

CREATE TABLE held (
    scope BLOB NOT NULL,
    crm_id TEXT NOT NULL,
    operation INTEGER NOT NULL,
    trip TEXT,
    PRIMARY KEY (scope, crm_id)
) WITHOUT ROWID, STRICT;

CREATE TABLE conflict (
    scope BLOB NOT NULL,
    crm_id TEXT NOT NULL,
    field TEXT NOT NULL,
    outcome INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (scope, crm_id, field)
) WITHOUT ROWID, STRICT;
-- Latest first, with all that the search for the oldest needs.
CREATE INDEX conflict_ended ON conflict (scope, at DESC, crm_id, field, outcome) WHERE outcome <> 2;

-- `whose` is the bytes of a sync's id or the text of an organisation's: the two never compare as equal.
CREATE TABLE tally (
    whose ANY NOT NULL,
    what INTEGER NOT NULL,
    at INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (whose, what, at)
) WITHOUT ROWID, STRICT;

CREATE TABLE origin (
    organisation TEXT NOT NULL,
    crm_id TEXT NOT NULL,
    imported INTEGER NOT NULL,
    PRIMARY KEY (organisation, crm_id)
) WITHOUT ROWID, STRICT;

CREATE TABLE feed (
    organisation TEXT PRIMARY KEY,
    state TEXT NOT NULL
) WITHOUT ROWID, STRICT;

-- One row a record: the latest news. AUTOINCREMENT, so that a replaced row moves to the end for every reader.
CREATE TABLE news (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    organisation TEXT NOT NULL,
    crm_id TEXT NOT NULL,
    owner TEXT,
    at INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    UNIQUE (organisation, crm_id)
) STRICT;
CREATE INDEX news_position ON news (organisation, position);
