/**
 * A step of a plan whose process dies at every point at which it tells of itself, and that is begun again each time.
 */
import assert from 'node:assert/strict';
import type { Json, PlanKind } from '@millrace/fleet/operations';
import { admin } from './plans-fixture.ts';

/** Runs the first step of a plan, cut off once more often until it is done; answers its result. */
export async function cutOff(kind: PlanKind, input: object): Promise<unknown> {
  const signal = AbortSignal.timeout(60_000);
  const [step] = (await kind.plan(input as never, { principal: admin, signal })).steps;
  let kept: Json | undefined;
  for (let left = 1; ; left++) {
    let calls = 0;
    const cut = (): void => {
      calls += 1;
      if (calls === left) throw new Error('cut off');
    };
    const keep = async (value: Json): Promise<void> => {
      kept = value;
      cut();
    };
    const reason = { principal: admin, why: 'test' };
    const common = { operation: 'cut-off', reason, signal, keep, write: () => assert.fail('it writes nothing') };
    try {
      return await kind.run(step ?? assert.fail(), { ...common, kept, progress: async () => cut() });
    } catch (error) {
      if (!(error instanceof Error && error.message === 'cut off')) throw error;
    }
  }
}
