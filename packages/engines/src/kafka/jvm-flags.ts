/** Flags of Java for brokers, MirrorMaker and tools. */
import { fileURLToPath } from 'node:url';
import type { JvmProfile } from './broker-configuration.ts';
import type { KafkaDistribution } from './distribution.ts';

const loggingToOutput = fileURLToPath(new URL('./java/log-to-output.properties', import.meta.url));
const loggingToErrors = fileURLToPath(new URL('./java/log-to-errors.properties', import.meta.url));

/** Those of Kafka's own start script, which benchmarks compare with. */
const stock = [
  '-server',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
  '-XX:MaxInlineLevel=15',
  '-Djava.awt.headless=true',
];

/** A broker's; `heap` as Java takes it (`384m`), by default 256 MB for a small one and 1 GB else. */
export function brokerFlags(
  distribution: KafkaDistribution,
  options: { readonly jvm: JvmProfile; readonly heap?: string | undefined },
): string[] {
  const { jvm } = options;
  const heap = options.heap ?? (jvm === 'small' ? '256m' : '1G');
  const size = jvm === 'small' ? ['-Xms32m', `-Xmx${heap}`] : [`-Xms${heap}`, `-Xmx${heap}`];
  return [...size, ...(jvm === 'small' ? quick(distribution) : stock), logging(loggingToOutput)];
}

/** MirrorMaker's; `heap` by default 256 MB when small, and the 2 GB of its own start script else. */
export function mirrorMakerFlags(
  distribution: KafkaDistribution,
  options: { readonly jvm: JvmProfile; readonly heap?: string | undefined },
): string[] {
  const { jvm, heap } = options;
  const size = jvm === 'small' ? ['-Xms32m', `-Xmx${heap ?? '256m'}`] : ['-Xms256m', `-Xmx${heap ?? '2G'}`];
  return [...size, ...(jvm === 'small' ? quick(distribution) : stock), logging(loggingToOutput)];
}

/** A tool's: logs go to standard error, warnings and worse only. */
export function toolFlags(distribution: KafkaDistribution): string[] {
  return ['-Xms16m', '-Xmx256m', ...quick(distribution), logging(loggingToErrors)];
}

function quick({ classArchive }: KafkaDistribution): string[] {
  const archive = classArchive === undefined ? [] : [`-XX:SharedArchiveFile=${classArchive}`, '-Xshare:auto'];
  return ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData', ...archive];
}

function logging(file: string): string {
  return `-Dlog4j2.configurationFile=${file}`;
}
