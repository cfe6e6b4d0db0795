/**
 * Keeps what answers say of clusters besides their declarations up to date: one process of the fleet at a time. What
 * changed is written under the ledger's lock and raises the version of answers, as a declaration does.
 *
 * Where another Kafka cluster was seen under a name, the topics that were moved there are on a cluster that no group's
 * offsets were translated for: their generations grow, and their groups are forgotten.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Cluster } from '@millrace/api/declared';
import { type Platform, sleep } from '@millrace/base';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Environment } from '../../client-configuration/references.ts';
import { fenced, type Lease, whileLeading } from '../../database/lease.ts';
import type { Schema } from '../../database/schema.ts';
import { appendEvents, type EventFeed } from '../../events/event-feed.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { FleetRecord } from '../../record/record.ts';
import { noteConfigChange } from '../config-head.ts';
import { type ClusterFacts, clientKey, readFacts } from './cluster-facts.ts';
import { ClusterWays, type ResolvedWay } from './cluster-ways.ts';

export interface ClusterFactsOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly feed: Pick<EventFeed, 'subscribe'>;
  readonly record: Pick<FleetRecord, 'current'>;
  readonly inventory: Pick<Inventory, 'cluster'>;
  /** What references of the form `env:NAME` mean. */
  readonly environment: Environment;
  /** This process, by a name that no other has. */
  readonly holder: string;
  readonly report: (message: string) => void;
}

const lookMs = 1_000;

/** Runs until it is closed. */
export class ClusterFactsWriter {
  readonly #options: ClusterFactsOptions;
  readonly #stop = new AbortController();
  readonly #unsubscribe: () => void;
  readonly #running: Promise<void>;
  #wake = new AbortController();

  constructor(options: ClusterFactsOptions) {
    this.#options = options;
    const { db, platform, holder, report, feed } = options;
    this.#unsubscribe = feed.subscribe((events) => {
      if (events.some(({ kind }) => kind === 'cluster')) this.#wake.abort();
    });
    const lease = { db, platform, holder, report, name: 'config' };
    this.#running = whileLeading(lease, (held) => this.#keep(held), this.#stop.signal);
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.#stop.abort();
    await this.#running;
  }

  async #keep(lease: Lease): Promise<void> {
    const { db, platform, environment } = this.#options;
    const ways = new ClusterWays(environment, () => platform.clock.monotonic());
    let written = await readFacts(db);
    while (!lease.signal.aborted) {
      this.#wake = new AbortController();
      written = await this.#look(lease, ways, written);
      const early = AbortSignal.any([lease.signal, this.#wake.signal]);
      await sleep(platform.timers, lookMs, early).catch(() => undefined);
    }
  }

  /** Answers what is written then. */
  async #look(
    lease: Lease,
    ways: ClusterWays,
    written: ReadonlyMap<string, ClusterFacts>,
  ): Promise<ReadonlyMap<string, ClusterFacts>> {
    const { db, record, report } = this.#options;
    const clusters = record
      .current()
      .list('cluster')
      .map(({ spec }) => spec);
    const resolved = await ways.update(clusters);
    const facts = new Map(
      clusters.map((spec) => [spec.name, this.#factsOf(spec, resolved.get(spec.name), written.get(spec.name))]),
    );
    const changed = [...facts.values()].filter((each) => !isDeepStrictEqual(each, written.get(each.name)));
    const gone = [...written.keys()].filter((name) => !facts.has(name));
    if (changed.length === 0 && gone.length === 0) return written;
    const replaced = changed.filter(({ name, lastId }) => (written.get(name)?.lastId ?? lastId) !== lastId);
    await db.transaction().execute(async (transaction) => {
      await fenced(transaction, lease);
      await noteConfigChange(transaction);
      if (gone.length > 0) await transaction.deleteFrom('config_cluster').where('name', 'in', gone).execute();
      for (const each of changed) await write(transaction, each);
      for (const { name } of replaced) await moveHomes(transaction, name);
      const events = [...changed.map(({ name }) => name), ...gone].map((id) => ({
        kind: 'config',
        id,
        what: 'cluster',
      }));
      await appendEvents(transaction, events);
    });
    for (const { name, lastId } of replaced) {
      const before = written.get(name)?.lastId;
      report(
        `cluster ${name} is another Kafka cluster now, ${lastId} in place of ${before}: clients go there as in a move`,
      );
    }
    return facts;
  }

  #factsOf(spec: Cluster, way: ResolvedWay | undefined, before: ClusterFacts | undefined): ClusterFacts {
    const { name, bootstrap } = spec;
    const seen = this.#options.inventory.cluster(name);
    const known = before?.bootstrap === bootstrap ? before : { brokers: [], clusterId: null };
    const isSeen = seen?.bootstrap === bootstrap;
    const brokers = isSeen ? addresses(seen.brokers) : known.brokers;
    const clusterId = isSeen ? seen.clusterId : known.clusterId;
    const read = way === undefined || 'problem' in way ? undefined : way.settings;
    const problem = way !== undefined && 'problem' in way ? way.problem : null;
    const lastId = clusterId ?? before?.lastId ?? null;
    return { name, bootstrap, brokers, clusterId, lastId, client: clientKey(spec), settings: read ?? null, problem };
  }
}

function addresses(brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[]) {
  const ascending = [...brokers].sort((one, other) => one.nodeId - other.nodeId);
  return ascending.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`);
}

async function write(transaction: Transaction<Schema>, facts: ClusterFacts): Promise<void> {
  const { name, bootstrap, clusterId, lastId, client, problem } = facts;
  const row = {
    ...{ bootstrap, client, problem, cluster_id: clusterId, last_id: lastId },
    brokers: JSON.stringify(facts.brokers),
    settings: facts.settings === null ? null : JSON.stringify(facts.settings),
  };
  await transaction
    .insertInto('config_cluster')
    .values({ name, ...row })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
    .execute();
}

async function moveHomes(transaction: Transaction<Schema>, cluster: string): Promise<void> {
  await sql`UPDATE config_home SET groups = '{}', generation =
    1 + (SELECT max(generation) FROM config_home of_topic WHERE of_topic.topic = config_home.topic)
    WHERE cluster = ${cluster}`.execute(transaction);
}
