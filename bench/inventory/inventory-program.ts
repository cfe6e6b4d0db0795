/**
 * An inventory in a process of its own, over clusters that run elsewhere: `DATABASE_URL BOOTSTRAP...`.
 *
 * It says once that it serves, with what its first look at all clusters took, and looks at all of them, whole, whenever
 * it gets a message; it stops when its channel closes.
 */
import { once } from 'node:events';
import { nodePlatform } from '@millrace/base';
import { openControlPlane } from '@millrace/fleet/control-plane';
import { openDatabase } from '@millrace/fleet/database';
import type { DeclaredChange } from '@millrace/fleet/record';
import { startServer } from '@millrace/server';

/** What a look at all clusters took. */
export interface LookedAtAll {
  readonly seconds: number;
  /** Processor time of this process meanwhile. */
  readonly cpuSeconds: number;
  readonly topics: number;
  readonly partitions: number;
  /** Clusters that could not be reached, and why. */
  readonly problems: readonly string[];
}

export interface InventoryServes {
  readonly url: string;
  readonly first: LookedAtAll;
}

const [url = '', ...bootstraps] = process.argv.slice(2);
const names = bootstraps.map((_, index) => `c${index}`);
const report = (message: string): void => void process.stderr.write(`${message}\n`);

await using database = await openDatabase({ url });
await using control = await openControlPlane({ database, platform: nodePlatform, report });
const { record, inventory } = control;
const declared = bootstraps.map((bootstrap, index): DeclaredChange => {
  const name = `c${index}`;
  return { kind: 'cluster', id: name, spec: { name, bootstrap } };
});
const began = measure();
await record.change(declared, { principal: { kind: 'system', name: 'bench' }, why: 'to be measured' });
const stop = new AbortController();
while (inventory.clusters().length === 0 || inventory.clusters().some(({ observedAt }) => observedAt === null)) {
  await new Promise((resolve) => setTimeout(resolve, 10));
}
await using server = await startServer({ port: 0, routes: control.routes });
const closed = once(process, 'disconnect');
process.on('message', () => void answer());
const serves: InventoryServes = { url: server.url, first: ended(began) };
process.send?.(serves);
await closed;
stop.abort();

async function answer(): Promise<void> {
  const start = measure();
  await Promise.all(names.map((name) => inventory.refresh(name, stop.signal)));
  process.send?.(ended(start));
}

function measure(): { readonly at: number; readonly cpu: NodeJS.CpuUsage } {
  return { at: performance.now(), cpu: process.cpuUsage() };
}

function ended(start: ReturnType<typeof measure>): LookedAtAll {
  const { user, system } = process.cpuUsage(start.cpu);
  const all = inventory.clusters();
  let topics = 0;
  let partitions = 0;
  for (const cluster of all) {
    topics += cluster.topics.size;
    for (const topic of cluster.topics.values()) partitions += topic.partitions.length;
  }
  return {
    seconds: (performance.now() - start.at) / 1_000,
    cpuSeconds: (user + system) / 1e6,
    topics,
    partitions,
    problems: all.flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name}: ${problem}`])),
  };
}
