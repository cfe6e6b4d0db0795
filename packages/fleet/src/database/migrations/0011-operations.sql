-- Plans, and what they became when they were applied.

CREATE TABLE plan (
  id text PRIMARY KEY,
  kind text NOT NULL,
  title text NOT NULL,
  input jsonb NOT NULL,
  -- Digest of the steps.
  revision text NOT NULL,
  destructive boolean NOT NULL,
  steps jsonb NOT NULL,
  notes jsonb NOT NULL,
  principal text NOT NULL,
  idempotency_key text,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (principal, idempotency_key)
);

CREATE TABLE operation (
  id text PRIMARY KEY,
  plan text NOT NULL UNIQUE REFERENCES plan,
  kind text NOT NULL,
  title text NOT NULL,
  state text NOT NULL,
  destructive boolean NOT NULL,
  principal text NOT NULL,
  why text NOT NULL,
  idempotency_key text,
  -- In milliseconds, so that a page of a list can begin after one.
  created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', now()),
  started_at timestamptz,
  ended_at timestamptz,
  steps_total integer NOT NULL,
  steps_done integer NOT NULL DEFAULT 0,
  failure jsonb,
  UNIQUE (principal, idempotency_key)
);
CREATE INDEX operation_listed ON operation (created_at DESC, id DESC);
CREATE INDEX operation_open ON operation (created_at) WHERE state IN ('queued', 'running', 'cancelling');

CREATE TABLE operation_step (
  operation text NOT NULL REFERENCES operation,
  position integer NOT NULL,
  id text NOT NULL,
  step jsonb NOT NULL,
  state text NOT NULL DEFAULT 'waiting',
  attempts integer NOT NULL DEFAULT 0,
  started_at timestamptz,
  ended_at timestamptz,
  progress jsonb,
  -- What an earlier try keeps for later ones.
  kept jsonb,
  result jsonb,
  failure jsonb,
  PRIMARY KEY (operation, position),
  UNIQUE (operation, id)
);

CREATE TABLE operation_event (
  operation text NOT NULL REFERENCES operation,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  what text NOT NULL,
  step text,
  text text NOT NULL,
  PRIMARY KEY (operation, seq)
);
