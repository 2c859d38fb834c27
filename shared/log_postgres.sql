CREATE TABLE events (
    position    bigint      PRIMARY KEY,
    stream      text        NOT NULL,
    version     integer     NOT NULL,
    key         text        NOT NULL,
    type        text        NOT NULL,
    schema      integer     NOT NULL,
    data        bytea       NOT NULL,
    meta        bytea       NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    UNIQUE (stream, version)
)
-- statement
CREATE TABLE streams (
    stream   text    PRIMARY KEY,
    version  integer NOT NULL,
    position bigint  NOT NULL
) WITH (fillfactor = 80)
-- statement
CREATE TABLE commands (
    key         text    PRIMARY KEY,
    fingerprint text    NOT NULL,
    stream      text    NOT NULL,
    version     integer NOT NULL,
    position    bigint  NOT NULL
)
-- statement
-- One holder per name. `until` is microseconds since 1970, `position` how far the holder has come in its log.
CREATE TABLE leases (
    name     text   PRIMARY KEY,
    holder   text   NOT NULL,
    epoch    bigint NOT NULL,
    until    bigint NOT NULL,
    position bigint NOT NULL DEFAULT 0
)
-- statement
CREATE FUNCTION guanxi_events_are_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are immutable' USING ERRCODE = 'restrict_violation';
END $$
-- statement
CREATE TRIGGER events_are_not_changed BEFORE UPDATE OR DELETE ON events
FOR EACH ROW EXECUTE FUNCTION guanxi_events_are_immutable()
-- statement
CREATE TRIGGER events_are_not_truncated BEFORE TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION guanxi_events_are_immutable()
-- statement
-- Appends a batch under one lock, held until commit, so that commit order is position order.
--
-- The client cuts the batch into segments within which no command touches a stream that an earlier one writes and no
-- key repeats; each segment is then a set, and segments follow each other: the batch equals its commands one by one.
-- `*_end` give, per segment, the index of its last command, check and event. Checks are a command's writes, then its
-- guards, in order; `check_command` and `event_command` count commands from 1 over the whole batch.
CREATE FUNCTION guanxi_append(
    clock timestamptz,
    command_end integer[], check_end integer[], event_end integer[],
    command_key text[], command_fingerprint text[], command_meta bytea[],
    check_command integer[], check_stream text[], check_expected integer[],
    event_command integer[], event_stream text[], event_key text[], event_type text[], event_schema integer[],
    event_data bytea[], event_occurred_at timestamptz[]
) RETURNS TABLE (command integer, outcome text, stream text, version integer, "position" bigint)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    head bigint;
    first_head bigint;
    at timestamptz;
    command_from integer := 1;
    check_from integer := 1;
    event_from integer := 1;
BEGIN
    PERFORM pg_advisory_xact_lock(26485, 1);
    -- A statement of its own: its snapshot is taken after the lock.
    SELECT e.position, e.recorded_at INTO head, at FROM events e ORDER BY e.position DESC LIMIT 1;
    head := coalesce(head, 0);
    first_head := head;
    at := greatest(at, clock);

    FOR segment IN 1 .. cardinality(command_end) LOOP
        RETURN QUERY
        WITH wanted AS (
            SELECT command_from - 1 + u.nth::integer AS command, u.key, u.fingerprint, u.meta
            FROM unnest(command_key[command_from:command_end[segment]],
                        command_fingerprint[command_from:command_end[segment]],
                        command_meta[command_from:command_end[segment]])
                 WITH ORDINALITY AS u (key, fingerprint, meta, nth)
        ), known AS (
            SELECT w.command, w.fingerprint = c.fingerprint AS same, c.stream, c.version, c.position
            FROM wanted w JOIN commands c ON c.key = w.key AND w.key <> ''
        ), checked AS (
            SELECT u.nth, u.command, u.stream, u.expected, coalesce(s.version, 0) AS actual
            FROM unnest(check_command[check_from:check_end[segment]],
                        check_stream[check_from:check_end[segment]],
                        check_expected[check_from:check_end[segment]])
                 WITH ORDINALITY AS u (command, stream, expected, nth)
            LEFT JOIN streams s ON s.stream = u.stream
        ), failed AS (
            SELECT DISTINCT ON (k.command) k.command, k.stream, k.actual
            FROM checked k WHERE k.expected <> -1 AND k.expected <> k.actual
            ORDER BY k.command, k.nth
        ), granted AS (
            SELECT w.* FROM wanted w
            WHERE NOT EXISTS (SELECT FROM known WHERE known.command = w.command)
              AND NOT EXISTS (SELECT FROM failed WHERE failed.command = w.command)
        ), main AS (
            SELECT DISTINCT ON (k.command) k.command, k.stream FROM checked k ORDER BY k.command, k.nth
        ), heads AS (
            SELECT DISTINCT k.stream, k.actual FROM checked k
        ), recorded AS (
            SELECT head + row_number() OVER (ORDER BY u.nth) AS position, g.command, u.stream,
                   (h.actual + row_number() OVER (PARTITION BY u.stream ORDER BY u.nth))::integer AS version,
                   u.key, u.type, u.schema, u.data, g.meta, u.occurred_at
            FROM unnest(event_command[event_from:event_end[segment]],
                        event_stream[event_from:event_end[segment]],
                        event_key[event_from:event_end[segment]],
                        event_type[event_from:event_end[segment]],
                        event_schema[event_from:event_end[segment]],
                        event_data[event_from:event_end[segment]],
                        event_occurred_at[event_from:event_end[segment]])
                 WITH ORDINALITY AS u (command, stream, key, type, schema, data, occurred_at, nth)
            JOIN granted g ON g.command = u.command
            JOIN heads h ON h.stream = u.stream
        ), tops AS (
            SELECT r.command, r.stream, max(r.version) AS version, max(r.position) AS position
            FROM recorded r GROUP BY r.command, r.stream
        ), new_events AS (
            INSERT INTO events
            SELECT r.position, r.stream, r.version, r.key, r.type, r.schema, r.data, r.meta,
                   least(r.occurred_at, at), at
            FROM recorded r
        ), new_heads AS (
            INSERT INTO streams AS s SELECT t.stream, t.version, t.position FROM tops t
            ON CONFLICT ON CONSTRAINT streams_pkey DO UPDATE
            SET version = excluded.version, position = excluded.position
        ), appended AS (
            SELECT g.command, g.key, g.fingerprint, t.stream, t.version, t.position
            FROM granted g JOIN main m ON m.command = g.command
            JOIN tops t ON t.command = g.command AND t.stream = m.stream
        ), new_commands AS (
            INSERT INTO commands
            SELECT a.key, a.fingerprint, a.stream, a.version, a.position FROM appended a WHERE a.key <> ''
        )
        SELECT a.command, 'appended', a.stream, a.version, a.position FROM appended a
        UNION ALL
        SELECT k.command, CASE WHEN k.same THEN 'duplicate' ELSE 'mismatch' END, k.stream, k.version, k.position
        FROM known k
        UNION ALL
        SELECT f.command, 'conflict', f.stream, f.actual, 0 FROM failed f
        WHERE NOT EXISTS (SELECT FROM known WHERE known.command = f.command);

        SELECT e.position INTO head FROM events e ORDER BY e.position DESC LIMIT 1;
        head := coalesce(head, 0);
        command_from := command_end[segment] + 1;
        check_from := check_end[segment] + 1;
        event_from := event_end[segment] + 1;
    END LOOP;

    IF head > first_head THEN
        PERFORM pg_notify('guanxi_log', head::text);
    END IF;
END $$
