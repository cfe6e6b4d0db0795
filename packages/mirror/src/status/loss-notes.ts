/** What is to be said of records that a mirror passed over for good. Does no I/O. */
import type { LossReason, LostRange } from '../offset-map/losses.ts';
import type { TopicState } from './mirror-state.ts';

const whys: { readonly [Reason in LossReason]: string } = {
  deleted: 'the source had deleted them before',
  'too-large': 'the target takes none that large',
  'invalid-time': 'the target refuses their times',
};

/** A sentence for each partition that lost something. */
export function lossNotes({ topic, partitions }: TopicState): string[] {
  return partitions.flatMap(({ partition, losses }) => {
    const last = losses?.ranges.at(-1);
    if (losses === undefined || last === undefined) return [];
    const place = `${topic} [${partition}]`;
    if (losses.offsets === last.to - last.from) return `${place}: ${sentence(last)}`;
    return `${place}: ${losses.offsets} source offsets were never copied, at last this: ${sentence(last)}`;
  });
}

function sentence({ from, to, reason, at }: LostRange): string {
  const which = to === from + 1 ? `source offset ${from} was` : `source offsets ${from} to ${to - 1} were`;
  return `${which} passed over, as ${whys[reason]} (${new Date(at).toISOString()})`;
}
