/** The lists of throttled replicas that topics carry: `*`, or `partition:broker,partition:broker` (KIP-73). */
import { listOf } from '../configuration/definition.ts';

/** Whether a list names a replica. */
export function isThrottled(list: string, partition: number, nodeId: number): boolean {
  if (list === '') return false;
  const wanted = `${partition}:${nodeId}`;
  return listOf(list).some((element) => element === '*' || element === wanted);
}
