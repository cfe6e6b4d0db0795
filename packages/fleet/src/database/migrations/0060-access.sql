-- Who may use the control plane, besides what the teams of the record say. Of tokens, sessions and logins only digests
-- are kept, so that nobody who reads these tables can use one.

CREATE TABLE access_user (
  name text PRIMARY KEY,
  -- Issuer and subject: who it is at the provider, whatever the name there becomes.
  subject text NOT NULL UNIQUE,
  -- What the provider's groups gave at the last login.
  rights jsonb NOT NULL,
  logged_in_at timestamptz NOT NULL
);

CREATE TABLE access_token (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  digest text NOT NULL UNIQUE,
  -- Whose rights bound its own: user:NAME or system:installation.
  owner text NOT NULL,
  -- The token with which it was made; revoked with it.
  parent uuid REFERENCES access_token,
  rights jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  last_used_at timestamptz,
  revoked_at timestamptz
);
CREATE UNIQUE INDEX access_token_name ON access_token (name) WHERE revoked_at IS NULL;
CREATE INDEX access_token_parent ON access_token (parent);

CREATE TABLE access_session (
  digest text PRIMARY KEY,
  owner text NOT NULL,
  -- The token that it was opened with; it ends with it.
  token uuid REFERENCES access_token,
  created_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX access_session_expiry ON access_session (expires_at);

-- Logins under way.
CREATE TABLE access_login (
  digest text PRIMARY KEY,
  stage text NOT NULL,
  details jsonb NOT NULL,
  expires_at timestamptz NOT NULL
);
