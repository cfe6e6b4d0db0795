/** Groups that stand where nothing goes on, as in a divergent tail, are put behind it. */
import { type Admin, unwrap } from '@millrace/client';
import type { CallBounds } from '@millrace/client/protocol';
import { hasMembers } from '../groups/group-sync.ts';
import type { Tail } from './failover-record.ts';

export interface LeftTail {
  /** The topic's name. */
  readonly original: string;
  readonly partition: number;
  readonly tail: Tail;
}

/** A sentence for each group that stood there. Rejects as the client does. */
export async function leaveTails(admin: Admin, tails: readonly LeftTail[], bounds: CallBounds): Promise<string[]> {
  if (tails.length === 0) return [];
  const told: string[] = [];
  const places = tails.map(({ original, partition }) => ({ topic: original, partition }));
  for (const { group, protocolType } of await admin.listGroups(bounds)) {
    if (protocolType !== 'consumer' && protocolType !== '') continue;
    const committed = unwrap(await admin.fetchOffsets(group, places, bounds));
    const due = committed.flatMap(({ topic, partition, offset, metadata }) => {
      const found = tails.find((each) => each.original === topic && each.partition === partition)?.tail;
      return found !== undefined && offset >= found.from && offset < found.to
        ? [{ topic, partition, offset: found.to, metadata }]
        : [];
    });
    if (due.length === 0) continue;
    const isLive = await hasMembers(admin, group, bounds.signal);
    if (!isLive) unwrap(await admin.commitOffsets(group, due, bounds));
    const where = `group ${group} stood in what is passed over, in ${due.length} partitions`;
    told.push(isLive ? `${where}, and has members: end them, and move it` : `${where}: it goes on behind that`);
  }
  return told;
}
