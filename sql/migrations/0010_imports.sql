-- Products and stock from files: what was read, what it may be, and what a person says it is.
-- Locks: variations exclusively for a moment (a column without a rewrite) and against writers while its three indexes and
-- that of listings are built (about a second per million rows); else creates. Rollout: any time.

ALTER TABLE variations ADD COLUMN ean text;
CREATE INDEX variations_of_ean ON variations (user_id, ean) WHERE ean IS NOT NULL;
CREATE INDEX variations_of_sku ON variations (user_id, lower(sku));
CREATE INDEX variations_words ON variations USING gin (to_tsvector('simple', coalesce(title, '')));
CREATE INDEX listings_words ON listings USING gin (to_tsvector('simple', coalesce(title, '')));

-- One row per file, owner, marketplace and mapping, so that whoever begins again goes on. `read_to`: the line up to which
-- rows are stored. `columns`: the position of each field's column.
CREATE TABLE imports (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id        text NOT NULL,
  marketplace_id int,
  file_name      text NOT NULL,
  digest         text NOT NULL,
  header         jsonb NOT NULL,
  columns        jsonb NOT NULL,
  read_to        bigint NOT NULL DEFAULT 0,
  is_read        bool NOT NULL DEFAULT false,
  created_at     timestamptz NOT NULL DEFAULT now(),
  updated_at     timestamptz NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (user_id, marketplace_id, digest, columns)
);

-- `cells` as they stood there, the other columns what they mean. new → candidates (somebody may confirm one), unmatched
-- (nothing here is like it) → confirmed or rejected; failed: `error` says where and why.
CREATE TABLE raw_import_items (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  import_id    bigint NOT NULL REFERENCES imports ON DELETE CASCADE,
  line         bigint NOT NULL,
  cells        jsonb NOT NULL,
  sku          text,
  ean          text,
  title        text,
  quantity     int,
  price        numeric,
  currency     text,
  dated_at     timestamptz,
  status       text NOT NULL DEFAULT 'new'
                 CHECK (status IN ('new','failed','candidates','unmatched','confirmed','rejected')),
  error        text,
  variation_id bigint REFERENCES variations,
  decided_by   text,
  decided_at   timestamptz,
  UNIQUE (import_id, line),
  CHECK ((status = 'failed') = (error IS NOT NULL)),
  CHECK ((status = 'confirmed') = (variation_id IS NOT NULL))
);
CREATE INDEX raw_import_items_of_status ON raw_import_items (import_id, status, line);

CREATE TABLE match_candidates (
  item_id      bigint NOT NULL REFERENCES raw_import_items ON DELETE CASCADE,
  variation_id bigint NOT NULL REFERENCES variations,
  method       text NOT NULL CHECK (method IN ('sku','ean','title')),
  score        real NOT NULL CHECK (score > 0 AND score <= 1),
  PRIMARY KEY (item_id, variation_id)
);

-- How much two titles have in common: the share of their words that stand in both.
CREATE FUNCTION title_similarity(a text, b text) RETURNS real LANGUAGE sql IMMUTABLE AS $$
  WITH one AS (SELECT unnest(tsvector_to_array(to_tsvector('simple', a))) AS word),
       other AS (SELECT unnest(tsvector_to_array(to_tsvector('simple', b))) AS word)
  SELECT coalesce((SELECT count(*) FROM one JOIN other USING (word))::real
                  / nullif((SELECT count(*) FROM (SELECT word FROM one UNION SELECT word FROM other) AS every), 0), 0)
$$;
