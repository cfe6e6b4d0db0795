-- What was seen of clusters. One process writes, those that follow read what has another revision than theirs.
CREATE TABLE observed_cluster (
  name text PRIMARY KEY,
  -- When it was last reached, and when that was last tried.
  observed_at timestamptz,
  attempted_at timestamptz NOT NULL,
  problem text,
  -- That of its newest section.
  revision bigint NOT NULL
);

-- Its state, in sections that change at different paces; bodies are compressed already.
CREATE TABLE observed_section (
  cluster text NOT NULL,
  section text NOT NULL,
  revision bigint NOT NULL,
  body bytea NOT NULL,
  PRIMARY KEY (cluster, section)
);
ALTER TABLE observed_section ALTER COLUMN body SET STORAGE EXTERNAL;

-- History: what appeared, changed, went.
CREATE TABLE observed_change (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  cluster text NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  at timestamptz NOT NULL,
  what text NOT NULL,
  field text,
  from_value jsonb,
  to_value jsonb
);
CREATE INDEX observed_change_of ON observed_change (cluster, kind, name, id);
CREATE INDEX observed_change_at ON observed_change (at);

-- Who was seen to use a topic, by whom it was seen, from when until when.
CREATE TABLE observed_use (
  cluster text NOT NULL,
  topic text NOT NULL,
  role text NOT NULL,
  source text NOT NULL,
  name text NOT NULL,
  hosts text[] NOT NULL,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  PRIMARY KEY (cluster, topic, role, source, name)
);
CREATE INDEX observed_use_last ON observed_use (last_at);

-- Figures over time: an hour of a subject a row, its buckets appended as they end.
CREATE TABLE series_hour (
  cluster text NOT NULL,
  subject text NOT NULL,
  hour timestamptz NOT NULL,
  body bytea NOT NULL,
  PRIMARY KEY (cluster, subject, hour)
) WITH (fillfactor = 80);
CREATE INDEX series_hour_of ON series_hour (hour);
