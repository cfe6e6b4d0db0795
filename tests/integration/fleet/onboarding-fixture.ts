/**
 * A control plane over secured clusters, asked over HTTP by different people. A cluster whose name ends in `-qa` is the
 * twin of the one without it; both are at the site of that name, all have room, and the teams `shop` and `pay` are
 * declared.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { type CallInput, type Contract, callContract, type Principal, type Route } from '@millrace/api';
import { type KindName, kinds, type Spec } from '@millrace/api/declared';
import {
  type AskedFor,
  createRequestContract,
  type RequestState,
  type RequestView,
  showRequestContract,
} from '@millrace/api/fleet';
import type { Admin, ClientOptions } from '@millrace/client';
import type { ControlPlaneOptions } from '@millrace/fleet/control-plane';
import type { DeclaredChange } from '@millrace/fleet/record';
import { startServer } from '@millrace/server';
import type { Static } from 'typebox';
import { eventually } from '../../support/eventually.ts';
import { openTestControl, type TestControl } from './control-fixture.ts';

export interface OnboardingFixture extends AsyncDisposable {
  readonly test: TestControl;
  readonly url: string;
  /** What programs show there, who are root until somebody else calls. */
  readonly token: string;
  call<C extends Contract>(who: Principal, contract: C, input: CallInput<C>): Promise<Static<C['response']>>;
  ask(who: Principal, asked: AskedFor, idempotencyKey?: string): Promise<RequestView>;
  preview(who: Principal, asked: AskedFor): Promise<RequestView>;
  /** Resolves with the request when it is in the state. */
  until(request: RequestView, state: RequestState): Promise<RequestView>;
  admin(cluster: string): Promise<Admin>;
}

export type ClusterAddresses = ReadonlyMap<string, ClientOptions>;

const limits = { backoffMs: 50, leaseMs: 3_000 };
const gib = 2 ** 30;

/** What a process of the control plane is opened with. */
export function controlOptions(clusters: ClusterAddresses, keyDirectory: string): Partial<ControlPlaneOptions> {
  return { limits, ownClusters: clusters, keyDirectory };
}

export async function openTestOnboarding(url: string, clusters: ClusterAddresses): Promise<OnboardingFixture> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-onboarding-'));
  const test = await openTestControl(url, controlOptions(clusters, directory));
  const { control, reports } = test;
  await declareFleet(test, clusters);
  let caller = root;
  const asCaller = ({ contract, handle }: Route): Route => ({
    contract,
    handle: (request) => handle({ ...request, principal: caller }),
  });
  const token = randomUUID();
  const onFailure = ({ error }: { error: unknown }): void => void (reports as string[]).push(inspect(error));
  const server = await startServer({ port: 0, token, routes: control.routes.map(asCaller), onFailure });
  const call: OnboardingFixture['call'] = (who, contract, input) => {
    caller = who;
    return callContract(server.url, contract, input, { token });
  };
  const show = ({ id = '' }: RequestView): Promise<RequestView> => call(root, showRequestContract, { params: { id } });
  return {
    ...{ test, url: server.url, token },
    call,
    preview: (who, asked) => call(who, createRequestContract, { query: { preview: true }, body: { asked } }),
    ask(who, asked, idempotencyKey) {
      caller = who;
      const input = { query: {}, body: { asked, why: 'for the shop' } };
      return callContract(server.url, createRequestContract, input, { token, idempotencyKey });
    },
    async until(request, state) {
      let seen = request;
      await eventually(
        async () => {
          seen = await show(request);
          return seen.state === state || seen.state === 'failed';
        },
        { timeoutMs: 60_000, describe: () => `it is ${seen.state} and not ${state}: ${reports.join('; ')}` },
      );
      if (seen.state !== state) throw new Error(`it has failed: ${seen.problem}; ${reports.join('; ')}`);
      return seen;
    },
    admin: async (cluster) => (await control.clusters.client(cluster)).admin(),
    async [Symbol.asyncDispose]() {
      await server.close();
      await test[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
}

const siteOf = (cluster: string): string => cluster.replace(/-qa$/, '');

async function declareFleet({ control }: TestControl, clusters: ClusterAddresses): Promise<void> {
  const thing = <K extends KindName>(kind: K, spec: Spec<K>): DeclaredChange => {
    return { kind, id: (kinds[kind].idOf as (spec: Spec<K>) => string)(spec), spec } as unknown as DeclaredChange;
  };
  const declared = [...clusters].map(([name, { bootstrap }]) => {
    const place = name.endsWith('-qa')
      ? { environment: 'qa', twinOf: name.slice(0, -3) }
      : { environment: 'production' };
    const capacity = { diskBytes: 1_000 * gib };
    return thing('cluster', { name, bootstrap: String(bootstrap), site: siteOf(name), ...place, capacity });
  });
  const changes = [
    ...['production', 'qa'].map((name) => thing('environment', { name })),
    ...[...new Set([...clusters.keys()].map(siteOf))].map((name) => thing('site', { name })),
    thing('team', { name: 'shop', owners: ['bob', 'ann'], members: ['cyd'], budget: { topics: 20 } }),
    thing('team', { name: 'pay', owners: ['pat'] }),
    ...declared,
  ];
  await control.record.change(changes, { principal: root, why: 'a fleet for tests' });
}

export const root: Principal = { kind: 'user', name: 'root', role: 'admin', teams: [] };
const person = (name: string, team: string, role: 'member' | 'owner'): Principal => ({
  ...{ kind: 'user', name, role },
  teams: [{ name: team, role }],
});
export const ann = person('ann', 'shop', 'owner');
export const bob = person('bob', 'shop', 'owner');
export const cyd = person('cyd', 'shop', 'member');
export const pat = person('pat', 'pay', 'owner');

/** A small topic of the shop with one producer, which the policies that come with Millrace approve. */
export const smallTopic = (name: string, more: object = {}): AskedFor => ({
  kind: 'topic',
  name,
  owner: 'shop',
  dataClass: 'internal',
  replicas: 1,
  expected: { recordsPerSecond: 10, recordBytes: 1_000 },
  applications: [{ name: `${name}.writer`, role: 'producer' }],
  ...more,
});
