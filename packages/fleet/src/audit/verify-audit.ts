/**
 * Whether the audit log is as it was written: every digest follows from its entry and from the digest before, numbers
 * have no gaps, and all of it is as anchors have it. The first entry for which one of these fails is the first that was
 * tampered with, or stands where one is missing.
 */
import type { AuditVerification } from '@millrace/api/fleet';
import { messageOf } from '@millrace/base';
import type { Kysely, Selectable } from 'kysely';
import type { FleetClusters } from '../clusters/fleet-clusters.ts';
import type { Schema } from '../database/schema.ts';
import { readAnchors } from './anchor-topic.ts';
import { auditDigest } from './audit-entry.ts';
import { auditChunks } from './audit-log.ts';
import type { AuditEntryTable } from './tables.ts';

interface Anchored {
  readonly digest: string;
  readonly cluster: string;
}

interface Anchors {
  /** By entry, as it was anchored first. */
  readonly bySeq: ReadonlyMap<number, Anchored>;
  readonly clusters: readonly string[];
  readonly unreachable: readonly { readonly cluster: string; readonly problem: string }[];
}

type First = AuditVerification['first'];

/** Reads all of it, and the anchors on every cluster. */
export async function verifyAudit(
  db: Kysely<Schema>,
  clusters: Pick<FleetClusters, 'names' | 'client'>,
  signal: AbortSignal,
): Promise<AuditVerification> {
  const log = (await db.selectFrom('audit_log').select('id').executeTakeFirstOrThrow()).id;
  const anchors = await anchorsOf(clusters, log, signal);
  let first: First = null;
  let head = { seq: 0, digest: log };
  let entries = 0;
  for await (const chunk of auditChunks(db, 0)) {
    signal.throwIfAborted();
    entries += chunk.length;
    for (const entry of chunk) {
      first ??= problemOf(entry, head, anchors);
      head = { seq: entry.seq, digest: entry.digest };
    }
  }
  const newest = Math.max(0, ...anchors.bySeq.keys());
  first ??= endOf(head.seq, newest, anchors, await lastKnownAnchor(db));
  return {
    entries,
    head,
    intact: first === null,
    first,
    anchors: {
      compared: anchors.bySeq.size,
      newest,
      clusters: [...anchors.clusters],
      unreachable: [...anchors.unreachable],
    },
  };
}

function problemOf(
  entry: Selectable<AuditEntryTable>,
  before: { readonly seq: number; readonly digest: string },
  { bySeq }: Anchors,
): First {
  const { seq, previous, digest } = entry;
  if (seq !== before.seq + 1) return { seq: before.seq + 1, problem: `it is missing: entry ${seq} is the next one` };
  const anchored = bySeq.get(seq);
  if (anchored !== undefined && anchored.digest !== digest) {
    return { seq, problem: `its digest is another than the one that was anchored on ${anchored.cluster}` };
  }
  if (previous !== before.digest) return { seq, problem: 'it does not follow from the entry before it' };
  if (auditDigest(entry) === digest) return null;
  return { seq, problem: 'its content is not the one that its digest was taken of' };
}

/** Entries that are known to have been there, and are not. */
function endOf(head: number, newest: number, { bySeq, unreachable }: Anchors, known: Known | undefined): First {
  if (newest > head) {
    const where = bySeq.get(newest)?.cluster;
    return { seq: head + 1, problem: `it is missing: ${where} has an anchor of entry ${newest}` };
  }
  if (known === undefined || known.seq <= newest || unreachable.some(({ cluster }) => cluster === known.cluster)) {
    return null;
  }
  return { seq: Math.max(1, newest), problem: `the anchor of entry ${known.seq} is no longer on ${known.cluster}` };
}

interface Known {
  readonly seq: number;
  readonly cluster: string;
}

function lastKnownAnchor(db: Kysely<Schema>): Promise<Known | undefined> {
  return db.selectFrom('audit_anchor').select(['seq', 'cluster']).orderBy('seq', 'desc').limit(1).executeTakeFirst();
}

async function anchorsOf(clusters: FleetClusters, log: string, signal: AbortSignal): Promise<Anchors> {
  const bySeq = new Map<number, Anchored>();
  const found: string[] = [];
  const unreachable: { cluster: string; problem: string }[] = [];
  await Promise.all(
    clusters.names.map(async (cluster) => {
      try {
        const limit = AbortSignal.any([signal, AbortSignal.timeout(60_000)]);
        const anchors = await readAnchors(await clusters.client(cluster), log, limit);
        if (anchors.length > 0) found.push(cluster);
        for (const { from, digests } of anchors) {
          for (const [index, digest] of digests.entries()) {
            if (!bySeq.has(from + index)) bySeq.set(from + index, { digest, cluster });
          }
        }
      } catch (error) {
        signal.throwIfAborted();
        unreachable.push({ cluster, problem: messageOf(error) });
      }
    }),
  );
  return { bySeq, clusters: found.sort(), unreachable };
}
