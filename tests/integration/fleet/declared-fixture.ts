/** A fleet under a control plane of its own: what is declared of it, and operations that bring its clusters to it. */

import type { Principal } from '@millrace/api';
import type { OperationDetail, PlanView } from '@millrace/api/fleet';
import { nodePlatform } from '@millrace/base';
import { type Client, createClient } from '@millrace/client';
import { openControlPlane } from '@millrace/fleet/control-plane';
import { openDatabase } from '@millrace/fleet/database';
import { openDeclared, recordAccess, type WantedAccess } from '@millrace/fleet/declared';
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
  readonly kind: PlanKind;
  client(cluster: string): Client;
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
  access: WantedAccess = recordAccess,
): Promise<DeclaredFixture> {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await openDatabase({ url }));
  const report = (message: string): void => void process.stderr.write(`${message}\n`);
  const common = { database, platform: nodePlatform, report };
  const own = stack.use(await openControlPlane(common));
  const { record } = own;
  const clients = new Map(
    Object.entries(bootstraps).map(([name, bootstrap]) => [
      name,
      stack.use(createClient({ bootstrap, requestTimeoutMs: 5_000 })),
    ]),
  );
  const client = (cluster: string): Client => {
    const found = clients.get(cluster);
    if (found === undefined) throw new Error(`no client of ${cluster}`);
    return found;
  };
  const clusters = {
    get names() {
      return record
        .current()
        .list('cluster')
        .map(({ id }) => id);
    },
    client: async (name: string) => client(name),
  };
  const part = openDeclared({ record, clusters, access: async () => access, answerMs: 3_000 });
  const [kind] = part.planKinds ?? [];
  if (kind === undefined) throw new Error('there is no kind of plan');
  const plane = stack.use(await openControlPlane({ ...common, parts: [part] }));
  const reason = { principal: admin, why: 'a test' };
  const declare = async (changes: readonly DeclaredChange[]): Promise<void> =>
    void (await record.change(changes, reason));
  await declare(
    Object.entries(bootstraps).map(([id, bootstrap]) => ({ kind: 'cluster', id, spec: { name: id, bootstrap } })),
  );
  const plan = (input: object): Promise<PlanView> =>
    plane.operations.plan('fleet_apply', input as never, { principal: admin });
  return {
    record,
    kind,
    client,
    declare,
    plan,
    async apply(input) {
      const { id } = await plan(input);
      const applied = await plane.operations.apply(id, { principal: admin, why: 'a test', confirm: true });
      await plane.operations.ended(applied.id, AbortSignal.timeout(120_000));
      return await plane.operations.get(applied.id);
    },
    async call<T>(method: string, path: string, request: object) {
      const route = part.routes?.find(({ contract }) => contract.method === method && contract.path === path);
      if (route === undefined) throw new Error(`no route ${method} ${path}`);
      const whole = { params: {}, query: {}, principal: admin, signal: AbortSignal.timeout(60_000), ...request };
      return (await route.handle(whole as never)) as T;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
