/** A control plane on clusters that a test has: what a plan is, what becomes of it, and what it did. */
import assert from 'node:assert/strict';
import type { Principal } from '@millrace/api';
import type { OperationDetail, PlanView } from '@millrace/api/fleet';
import { nodePlatform } from '@millrace/base';
import { type ControlPlane, type ControlPlaneOptions, openControlPlane } from '@millrace/fleet/control-plane';
import { openDatabase } from '@millrace/fleet/database';
import type { FleetRecord } from '@millrace/fleet/record';

export const admin: Principal = { kind: 'user', name: 'ada', role: 'admin', teams: [] };

export interface PlansFixture extends AsyncDisposable {
  readonly plane: ControlPlane;
  readonly record: FleetRecord;
  readonly clusters: ControlPlane['clusters'];
  declare(...changes: Parameters<FleetRecord['change']>[0]): Promise<void>;
  plan(kind: string, input: object, principal?: Principal): Promise<PlanView>;
  /** Applies it and waits for its end, which has to be good. */
  apply(plan: PlanView, principal?: Principal): Promise<OperationDetail>;
}

export async function openPlansFixture(
  url: string,
  options: Pick<ControlPlaneOptions, 'environment' | 'keyDirectory' | 'twins'> = {},
): Promise<PlansFixture> {
  const database = await openDatabase({ url });
  const reports: string[] = [];
  const plane = await openControlPlane({
    ...options,
    database,
    platform: nodePlatform,
    report: (message) => void reports.push(message),
  });
  const { record, clusters } = plane;
  const { operations } = plane;
  return {
    plane,
    record,
    clusters,
    declare: async (...changes) => void (await record.change(changes, { principal: admin, why: 'test' })),
    plan: (kind, input, principal = admin) => operations.plan(kind, input as never, { principal }),
    async apply(plan, principal = admin) {
      const { id } = await operations.apply(plan.id, { principal, why: 'test', confirm: true });
      await operations.ended(id, AbortSignal.timeout(60_000));
      const detail = await operations.get(id);
      assert.equal(detail.state, 'done', `${JSON.stringify(detail.failure)} ${reports.join('\n')}`);
      return detail;
    },
    async [Symbol.asyncDispose]() {
      await plane.close();
      await database.close();
    },
  };
}
