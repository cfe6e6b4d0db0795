/** A fleet under a control plane of its own: what is declared of it, and operations that bring its clusters to it. */

import type { Principal, Route } from '@millrace/api';
import type { OperationDetail, PlanView } from '@millrace/api/fleet';
import { nodePlatform } from '@millrace/base';
import type { Client } from '@millrace/client';
import { openControlPlane } from '@millrace/fleet/control-plane';
import { openDatabase } from '@millrace/fleet/database';
import { openDeclared, recordAccess } from '@millrace/fleet/declared';
import type { PlanKind } from '@millrace/fleet/operations';
import type { DeclaredChange, FleetRecord } from '@millrace/fleet/record';

export const admin: Principal = { kind: 'user', name: 'ann', role: 'admin', teams: [] };

/** What embedded and Apache Kafka's brokers are configured with, so that ACLs are kept and we may do all. */
export const authorized = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
  'auto.create.topics.enable': 'false',
};

export interface DeclaredFixture extends AsyncDisposable {
  readonly record: FleetRecord;
  readonly routes: readonly Route[];
  /** What its plans are of. */
  readonly kind: PlanKind;
  client(cluster: string): Promise<Client>;
  declare(changes: readonly DeclaredChange[]): Promise<void>;
  plan(input: object): Promise<PlanView>;
  /** Plans, applies, and waits for the end. */
  apply(input: object): Promise<OperationDetail>;
  /** Calls a route's handler as the server would. */
  call<T>(method: string, path: string, request: object): Promise<T>;
}

/** Clusters by name, with their bootstrap servers; each is declared. */
export async function openDeclaredFixture(
  url: string,
  bootstraps: Readonly<Record<string, string>>,
): Promise<DeclaredFixture> {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await openDatabase({ url }));
  const report = (message: string): void => void process.stderr.write(`${message}\n`);
  const plane = stack.use(await openControlPlane({ database, platform: nodePlatform, report }));
  const { record, clusters, operations, routes } = plane;
  const [kind] = openDeclared({ record, clusters, access: async () => recordAccess }).planKinds ?? [];
  if (kind === undefined) throw new Error('there is no kind of plan');
  const declare = async (changes: readonly DeclaredChange[]): Promise<void> => {
    await record.change(changes, { principal: admin, why: 'a test' });
  };
  // Those that are down are soon known to be.
  const client = { 'default.api.timeout.ms': '3000' };
  await declare(
    Object.entries(bootstraps).map(([id, bootstrap]) => {
      return { kind: 'cluster', id, spec: { name: id, bootstrap, client } };
    }),
  );
  const plan = (input: object): Promise<PlanView> =>
    operations.plan('fleet_apply', input as never, { principal: admin });
  return {
    record,
    routes,
    kind,
    client: (cluster) => clusters.client(cluster),
    declare,
    plan,
    async apply(input) {
      const { id } = await plan(input);
      const applied = await operations.apply(id, { principal: admin, why: 'a test', confirm: true });
      await operations.ended(applied.id, AbortSignal.timeout(120_000));
      return await operations.get(applied.id);
    },
    async call<T>(method: string, path: string, request: object) {
      const route = routes.find(({ contract }) => contract.method === method && contract.path === path);
      if (route === undefined) throw new Error(`no route ${method} ${path}`);
      const whole = { params: {}, query: {}, principal: admin, signal: AbortSignal.timeout(60_000), ...request };
      return (await route.handle(whole as never)) as T;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
