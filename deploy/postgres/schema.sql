-- Where `clickstream consume --sink postgresql://…` writes closed sessions and final windows. PostgreSQL 13 or newer.
--
-- `--sink-init` runs this file, and so does `psql -1 -f schema.sql`. Again and again, and several at once: it creates what
-- is missing, and changes nothing that is there.

DO $$
BEGIN
  PERFORM set_config('client_min_messages', 'warning', true);  -- not a word about what is there already
  PERFORM pg_advisory_xact_lock(7163384906342850933);          -- one at a time
END
$$;

CREATE SCHEMA IF NOT EXISTS clickstream;
COMMENT ON SCHEMA clickstream IS 'Website sessions and windows, written by clickstream consume';

CREATE TABLE IF NOT EXISTS clickstream.schema_version (
  version    integer     NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE clickstream.schema_version IS 'One row: which version of schema.sql these tables are of';
COMMENT ON COLUMN clickstream.schema_version.version IS 'A consumer writes to its own version alone';
COMMENT ON COLUMN clickstream.schema_version.created_at IS 'When the tables were made';

DO $$
BEGIN
  IF EXISTS (SELECT FROM clickstream.schema_version WHERE version <> 1) THEN
    RAISE EXCEPTION 'the schema clickstream is of another version than 1';
  END IF;
  INSERT INTO clickstream.schema_version (version)
    SELECT 1 WHERE NOT EXISTS (SELECT FROM clickstream.schema_version);
END
$$;

CREATE TABLE IF NOT EXISTS clickstream.sources (
  id             integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic          text    NOT NULL,
  consumer_group text    NOT NULL,
  UNIQUE (topic, consumer_group)
);
COMMENT ON TABLE clickstream.sources IS 'Who computed a row, and from what';
COMMENT ON COLUMN clickstream.sources.id IS 'source_id of the other tables';
COMMENT ON COLUMN clickstream.sources.topic IS 'The Kafka topic, or the name of the file, or simulator';
COMMENT ON COLUMN clickstream.sources.consumer_group IS 'The consumer group; empty where there is none';

-- No foreign key to sources: it would cost a look-up a row, and sources are never deleted.
CREATE TABLE IF NOT EXISTS clickstream.sessions (
  source_id      integer     NOT NULL,
  user_id        bigint      NOT NULL,
  session_id     bigint      NOT NULL,
  started_at     timestamptz NOT NULL,
  ended_at       timestamptz NOT NULL,
  duration       interval    NOT NULL GENERATED ALWAYS AS (ended_at - started_at) STORED,
  event_duration interval    NOT NULL,
  events         bigint      NOT NULL CHECK (events >= 0),
  page_views     bigint      NOT NULL CHECK (page_views >= 0),
  clicks         bigint      NOT NULL CHECK (clicks >= 0),
  bounced        boolean     NOT NULL GENERATED ALWAYS AS (page_views <= 1 AND clicks = 0) STORED,
  entry_page     text,
  partition      integer     NOT NULL,
  epoch          bigint      NOT NULL,
  input_offset   bigint      NOT NULL,
  version        bigint      NOT NULL,
  PRIMARY KEY (user_id, session_id, started_at, source_id)
);
COMMENT ON TABLE clickstream.sessions IS 'A row for each session that has closed';
COMMENT ON COLUMN clickstream.sessions.source_id IS 'Which of clickstream.sources';
COMMENT ON COLUMN clickstream.sessions.user_id IS 'The visitor';
COMMENT ON COLUMN clickstream.sessions.session_id IS 'As the client numbers its visits; the same number after a long silence is another session';
COMMENT ON COLUMN clickstream.sessions.started_at IS 'The earliest timestamp of its events, to the microsecond';
COMMENT ON COLUMN clickstream.sessions.ended_at IS 'The last moment that its events cover: the latest timestamp + duration';
COMMENT ON COLUMN clickstream.sessions.duration IS 'ended_at - started_at, exactly';
COMMENT ON COLUMN clickstream.sessions.event_duration IS 'The sum of its events'' durations, to the microsecond';
COMMENT ON COLUMN clickstream.sessions.events IS 'All events counted, whatever their action';
COMMENT ON COLUMN clickstream.sessions.page_views IS 'Events with the action page_view';
COMMENT ON COLUMN clickstream.sessions.clicks IS 'Events with the action click';
COMMENT ON COLUMN clickstream.sessions.bounced IS 'At most one page view, and no click';
COMMENT ON COLUMN clickstream.sessions.entry_page IS 'The page of the first page view; null without one. U+0000 is kept as U+FFFD';
COMMENT ON COLUMN clickstream.sessions.partition IS 'Of the topic; 0 where the input has none';
COMMENT ON COLUMN clickstream.sessions.epoch IS 'How often the figures were computed again from the beginning';
COMMENT ON COLUMN clickstream.sessions.input_offset IS 'Of the record with which the session closed';
COMMENT ON COLUMN clickstream.sessions.version IS 'epoch * 2^48 + input_offset: a row replaces one that is not newer';
-- Sessions of a stretch of time.
CREATE INDEX IF NOT EXISTS sessions_started_at ON clickstream.sessions (started_at);
-- What is taken out when a partition is computed again.
CREATE INDEX IF NOT EXISTS sessions_input ON clickstream.sessions (source_id, partition, input_offset);

CREATE TABLE IF NOT EXISTS clickstream.windows (
  source_id    integer     NOT NULL,
  kind         text        NOT NULL COLLATE "C",
  size         interval    NOT NULL,
  hop          interval    NOT NULL,
  started_at   timestamptz NOT NULL,
  ended_at     timestamptz NOT NULL,
  page_views   bigint      NOT NULL CHECK (page_views >= 0),
  clicks       bigint      NOT NULL CHECK (clicks >= 0),
  sessions     bigint      NOT NULL CHECK (sessions >= 0),
  users        bigint      NOT NULL CHECK (users >= 0),
  pages        jsonb       NOT NULL,
  partition    integer     NOT NULL,
  epoch        bigint      NOT NULL,
  input_offset bigint      NOT NULL,
  version      bigint      NOT NULL,
  PRIMARY KEY (kind, started_at, partition, source_id)
);
COMMENT ON TABLE clickstream.windows IS 'A row for each partition''s share of each final window that has an event';
COMMENT ON COLUMN clickstream.windows.source_id IS 'Which of clickstream.sources';
COMMENT ON COLUMN clickstream.windows.kind IS 'As in --window: 1m, or 5m/1m for five minutes each minute';
COMMENT ON COLUMN clickstream.windows.size IS 'How long a window of this kind is';
COMMENT ON COLUMN clickstream.windows.hop IS 'From one start to the next';
COMMENT ON COLUMN clickstream.windows.started_at IS 'The window holds the events from here on';
COMMENT ON COLUMN clickstream.windows.ended_at IS 'and before here';
COMMENT ON COLUMN clickstream.windows.page_views IS 'Events with the action page_view';
COMMENT ON COLUMN clickstream.windows.clicks IS 'Events with the action click';
COMMENT ON COLUMN clickstream.windows.sessions IS 'Distinct (user, session id) with an event in it';
COMMENT ON COLUMN clickstream.windows.users IS 'Distinct users with an event in it';
COMMENT ON COLUMN clickstream.windows.pages IS '[{"page": "/home", "page_views": 40}, …]: the pages viewed; see window_pages';
COMMENT ON COLUMN clickstream.windows.partition IS 'Of the topic; 0 where the input has none';
COMMENT ON COLUMN clickstream.windows.epoch IS 'How often the figures were computed again from the beginning';
COMMENT ON COLUMN clickstream.windows.input_offset IS 'Of the record with which the window became final';
COMMENT ON COLUMN clickstream.windows.version IS 'epoch * 2^48 + input_offset: a row replaces one that is not newer';
-- What is taken out when a partition is computed again.
CREATE INDEX IF NOT EXISTS windows_input ON clickstream.windows (source_id, partition, input_offset);

CREATE OR REPLACE VIEW clickstream.window_totals AS
  SELECT source_id, kind, started_at, ended_at, sum(page_views)::bigint AS page_views, sum(clicks)::bigint AS clicks,
         sum(sessions)::bigint AS sessions, sum(users)::bigint AS users, count(*) AS partitions
    FROM clickstream.windows
   GROUP BY source_id, kind, started_at, ended_at;
COMMENT ON VIEW clickstream.window_totals IS 'Windows of the whole topic: its partitions added up. Users are exact where the topic is keyed by user';
COMMENT ON COLUMN clickstream.window_totals.partitions IS 'Partitions that have written their share, of those with an event in the window';

CREATE OR REPLACE VIEW clickstream.window_pages AS
  SELECT w.source_id, w.kind, w.started_at, w.ended_at, w.partition, p.page, p.page_views
    FROM clickstream.windows AS w, jsonb_to_recordset(w.pages) AS p (page text, page_views bigint);
COMMENT ON VIEW clickstream.window_pages IS 'A row for each page of each partition''s share of a window';

-- To keep the tables in pieces by time, so that what is old goes at once (DROP TABLE …), before there are rows or after.
-- Stop the consumers meanwhile; they need no other setting. The same goes for windows.
--
--   BEGIN;
--   ALTER TABLE clickstream.sessions RENAME TO sessions_whole;
--   CREATE TABLE clickstream.sessions (LIKE clickstream.sessions_whole INCLUDING ALL EXCLUDING INDEXES)
--     PARTITION BY RANGE (started_at);
--   ALTER TABLE clickstream.sessions ADD PRIMARY KEY (user_id, session_id, started_at, source_id);
--   CREATE TABLE clickstream.sessions_2026_12 PARTITION OF clickstream.sessions
--     FOR VALUES FROM ('2026-12-01 00:00+00') TO ('2027-01-01 00:00+00');
--   CREATE TABLE clickstream.sessions_rest PARTITION OF clickstream.sessions DEFAULT;
--   INSERT INTO clickstream.sessions (source_id, user_id, session_id, started_at, ended_at, event_duration, events,
--       page_views, clicks, entry_page, partition, epoch, input_offset, version)
--     SELECT source_id, user_id, session_id, started_at, ended_at, event_duration, events,
--       page_views, clicks, entry_page, partition, epoch, input_offset, version
--     FROM clickstream.sessions_whole;
--   DROP TABLE clickstream.sessions_whole;
--   COMMIT;
--
-- Then run this file again, which makes the other indexes, and grant the rights again. (Of windows, drop the views first:
-- this file makes them again, too.) Without a piece for a row's time, and without the default one, the consumer waits until
-- there is one.
