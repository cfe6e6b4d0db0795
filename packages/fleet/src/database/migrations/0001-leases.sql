-- Which process does a piece of background work. An epoch never comes back: what a former holder still writes is told
-- by its older one.
CREATE TABLE lease (
  name text PRIMARY KEY,
  holder text NOT NULL,
  epoch bigint NOT NULL,
  until timestamptz NOT NULL
);
