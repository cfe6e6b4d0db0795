-- What the record was at when an application was enrolled: an enrolment ends when its application is removed after that,
-- and stays ended when one of the same name is declared again.
ALTER TABLE config_enrolment ADD COLUMN record_revision bigint;
UPDATE config_enrolment SET record_revision =
  (SELECT coalesce(max(revision), 0) FROM declared_history WHERE changed_at <= created_at);
