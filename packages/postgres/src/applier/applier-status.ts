/** How far an applier is, from outside: what the target has against what the topics have. */
import { type Client as KafkaClient, unwrap } from '@millrace/client';
import { lagSeconds } from './applier-figures.ts';
import type { ApplyTarget } from './target.ts';

export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly end: number;
  /** When the last applied change was committed at the source, in ms since 1970; 0 when that is not known. */
  readonly commitMs: number;
  readonly lagSeconds: number;
}

export async function applierStatus(kafka: KafkaClient, target: ApplyTarget): Promise<PartitionLag[]> {
  const positions = await target.positions();
  await using admin = kafka.admin();
  const queries = positions.map(({ topic, partition }) => ({ topic, partition, at: 'latest' as const }));
  const ends = unwrap(await admin.listOffsets(queries));
  const nowMs = Date.now();
  return positions.map(({ topic, partition, offset, commitMs }) => {
    const end = ends.find((each) => each.topic === topic && each.partition === partition)?.offset ?? offset;
    return {
      topic,
      partition,
      offset,
      end,
      commitMs,
      lagSeconds: lagSeconds({ behind: end - offset, commitMs }, nowMs),
    };
  });
}
