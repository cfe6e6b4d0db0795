-- Mirrors that are declared: how they run, as the process tells that runs them.
CREATE TABLE mirror_run (
  name text PRIMARY KEY,
  process text NOT NULL,
  state text NOT NULL,
  problem text,
  -- In this state since then.
  since timestamptz NOT NULL,
  -- When that was told last.
  at timestamptz NOT NULL,
  figures jsonb,
  partitions jsonb NOT NULL,
  troubles jsonb NOT NULL
);

-- What a mirror began with on a target, where its offsets mean no other source and no other names. Stays when the
-- mirror is declared no more, as its offsets do.
CREATE TABLE mirror_begun (
  target text NOT NULL,
  name text NOT NULL,
  source text NOT NULL,
  prefix text NOT NULL,
  PRIMARY KEY (target, name)
);
