/**
 * A sidecar whose topics go to another cluster, while programs with the secret of before come back as fast as they can:
 * which clusters they get to, and which one those get to that have the new secret.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, startCluster } from '@millrace/broker';
import { startSidecar } from '@millrace/resilient/sidecar';
import { metadata } from '@millrace/wire';
import { eventually } from '../../support/eventually.ts';
import { TestConfigService } from './config-service.ts';
import { clusterOf } from './resilient-fixture.ts';
import { produces, secretOf } from './sidecar-fixture.ts';
import { loggedIn, whileOpen } from './sidecar-peer.ts';

export interface SeenClusters {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

const programs = 4;
/** Logins of before that were refused after the move, until it is believed that all are. */
const refusedEnough = 200;
const want = produces('orders');

export async function seenInMove(): Promise<SeenClusters> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'millrace-order-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const clusters = new Map<string, Cluster>();
  for (const name of ['east', 'west']) {
    const brokers = [{ nodeId: 1, port: 0 }];
    clusters.set(name, stack.use(await startCluster({ name, dataDirectory: join(directory, name), brokers })));
  }
  const service = stack.use(await TestConfigService.start());
  const tell = (name: 'east' | 'west', generation: number): void => {
    const { bootstrap = '' } = clusters.get(name) ?? {};
    service.tell(want, { answer: { bootstrap, cluster: clusterOf(name, generation) } });
  };
  tell('east', 0);
  const given = { enrolment: service.enrolment(), directory: join(directory, 'sidecar'), wants: [want] };
  const sidecar = stack.use(await startSidecar({ ...given, drainTimeoutMs: 2_000 }));
  const port = Number(sidecar.bootstrap.split(':')[1]);
  const names = new Map([...clusters].map(([name, { clusterId }]) => [clusterId, name]));
  /** The cluster that a program gets to. Rejects when it gets nowhere. */
  const look = async (secret: string): Promise<string> => {
    using peer = await loggedIn(port, secret);
    const { clusterId } = await whileOpen(peer, peer.request(metadata, 12, { topics: [] }));
    return names.get(clusterId ?? '') ?? 'nowhere';
  };
  const old = await secretOf(sidecar);
  const before = new Set<string>();
  const end = new AbortController();
  let refused = 0;
  const comeBack = async (): Promise<void> => {
    while (!end.signal.aborted) {
      try {
        before.add(await look(old));
      } catch {
        // Refused, or ended by the move: it comes back, as clients do.
        if (sidecar.status().cluster.name === 'west') refused++;
      }
    }
  };
  const running = Promise.all(Array.from({ length: programs }, comeBack));
  await eventually(() => before.has('east'));
  tell('west', 1);
  await eventually(() => sidecar.status().cluster.name === 'west');
  await eventually(() => refused >= refusedEnough || before.has('west'));
  end.abort();
  await running;
  return { before: [...before], after: [await look(await secretOf(sidecar))] };
}
