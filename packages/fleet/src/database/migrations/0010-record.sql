-- What is declared of the fleet, who changed it, and the feed of everything that changes.

-- The revision of the whole: one row.
CREATE TABLE record_head (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  revision bigint NOT NULL
);
INSERT INTO record_head (revision) VALUES (0);

CREATE TABLE declared (
  kind text NOT NULL,
  id text NOT NULL,
  spec jsonb NOT NULL,
  revision bigint NOT NULL,
  changed_at timestamptz NOT NULL,
  -- The order in which things were declared first.
  position bigint GENERATED ALWAYS AS IDENTITY,
  PRIMARY KEY (kind, id)
);

-- Every state that was ever declared; a null specification is the end of one.
CREATE TABLE declared_history (
  revision bigint NOT NULL,
  position integer NOT NULL,
  kind text NOT NULL,
  id text NOT NULL,
  spec jsonb,
  changed_at timestamptz NOT NULL,
  changed_by text NOT NULL,
  why text NOT NULL,
  operation text,
  PRIMARY KEY (revision, position)
);
CREATE INDEX declared_history_of ON declared_history (kind, id, revision);

-- The audit log's own name, which its anchors bear.
CREATE TABLE audit_log (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  id uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO audit_log DEFAULT VALUES;

CREATE TABLE audit_entry (
  seq bigint PRIMARY KEY,
  at timestamptz NOT NULL,
  principal text NOT NULL,
  action text NOT NULL,
  kind text,
  id text,
  before jsonb,
  after jsonb,
  why text NOT NULL,
  operation text,
  previous text NOT NULL,
  digest text NOT NULL
);
CREATE INDEX audit_entry_of ON audit_entry (kind, id, seq);
CREATE INDEX audit_entry_by ON audit_entry (principal, seq);
CREATE INDEX audit_entry_for ON audit_entry (operation, seq);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Where heads of the log were written down elsewhere.
CREATE TABLE audit_anchor (
  seq bigint NOT NULL,
  digest text NOT NULL,
  cluster text NOT NULL,
  anchored_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (seq, cluster)
);

CREATE TABLE change_event (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  kind text NOT NULL,
  id text NOT NULL,
  what text NOT NULL
);
