/** Calls a planned failover off that was begun and broken off, as long as the mirror still copies. */
import { FailoverError } from './failover-errors.ts';
import { writeFailovers } from './failover-log.ts';
import type { FailoverSides } from './failover-options.ts';
import { isFailedOver, recordAfter } from './failover-record.ts';
import { MirrorEnds } from './mirror-ends.ts';
import { hasAuthorizer, lowerFence } from './writer-fence.ts';

/**
 * Lets writers in on the source again; answers of which topics. May be called again. Rejects with `FailoverError` when
 * a topic is copied no more, from where there is no way but on, with `OffsetsTopicError`, and as the client does.
 */
export async function cancelFailover(sides: FailoverSides): Promise<string[]> {
  await using ends = new MirrorEnds(sides);
  const { source, target, bounds } = ends;
  const topics = await ends.chosen({ unbegun: true });
  const records = await ends.failovers();
  const over = topics.find(({ topic }) => isFailedOver(records.get(topic)));
  if (over !== undefined) {
    const message = `topic ${over.topic} of mirror ${sides.name} is copied no more`;
    throw new FailoverError('failover_too_late', `${message}: fail it over to the end, and then back`);
  }
  const names = topics.map(({ topic }) => topic);
  if (await hasAuthorizer(source.admin, bounds)) {
    await lowerFence(source.admin, names, bounds);
    ends.tell('fence', `the source's ${names.length} topics may be written to again`);
  }
  const begun = topics.filter(({ topic }) => records.get(topic)?.state === 'draining');
  const at = ends.now;
  const copying = begun.map((each) => {
    return recordAfter(records.get(each.topic), each, { state: 'copying', manner: 'planned', at, points: [] });
  });
  await writeFailovers(target, sides.name, copying, bounds);
  return names;
}
