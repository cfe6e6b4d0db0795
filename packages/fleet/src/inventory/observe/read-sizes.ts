/** What lies on the disk of a broker, summed up as it arrives: 600,000 replicas of a fleet are never held at once. */
import type { Connection } from '@millrace/client/protocol';
import { describeLogDirs } from '@millrace/wire';
import type { BrokerDisk, TopicBytes, TopicShape } from './observation.ts';

/** Undefined where we may not see it, or the broker is too old to tell. */
export async function readSizes(
  connection: Connection,
  nodeId: number,
  topics: ReadonlyMap<string, TopicShape>,
  timeoutMs: number,
  into: Map<string, TopicBytes>,
): Promise<BrokerDisk | undefined> {
  if (!connection.supports(describeLogDirs, 1)) return undefined;
  const response = await connection.request(describeLogDirs, { topics: null }, { timeoutMs });
  if (response.errorCode !== 0) return undefined;
  let logBytes = 0;
  let totalBytes: number | undefined;
  let usableBytes: number | undefined;
  for (const directory of response.results) {
    if (directory.errorCode !== 0) continue;
    if (directory.totalBytes >= 0) totalBytes = (totalBytes ?? 0) + directory.totalBytes;
    if (directory.usableBytes >= 0) usableBytes = (usableBytes ?? 0) + directory.usableBytes;
    for (const { name, partitions } of directory.topics) {
      const shape = topics.get(name);
      const bytes = into.get(name) ?? { stored: 0, leaders: 0 };
      into.set(name, bytes);
      for (const { partitionIndex, partitionSize } of partitions) {
        logBytes += partitionSize;
        bytes.stored += partitionSize;
        if (shape?.partitions[partitionIndex]?.leader === nodeId) bytes.leaders += partitionSize;
      }
    }
  }
  return { logBytes, totalBytes, usableBytes };
}
