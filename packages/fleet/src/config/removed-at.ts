import { sql } from 'kysely';

/**
 * In queries of enrolments: when their application was removed after they were made; null while it was not. Such an
 * enrolment has ended, and does not come back with another application of that name.
 */
export const removedAt = sql<Date | null>`(
  SELECT min(past.changed_at) FROM declared_history past
  WHERE past.kind = 'application' AND past.id = config_enrolment.application AND past.spec IS NULL
    AND past.revision > coalesce(config_enrolment.record_revision, 0))`;
