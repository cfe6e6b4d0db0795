/** The feed's table, as the newest migration leaves it. */
import type { Generated } from 'kysely';

export interface ChangeEventTable {
  seq: Generated<number>;
  at: Generated<Date>;
  kind: string;
  id: string;
  what: string;
}
