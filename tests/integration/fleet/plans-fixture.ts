/**
 * A control plane with some parts, on clusters that a test has: what a plan is, what becomes of it, and what it did.
 */
import assert from 'node:assert/strict';
import type { Principal } from '@millrace/api';
import type { Spec } from '@millrace/api/declared';
import type { OperationDetail, PlanView } from '@millrace/api/fleet';
import { nodePlatform } from '@millrace/base';
import { type Client, createClient } from '@millrace/client';
import { clientConfiguration, resolveReferences } from '@millrace/fleet/client-configuration';
import { type ControlPlane, openControlPlane, type Part } from '@millrace/fleet/control-plane';
import { openDatabase } from '@millrace/fleet/database';
import type { FleetRecord } from '@millrace/fleet/record';

export const admin: Principal = { kind: 'user', name: 'ada', role: 'admin', teams: [] };

export interface PlansFixture extends AsyncDisposable {
  readonly plane: ControlPlane;
  readonly record: FleetRecord;
  readonly clusters: { client(name: string): Promise<Client> };
  declare(...changes: Parameters<FleetRecord['change']>[0]): Promise<void>;
  plan(kind: string, input: object, principal?: Principal): Promise<PlanView>;
  /** Applies it and waits for its end, which has to be good. */
  apply(plan: PlanView, principal?: Principal): Promise<OperationDetail>;
}

/** What a part is made from here. */
export interface FixtureParts {
  readonly record: FleetRecord;
  readonly clusters: { client(name: string): Promise<Client> };
}

export async function openPlansFixture(
  url: string,
  make: (parts: FixtureParts) => readonly Part[],
): Promise<PlansFixture> {
  const database = await openDatabase({ url });
  const reports: string[] = [];
  const clients = new Map<string, Promise<Client>>();
  let plane: ControlPlane | undefined;
  const opened = (): ControlPlane => plane ?? assert.fail('the control plane is not open yet');
  const record: FleetRecord = {
    current: () => opened().record.current(),
    read: () => opened().record.read(),
    history: (kind, id) => opened().record.history(kind, id),
    onChange: (listener) => opened().record.onChange(listener),
    change: (...args) => opened().record.change(...args),
  };
  const clusters = {
    client(name: string): Promise<Client> {
      const spec = record.current().get('cluster', name)?.spec ?? assert.fail(`no cluster ${name}`);
      const client = clients.get(name) ?? clientOf(spec);
      clients.set(name, client);
      return client;
    },
  };
  plane = await openControlPlane({
    database,
    platform: nodePlatform,
    report: (message) => void reports.push(message),
    parts: make({ record, clusters }),
  });
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
      await opened().close();
      for (const client of clients.values()) await (await client).close();
      await database.close();
    },
  };
}

async function clientOf({ name, bootstrap, client = {} }: Spec<'cluster'>): Promise<Client> {
  const settings = Object.fromEntries(Object.entries(client).map(([key, value]) => [key, String(value)]));
  const properties = await resolveReferences(settings, process.env, name);
  return createClient({ ...clientConfiguration(properties, name).client, bootstrap, retryBackoffMs: 10 });
}
