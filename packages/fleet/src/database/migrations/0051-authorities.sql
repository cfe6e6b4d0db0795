-- Authorities beside the one that signs: the one that follows it, which clusters are to trust before it signs, and
-- those that came before, which they trust as long as what these signed is in use.
CREATE TABLE certificate_authority_other (
  -- The serial number of its certificate.
  id text PRIMARY KEY,
  state text NOT NULL CHECK (state IN ('next', 'former')),
  certificate text NOT NULL,
  -- None of a former one, which signs no more.
  sealed_key text,
  sealing_key text,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((state = 'next') = (sealed_key IS NOT NULL AND sealing_key IS NOT NULL))
);
CREATE UNIQUE INDEX certificate_authority_next ON certificate_authority_other (state) WHERE state = 'next';
