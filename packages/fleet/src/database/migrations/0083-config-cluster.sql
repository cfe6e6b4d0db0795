-- What answers of the config service say of a cluster besides its declaration: brokers and Kafka's id as they were seen
-- at the addresses that are declared, and its clients' settings where something had to be read for them (references,
-- files of authorities). One process writes it, so that all say the same.
CREATE TABLE config_cluster (
  name text PRIMARY KEY,
  -- The addresses at which brokers and id were seen.
  bootstrap text NOT NULL,
  brokers jsonb NOT NULL,
  cluster_id text,
  -- The last id that was seen at all.
  last_id text,
  -- Digest of the declared settings that the others were made of.
  client text NOT NULL,
  settings jsonb,
  problem text
);
