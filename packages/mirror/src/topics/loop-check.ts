/** Refuses topics whose records would come back to where they came from, or lie mixed with those of another. */
import type { MirrorOptions } from '../mirror.ts';
import { LoopError, TargetNameError } from '../mirror-errors.ts';
import { isMatched, isNamed } from '../name-filter.ts';
import type { MirroredTopic } from './topic-sync.ts';

/**
 * Why the topic can't be mirrored beside others; undefined when it can. `taken`: the source topics of those others by
 * their names on the target. `isSameCluster`: source and target are one, where a copy must have another name, and one
 * that the mirror does not copy in its turn.
 */
export function refusal(
  { topic, targetTopic }: Pick<MirroredTopic, 'topic' | 'targetTopic'>,
  taken: ReadonlyMap<string, string>,
  selected: MirrorOptions['topics'],
  isSameCluster: boolean,
): LoopError | TargetNameError | undefined {
  const isSelected = isNamed(selected, targetTopic) || isMatched(selected, targetTopic);
  if (isSameCluster && isSelected) return new LoopError(topic, targetTopic);
  const other = taken.get(targetTopic);
  return other === undefined ? undefined : new TargetNameError(topic, other, targetTopic);
}
