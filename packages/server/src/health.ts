/** `/healthz`: the process serves. `/readyz`: everything it needs is there. */
import { defineContract, implement, ProblemError, type Route } from '@millrace/api';
import { messageOf } from '@millrace/base';
import { Type } from 'typebox';

/** Something that must work before the server counts as ready; rejects with an error that says what is missing. */
export interface ReadinessCheck {
  readonly name: string;
  check(): Promise<void> | void;
}

const healthContract = defineContract({
  method: 'GET',
  path: '/healthz',
  permission: 'public',
  summary: 'Whether the process serves requests',
  response: Type.Object({ status: Type.Literal('ok') }),
});

const readyContract = defineContract({
  method: 'GET',
  path: '/readyz',
  permission: 'public',
  summary: 'Whether everything that the server needs is there',
  response: Type.Object({ status: Type.Literal('ok'), checks: Type.Array(Type.String()) }),
  problems: ['unavailable'],
});

export function healthRoutes(checks: readonly ReadinessCheck[]): Route[] {
  return [
    implement(healthContract, () => ({ status: 'ok' as const })),
    implement(readyContract, async () => {
      const outcomes = await Promise.allSettled(checks.map(async (one) => one.check()));
      const failed = outcomes.flatMap((outcome, index) =>
        outcome.status === 'rejected' ? [`${checks[index]?.name}: ${messageOf(outcome.reason)}`] : [],
      );
      if (failed.length > 0) {
        throw new ProblemError('unavailable', `not ready: ${failed.join('; ')}`, { retryAfterSeconds: 1 });
      }
      return { status: 'ok' as const, checks: checks.map((one) => one.name) };
    }),
  ];
}
