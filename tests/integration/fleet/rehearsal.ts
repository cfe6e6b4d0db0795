/**
 * A kind of plans for tests. Its steps write down what they do in a table: that they began at once, and what they did
 * as the operation's own writes. So what was done twice, or by a process that had lost the operation, can be seen.
 */
import { MillraceError } from '@millrace/base';
import { requireOn } from '@millrace/fleet/access';
import type { Part } from '@millrace/fleet/control-plane';
import type { Database } from '@millrace/fleet/database';
import type { PlanKind, PlannedStep } from '@millrace/fleet/operations';
import { sql } from 'kysely';
import { Type } from 'typebox';

export const RehearsalInput = Type.Object({
  steps: Type.Integer({ minimum: 0 }),
  /** Whether they may be done at the same time. */
  parallel: Type.Optional(Type.Boolean()),
  destructive: Type.Optional(Type.Boolean()),
  /** Planning finds another world than the last time. */
  changing: Type.Optional(Type.Boolean()),
  /** Whose it is to do; default: everybody's who may operate. */
  team: Type.Optional(Type.String()),
  /** What the step of this number does before its effect. */
  special: Type.Optional(Type.Object({ step: Type.Integer(), does: Type.String() })),
});

export interface RehearsalHooks {
  readonly holder: string;
  /** Called when a step has begun, before its effect. Resolves when it may go on. */
  readonly onBegun?: (step: string, signal: AbortSignal, keep: (value: number) => Promise<void>) => Promise<void>;
  /** Called when its effect was refused. */
  readonly onRefused?: (step: string, error: unknown) => void;
}

class RehearsedError extends MillraceError {
  readonly code = 'rehearsed';
  override readonly retriable: boolean;
  constructor(retriable: boolean) {
    super('as rehearsed', {});
    this.retriable = retriable;
  }
}

export async function makeEffectTable({ db }: Database): Promise<void> {
  await sql`CREATE TABLE IF NOT EXISTS effect (
    id bigint GENERATED ALWAYS AS IDENTITY, step text NOT NULL, holder text NOT NULL, what text NOT NULL
  )`.execute(db);
}

export async function effects({ db }: Database): Promise<{ step: string; holder: string; what: string }[]> {
  type Effect = { step: string; holder: string; what: string };
  return (await sql<Effect>`SELECT step, holder, what FROM effect ORDER BY id`.execute(db)).rows;
}

/** The part that brings the kind `rehearsal`. */
export function rehearsal({ db }: Database, hooks: RehearsalHooks): Part {
  const { holder, onBegun, onRefused } = hooks;
  let planned = 0;
  const failures = new Map<string, number>();
  const kind: PlanKind<typeof RehearsalInput> = {
    name: 'rehearsal',
    input: RehearsalInput,
    permission: 'operate',
    permit({ team }, principal) {
      if (team !== undefined) requireOn(principal, 'operate', { team }, 'the rehearsal');
    },
    plan: async ({ steps, parallel, destructive = false, changing, special }) => ({
      title: `${steps} steps`,
      steps: Array.from({ length: steps }, (_, index): PlannedStep => {
        const does = special?.step === index ? special.does : '';
        return {
          id: `step ${index}`,
          title: `Step ${index}`,
          destructive,
          ...(parallel && { after: [] }),
          input: { does },
          before: changing ? planned++ : 0,
        };
      }),
    }),
    run: async ({ id, input }, context) => {
      const { does } = input as { readonly does: string };
      await sql`INSERT INTO effect (step, holder, what) VALUES (${id}, ${holder}, 'begun')`.execute(db);
      await onBegun?.(id, context.signal, (value) => context.keep(value));
      const tries = (failures.get(id) ?? 0) + 1;
      failures.set(id, tries);
      if (does === 'fail' || (does === 'fail once' && tries === 1)) throw new RehearsedError(false);
      if (does === 'stumble' && tries <= 2) throw new RehearsedError(true);
      const effect = context.write(async (transaction) => {
        const known = await sql`SELECT 1 FROM effect WHERE step = ${id} AND what = 'done'`.execute(transaction);
        if (known.rows.length > 0 && holder !== 'one') return { again: true };
        await sql`INSERT INTO effect (step, holder, what) VALUES (${id}, ${holder}, 'done')`.execute(transaction);
        return { by: holder, kept: context.kept ?? null };
      });
      return await effect.catch((error: unknown) => {
        onRefused?.(id, error);
        throw error;
      });
    },
  };
  return { planKinds: [kind as unknown as PlanKind] };
}
