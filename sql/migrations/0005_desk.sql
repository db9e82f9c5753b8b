-- The desk: which letter exactly an action was about, what its payload was before an edit and is after it; and what
-- the lanes measure of their work.
-- Locks: dead_letter_actions exclusively for a moment. Rollout: before the desk of this version; while it runs no
-- older desk may act.

-- A letter is one death of a message: its generation and the moment tell two of them apart. An action is `done` once
-- its publish is confirmed (a discard at once), before the letter is taken out of its queue: a letter that is still
-- there then is only to be taken out (Rule 26). `edited_body` is what is to be published instead.
ALTER TABLE dead_letter_actions
  DROP COLUMN original,
  ADD COLUMN dead_at       timestamptz,
  ADD COLUMN fingerprint   text,
  ADD COLUMN original_body bytea,
  ADD COLUMN edited_body   bytea;
DROP INDEX dead_letter_actions_of_message;
CREATE UNIQUE INDEX dead_letter_actions_of_letter ON dead_letter_actions (queue, message_id, generation, dead_at)
  NULLS NOT DISTINCT;
CREATE INDEX dead_letter_actions_recent ON dead_letter_actions (created_at);

-- What each lane has done in each minute. `handling_ms` and `end_to_end_ms`: counts of messages by time, in the
-- buckets of Lane/TimeHistogram.swift. `last_published_at`: of the newest message that the lane was given.
CREATE TABLE service_times (
  queue             text        NOT NULL,
  minute            timestamptz NOT NULL,
  lane              uuid        NOT NULL,
  seconds           float8      NOT NULL,
  messages          bigint      NOT NULL,
  busy_seconds      float8      NOT NULL,
  database_seconds  float8      NOT NULL,
  handling_ms       bigint[]    NOT NULL,
  end_to_end_ms     bigint[]    NOT NULL,
  last_published_at timestamptz,
  updated_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (queue, minute, lane)
);
