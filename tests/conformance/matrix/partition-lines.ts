/** Answers about partitions of topics in a form that two brokers can be compared by, and that one can read. */
import { errorName } from './raw-connection.ts';

interface AnsweredTopic {
  readonly name?: string;
  readonly topicId?: string;
  readonly partitions?: readonly object[];
  readonly resultsByPartition?: readonly object[];
}

const noTopicId = 'AAAAAAAAAAAAAAAAAAAAAA';

/**
 * A line for each partition, ascending: its topic, its index and what else was answered, errors by name. `names` says
 * what stands for names and ids of topics.
 */
export function partitionLines(
  topics: readonly AnsweredTopic[] | undefined,
  names: Readonly<Record<string, string>>,
): string[] {
  const lines = (topics ?? []).flatMap(({ name, topicId, partitions, resultsByPartition }) =>
    (partitions ?? resultsByPartition ?? []).map((partition) => {
      const id = topicId === undefined || topicId === noTopicId ? undefined : topicId;
      const topic = [name, id].filter(Boolean).map((each = '') => names[each] ?? each);
      return [...topic, ...Object.entries(partition).map(([field, value]) => told(field, value))].join(' ');
    }),
  );
  return lines.sort();
}

function told(field: string, value: unknown): string {
  return field.endsWith('rrorCode') ? errorName(value as number) : JSON.stringify(value);
}
