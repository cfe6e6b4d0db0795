/** Whether consumer groups may go to another cluster with their topics. */
import type { KnownAnswer } from '../answers/answer-source.ts';

/**
 * Whether the offsets of these groups were translated for where the answers say that the topics are. Only answers to
 * consumers tell of that: without any, groups that have offsets hold the sidecar where it is.
 */
export function groupsAreTranslated(groups: readonly string[], answers: readonly KnownAnswer[]): boolean {
  if (groups.length > 0 && answers.every(({ want }) => want.role === 'producer')) return false;
  return answers.every(({ want, answer }) => {
    if (want.role === 'producer') return true;
    if (answer === undefined) return false;
    return groups.every((group) => (answer.groups?.[group] ?? -1) >= answer.cluster.generation);
  });
}
