/** Counts what goes into the operators of a task and comes out of them: sources, sinks, and those with a name. */
import { isSource, type Node } from '../topology/node.ts';
import type { Receiver } from './cursor.ts';

export interface OperatorCounts {
  recordsIn: number;
  recordsOut: number;
}

/** What an operator is called in metrics; undefined where it is not counted. The sides of a join are one. */
export function countedName({ operator }: Node): string | undefined {
  if (isSource(operator)) return `source ${operator.topic.name}`;
  return operator.kind === 'to' ? `to ${operator.detail}` : operator.name;
}

export function countIn(counts: OperatorCounts | undefined, receive: Receiver): Receiver {
  if (counts === undefined) return receive;
  return (record) => {
    counts.recordsIn++;
    receive(record);
  };
}

export function countOut(counts: OperatorCounts | undefined, send: Receiver): Receiver {
  if (counts === undefined) return send;
  return (record) => {
    counts.recordsOut++;
    send(record);
  };
}
