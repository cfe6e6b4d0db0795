/**
 * Writes anchors whenever there are enough new entries or enough time has passed; one process of the fleet at a time.
 * They go to a cluster that is not the platform's first, if there is another, and to the next where one can't be had.
 */
import { messageOf, type Platform, sleep } from '@millrace/base';
import type { Kysely } from 'kysely';
import type { FleetClusters } from '../clusters/fleet-clusters.ts';
import { type Lease, whileLeading } from '../database/lease.ts';
import type { Schema } from '../database/schema.ts';
import { type Anchor, anchorEntriesMax, ensureAnchorTopic, writeAnchors } from './anchor-topic.ts';
import { auditChunks } from './audit-log.ts';

export interface AnchoringOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly clusters: Pick<FleetClusters, 'names' | 'client'>;
  readonly holder: string;
  readonly report: (message: string) => void;
  /** So many new entries are anchored at once. Default 1,000. */
  readonly entriesMax?: number | undefined;
  /** New entries are anchored after this time, however few. Default 10 minutes. */
  readonly intervalMs?: number | undefined;
}

const entriesMaxDefault = 1_000;
const intervalMsDefault = 600_000;
const lookMs = 5_000;

/** Anchors until the signal aborts. */
export async function anchorWhileLeading(options: AnchoringOptions, signal: AbortSignal): Promise<void> {
  const { db, platform, holder, report } = options;
  const work = (lease: Lease): Promise<void> => anchor(options, lease.signal);
  await whileLeading({ db, platform, name: 'audit anchors', holder, report }, work, signal);
}

async function anchor(options: AnchoringOptions, signal: AbortSignal): Promise<void> {
  const { db, platform, report, entriesMax = entriesMaxDefault, intervalMs = intervalMsDefault } = options;
  let since = platform.clock.monotonic();
  let told = '';
  while (!signal.aborted) {
    const { anchored, newest } = await positions(db);
    const isDue = newest - anchored >= entriesMax || platform.clock.monotonic() - since >= intervalMs;
    if (newest > anchored && isDue) {
      const problem = await anchorFrom(options, anchored, signal);
      if (problem !== undefined && problem !== told && !signal.aborted) report(problem);
      told = problem ?? '';
      if (problem === undefined) since = platform.clock.monotonic();
    }
    await sleep(platform.timers, Math.min(lookMs, intervalMs), signal).catch(() => undefined);
  }
}

async function positions(db: Kysely<Schema>): Promise<{ readonly anchored: number; readonly newest: number }> {
  const [anchored, newest] = await Promise.all(
    (['audit_anchor', 'audit_entry'] as const).map((table) => {
      return db
        .selectFrom(table)
        .select((each) => each.fn.max('seq').as('seq'))
        .executeTakeFirst();
    }),
  );
  return { anchored: anchored?.seq ?? 0, newest: newest?.seq ?? 0 };
}

/** Answers why it could not be done; undefined when it was. */
async function anchorFrom(
  { db, clusters }: AnchoringOptions,
  anchored: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const anchors: Anchor[] = [];
  const log = (await db.selectFrom('audit_log').select('id').executeTakeFirstOrThrow()).id;
  for await (const chunk of auditChunks(db, anchored)) {
    for (let at = 0; at < chunk.length; at += anchorEntriesMax) {
      const part = chunk.slice(at, at + anchorEntriesMax);
      const from = part[0]?.seq ?? 0;
      anchors.push({ log, at: new Date().toISOString(), from, digests: part.map(({ digest }) => digest) });
    }
  }
  const head = anchors.at(-1);
  if (head === undefined) return undefined;
  const [first, ...others] = clusters.names;
  const problems: string[] = [];
  for (const name of [...others, ...(first === undefined ? [] : [first])]) {
    try {
      const client = await clusters.client(name);
      const limit = AbortSignal.any([signal, AbortSignal.timeout(30_000)]);
      await ensureAnchorTopic(client, limit);
      await writeAnchors(client, anchors, limit);
    } catch (error) {
      if (signal.aborted) return undefined;
      problems.push(`${name}: ${messageOf(error)}`);
      continue;
    }
    const seq = head.from + head.digests.length - 1;
    const digest = head.digests.at(-1) ?? '';
    const row = db.insertInto('audit_anchor').values({ seq, digest, cluster: name });
    await row.onConflict((conflict) => conflict.columns(['seq', 'cluster']).doNothing()).execute();
    return undefined;
  }
  if (problems.length === 0) return undefined;
  return `the audit log could not be anchored, which is tried again: ${problems.join('; ')}`;
}
