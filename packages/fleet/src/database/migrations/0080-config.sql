-- The config service: what its answers follow from besides the record. Its revision grows with each change of that,
-- under the lock of the ledger as the record's does, so that the two together only grow.
CREATE TABLE config_head (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  revision bigint NOT NULL
);
INSERT INTO config_head (revision) VALUES (0);

-- With which token an application asks; of it there is a digest alone.
CREATE TABLE config_enrolment (
  id text PRIMARY KEY,
  application text NOT NULL,
  digest text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_by text NOT NULL,
  last_used_at timestamptz,
  ended_at timestamptz,
  ended_by text
);
CREATE INDEX config_enrolment_of ON config_enrolment (application, created_at);

-- Keys that sign answers, in the order in which they do; the private ones can be read with the key file alone.
CREATE TABLE config_signing_key (
  position integer PRIMARY KEY,
  kid text NOT NULL UNIQUE,
  public_key text NOT NULL,
  sealed_key text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Sets of keys as clients are told them, each signed by a key of the one before it.
CREATE TABLE config_key_set (
  version integer PRIMARY KEY,
  -- Of the key that signs answers while this is the newest set.
  signing_position integer NOT NULL REFERENCES config_signing_key,
  signed text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Where topics were moved: of one application, or of all ('').
CREATE TABLE config_home (
  application text NOT NULL DEFAULT '',
  topic text NOT NULL,
  cluster text NOT NULL,
  generation integer NOT NULL CHECK (generation > 0),
  -- Groups whose offsets were translated, by the generation for which they were.
  groups jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (topic, application)
);

-- What instances of applications told last of their clients.
CREATE TABLE config_report (
  application text NOT NULL,
  instance text NOT NULL,
  reported_at timestamptz NOT NULL,
  report jsonb NOT NULL,
  PRIMARY KEY (application, instance)
);
CREATE INDEX config_report_at ON config_report (reported_at);

-- Of an application that is enrolled: what it logs in with, which can be read with the key file alone.
ALTER TABLE credential ADD COLUMN kept text;
