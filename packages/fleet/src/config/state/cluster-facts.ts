/**
 * What answers say of clusters besides their declarations: brokers and Kafka's id as they were seen, and settings for
 * which something had to be read. It lies in a table that one process writes (`cluster-facts-writer.ts`), so that it
 * has a version as declarations have, and all processes say the same of one version.
 *
 * Nothing is told that was seen or read for another declaration: brokers of addresses that are declared no more may be
 * those of another Kafka cluster.
 */
import { createHash } from 'node:crypto';
import type { Cluster } from '@millrace/api/declared';
import type { Kysely, Transaction } from 'kysely';
import { canonicalJson } from '../../audit/canonical-json.ts';
import type { Schema } from '../../database/schema.ts';
import type { ClusterWay } from '../answers/answer-content.ts';
import { plainSettings } from './cluster-ways.ts';

export interface ClusterFacts {
  readonly name: string;
  /** The declared addresses at which the following was seen. */
  readonly bootstrap: string;
  /** HOST:PORT, by node id. */
  readonly brokers: readonly string[];
  readonly clusterId: string | null;
  /** The last one that was seen at all. */
  readonly lastId: string | null;
  /** `clientKey` of the declaration for which the following was read. */
  readonly client: string;
  readonly settings: Readonly<Record<string, string>> | null;
  readonly problem: string | null;
}

/** Equal for equal settings of clients. */
export function clientKey({ client = {} }: Cluster): string {
  return createHash('sha256').update(canonicalJson(client)).digest('base64url');
}

/** How applications reach a cluster, by its declaration and what is known besides. */
export function wayOf(cluster: Cluster, facts: ClusterFacts | undefined): ClusterWay {
  const seen = facts?.bootstrap === cluster.bootstrap ? facts : undefined;
  const common = { brokers: seen?.brokers ?? [], clusterId: seen?.clusterId ?? null };
  const plain = plainSettings(cluster);
  if (plain !== undefined) return { ...common, settings: plain };
  if (facts?.client !== clientKey(cluster)) {
    const problem = 'what the settings of its clients refer to is being read; ask again in a moment';
    return { ...common, settings: {}, problem, isPending: true };
  }
  if (facts.problem !== null) return { ...common, settings: {}, problem: facts.problem };
  return { ...common, settings: facts.settings ?? {} };
}

/** By name. */
export async function readFacts(db: Kysely<Schema> | Transaction<Schema>): Promise<ReadonlyMap<string, ClusterFacts>> {
  const rows = await db.selectFrom('config_cluster').selectAll().orderBy('name').execute();
  return new Map(
    rows.map(({ cluster_id: clusterId, last_id: lastId, ...rest }) => [rest.name, { ...rest, clusterId, lastId }]),
  );
}
