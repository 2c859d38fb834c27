-- Times are whole microseconds since 1970 in UTC: SQLite has no type that keeps them exactly.
CREATE TABLE events (
    position    INTEGER PRIMARY KEY,
    stream      TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    key         TEXT    NOT NULL,
    type        TEXT    NOT NULL,
    schema      INTEGER NOT NULL,
    data        BLOB    NOT NULL,
    meta        BLOB    NOT NULL,
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    UNIQUE (stream, version)
) STRICT
-- statement
CREATE TABLE streams (
    stream   TEXT    PRIMARY KEY,
    version  INTEGER NOT NULL,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID
-- statement
CREATE TABLE commands (
    key         TEXT    PRIMARY KEY,
    fingerprint TEXT    NOT NULL,
    stream      TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    position    INTEGER NOT NULL
) STRICT, WITHOUT ROWID
-- statement
-- One holder per name. `until` is microseconds since 1970, `position` how far the holder has come in its log.
CREATE TABLE leases (
    name     TEXT    PRIMARY KEY,
    holder   TEXT    NOT NULL,
    epoch    INTEGER NOT NULL,
    until    INTEGER NOT NULL,
    position INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID
-- statement
CREATE TRIGGER events_are_not_updated BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are immutable'); END
-- statement
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are immutable'); END
-- statement
-- INSERT OR REPLACE would delete without the trigger above.
CREATE TRIGGER events_are_not_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE position = NEW.position OR (stream = NEW.stream AND version = NEW.version))
BEGIN SELECT RAISE(ABORT, 'events are immutable'); END
