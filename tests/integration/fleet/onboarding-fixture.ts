/**
 * A control plane with onboarding over two clusters of secured brokers: `east`, and `east-qa`, its twin. Whoever comes
 * over PLAINTEXT may do everything; over SASL_PLAINTEXT an application may do what was granted to it.
 *
 * Where `MILLRACE_TEST_SECURED` holds JSON (`{"ports": {"PLAINTEXT": ..., "SASL_PLAINTEXT": ...}}`) `east` is a cluster
 * that is so configured, and has no twin.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Principal } from '@millrace/api';
import { type KindName, kinds, type Spec } from '@millrace/api/declared';
import { nodePlatform } from '@millrace/base';
import { startCluster } from '@millrace/broker';
import { type Client, createClient } from '@millrace/client';
import { SecuredKafka } from '@millrace/engines/testing/secured-kafka';
import { type Onboarding, type OnboardingOptions, openOnboarding } from '@millrace/fleet/onboarding';
import type { DeclaredChange } from '@millrace/fleet/record';
import { securedEmbedded } from '../../support/secured-embedded.ts';
import { openTestControl, type TestControl } from './control-fixture.ts';

/** By names of listeners. */
export type Addresses = Readonly<Record<'PLAINTEXT' | 'SASL_PLAINTEXT', string>>;

export interface TestClusters extends AsyncDisposable {
  readonly addresses: ReadonlyMap<string, Addresses>;
}

export async function startTestClusters(): Promise<TestClusters> {
  const foreign = process.env['MILLRACE_TEST_SECURED'];
  if (foreign !== undefined) {
    const { ports } = JSON.parse(foreign) as { ports: Record<keyof Addresses, number> };
    const at = (name: keyof Addresses): string => `127.0.0.1:${ports[name]}`;
    const east = { PLAINTEXT: at('PLAINTEXT'), SASL_PLAINTEXT: at('SASL_PLAINTEXT') };
    return { addresses: new Map([['east', east]]), [Symbol.asyncDispose]: async () => undefined };
  }
  const secured = await SecuredKafka.create(undefined, ['User:ANONYMOUS']);
  const { configuration, security } = securedEmbedded(secured.security);
  const directory = mkdtempSync(join(tmpdir(), 'millrace-onboarding-'));
  const started = await Promise.all(
    ['east', 'east-qa'].map(async (name) => {
      const cluster = await startCluster({
        name,
        dataDirectory: join(directory, name),
        brokers: [{ nodeId: 1, port: 0 }],
        security,
        configuration: { ...configuration, 'connection.failed.authentication.delay.ms': '20' },
      });
      const { listeners } = cluster.endpoints[0] ?? {};
      const at = (listener: string): string => `127.0.0.1:${listeners?.get(listener)?.port ?? 0}`;
      return { name, cluster, addresses: { PLAINTEXT: at('PLAINTEXT'), SASL_PLAINTEXT: at('SASL_PLAINTEXT') } };
    }),
  );
  return {
    addresses: new Map(started.map(({ name, addresses }) => [name, addresses])),
    async [Symbol.asyncDispose]() {
      await Promise.all(started.map(({ cluster }) => cluster.close()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export interface OnboardingFixture extends AsyncDisposable {
  readonly test: TestControl;
  readonly onboarding: Onboarding;
  client(cluster: string): Client;
}

const gib = 2 ** 30;

/** One process of the control plane; `clientOf` gives it other clients. */
export async function openTestOnboarding(
  url: string,
  addresses: ReadonlyMap<string, Addresses>,
  clientOf: (client: Client) => Client = (client) => client,
  options: Partial<OnboardingOptions> = {},
): Promise<OnboardingFixture> {
  const test = await openTestControl(url, { limits: { backoffMs: 50, leaseMs: 3_000 } });
  const { control, database, reports } = test;
  const clients = new Map<string, Client>();
  const client = (name: string): Client => {
    const known = clients.get(name) ?? createClient({ bootstrap: addresses.get(name)?.PLAINTEXT ?? '' });
    clients.set(name, known);
    return known;
  };
  const clusters = { names: [...addresses.keys()], client: async (name: string) => clientOf(client(name)) };
  const { record, operations } = control;
  const common = { db: database.db, platform: nodePlatform, record, operations, clusters };
  const report = (message: string): void => void (reports as string[]).push(message);
  const part = openOnboarding({ ...common, inventory: { cluster: () => undefined }, report, ...options });
  operations.register(part.planKinds ?? []);
  return {
    test,
    onboarding: part.onboarding,
    client,
    async [Symbol.asyncDispose]() {
      await part.close?.();
      await test[Symbol.asyncDispose]();
      await Promise.all([...clients.values()].map((each) => each.close()));
    },
  };
}

/** Places, clusters with room, and the teams `shop` and `pay`. */
export async function declareFleet(
  { test: { control } }: OnboardingFixture,
  addresses: ReadonlyMap<string, Addresses>,
): Promise<void> {
  const thing = <K extends KindName>(kind: K, spec: Spec<K>): DeclaredChange => {
    return { kind, id: (kinds[kind].idOf as (spec: Spec<K>) => string)(spec), spec } as unknown as DeclaredChange;
  };
  const clusters = [...addresses].map(([name, { PLAINTEXT: bootstrap }]) => {
    const place = name.endsWith('-qa')
      ? { environment: 'qa', twinOf: name.slice(0, -3) }
      : { environment: 'production' };
    return thing('cluster', { name, bootstrap, site: 'east', ...place, capacity: { diskBytes: 1_000 * gib } });
  });
  const changes = [
    ...['production', 'qa'].map((name) => thing('environment', { name })),
    thing('site', { name: 'east' }),
    thing('team', { name: 'shop', owners: ['bob', 'ann'], members: ['cyd'], budget: { topics: 20 } }),
    thing('team', { name: 'pay', owners: ['pat'] }),
    ...clusters,
  ];
  await control.record.change(changes, { principal: root, why: 'a fleet for tests' });
}

export const person = (name: string, team: string, role: 'member' | 'owner'): Principal => ({
  ...{ kind: 'user', name, role },
  teams: [{ name: team, role }],
});
export const root: Principal = { kind: 'user', name: 'root', role: 'admin', teams: [] };
export const ann = person('ann', 'shop', 'owner');
export const bob = person('bob', 'shop', 'owner');
export const cyd = person('cyd', 'shop', 'member');
export const pat = person('pat', 'pay', 'owner');
