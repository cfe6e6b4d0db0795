-- Onboarding requests: what was asked for, what was found out about it, and what became of it.
CREATE TABLE onboarding_request (
  id uuid PRIMARY KEY,
  number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  kind text NOT NULL,
  -- Of a request that is being carried out, how that goes is its operation's to tell.
  state text NOT NULL,
  title text NOT NULL,
  topic text NOT NULL,
  -- On which cluster, where the topic was there already; empty otherwise.
  cluster text NOT NULL,
  team text NOT NULL,
  owner text,
  requester text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT now(),
  why text NOT NULL,
  idempotency_key text,
  asked jsonb NOT NULL,
  proposal jsonb NOT NULL,
  view jsonb NOT NULL,
  verdict jsonb NOT NULL,
  capacity jsonb NOT NULL,
  cost jsonb NOT NULL,
  decided_by text,
  decided_at timestamptz,
  reason text,
  operation text,
  UNIQUE (requester, idempotency_key)
);
CREATE INDEX onboarding_request_state ON onboarding_request (state, number);
CREATE INDEX onboarding_request_topic ON onboarding_request (topic, number);
-- The same is asked for once at a time.
CREATE UNIQUE INDEX onboarding_request_open ON onboarding_request (kind, cluster, topic)
  WHERE state IN ('waiting', 'approved', 'provisioning') AND kind <> 'access';

CREATE TABLE onboarding_comment (
  request uuid NOT NULL REFERENCES onboarding_request,
  number bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL DEFAULT now(),
  by text NOT NULL,
  text text NOT NULL,
  PRIMARY KEY (request, number)
);
