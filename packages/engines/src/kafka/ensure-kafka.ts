/** The door to Apache Kafka for tests, benchmarks and programs. */
import { ensureClassArchive } from './class-archive.ts';
import { findDistribution, type KafkaDistribution, type Report } from './distribution.ts';
import type { KafkaSource } from './kafka-source.ts';

/**
 * An Apache Kafka that can be run: found, or fetched into the cache, and made quick to start, both once.
 *
 * Throws `KafkaEngineError`: `isAbsence` when the machine lacks Java or Maven, else `kafka_home_unusable` or
 * `kafka_download_failed`. The signal ends what is under way; it is then rejected with the signal's reason.
 */
export async function ensureKafka(
  source: KafkaSource,
  report: Report = () => undefined,
  signal?: AbortSignal,
): Promise<KafkaDistribution> {
  return ensureClassArchive(await findDistribution(source, report, signal), report, signal);
}
