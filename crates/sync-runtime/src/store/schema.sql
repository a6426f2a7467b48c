-- Version 1. Ids, times and keyed hashes only: no names, addresses or texts.
CREATE TABLE scope (
    scope BLOB PRIMARY KEY,
    state TEXT NOT NULL
) WITHOUT ROWID, STRICT;

CREATE TABLE link (
    scope BLOB NOT NULL,
    crm_id TEXT NOT NULL,
    office_id TEXT,
    state INTEGER NOT NULL,
    crm_modified INTEGER,
    base BLOB NOT NULL,
    PRIMARY KEY (scope, crm_id)
) WITHOUT ROWID, STRICT;
-- No record twice (the key) and no item twice: what the tables refuse cannot happen.
CREATE UNIQUE INDEX link_office ON link (scope, office_id) WHERE office_id IS NOT NULL;
CREATE INDEX link_state ON link (scope, state);

CREATE TABLE queue (
    scope BLOB NOT NULL,
    crm_id TEXT NOT NULL,
    initial INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (scope, crm_id)
) WITHOUT ROWID, STRICT;
CREATE INDEX queue_place ON queue (scope, initial, place);

CREATE TABLE parked (
    scope BLOB NOT NULL,
    crm_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    field TEXT,
    since INTEGER NOT NULL,
    PRIMARY KEY (scope, crm_id)
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
