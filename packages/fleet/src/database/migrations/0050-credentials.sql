-- What applications log in with. Of a secret there is only what proves it, and what nobody but its receiver can read.
CREATE TABLE credential (
  id text PRIMARY KEY,
  application text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('scram', 'certificate')),
  principal text NOT NULL,
  -- Those that it was written to, or that are to trust it.
  clusters text[] NOT NULL,
  operation text NOT NULL UNIQUE,
  issued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  issued_by text NOT NULL,
  verifier jsonb,
  certificate text,
  serial text UNIQUE,
  expires_at timestamptz,
  -- Of the last warning that it expires, how many days before.
  warned_days integer,
  -- The secret, encrypted to whom it is for; a request takes it out as it is answered.
  sealed text,
  sealed_for text NOT NULL CHECK (sealed_for IN ('application', 'request', 'nobody')),
  delivered_at timestamptz,
  -- Of one that replaces another: when that one goes, whatever is said; null: when this one is said to be used.
  old_until timestamptz,
  -- When its application was said to use it.
  confirmed_at timestamptz,
  confirmed_by text,
  ended_at timestamptz,
  ended_as text CHECK (ended_as IN ('retired', 'revoked', 'replaced')),
  CHECK ((ended_at IS NULL) = (ended_as IS NULL))
);
CREATE INDEX credential_of ON credential (application, issued_at);
-- A user has one password.
CREATE UNIQUE INDEX credential_of_user ON credential (principal) WHERE kind = 'scram' AND ended_at IS NULL;

-- Principals that may do nothing on a cluster, whatever else is allowed.
CREATE TABLE shut_out (
  principal text NOT NULL,
  cluster text NOT NULL,
  application text NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  operation text NOT NULL,
  PRIMARY KEY (principal, cluster)
);

-- The fleet's own authority for certificates of applications; its key can be read with the key file alone.
CREATE TABLE certificate_authority (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  certificate text NOT NULL,
  sealed_key text NOT NULL,
  sealing_key text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
