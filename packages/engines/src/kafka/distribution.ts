/**
 * Apache Kafka's jars, from an installed Kafka or fetched by Maven into a cache, and the Java that runs them.
 *
 * What is fetched is named in `artifacts.pom.xml`, versions included, and its folder by that file's hash.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchJars, listJars } from '../maven/fetch-jars.ts';
import { findJava, type Java } from './java.ts';
import { KafkaEngineError } from './kafka-engine-error.ts';
import type { KafkaSource } from './kafka-source.ts';

const artifacts = fileURLToPath(new URL('./artifacts.pom.xml', import.meta.url));

/** An Apache Kafka that can be run. */
export interface KafkaDistribution {
  /** `4.3.1`. */
  readonly version: string;
  readonly java: Java;
  /** All its jars, in a fixed order. */
  readonly classPath: string;
  /** Where files made for it are kept. */
  readonly directory: string;
  /** Its classes, prepared for a quicker start of Java; see `class-archive.ts`. */
  readonly classArchive?: string | undefined;
}

/** Told of progress, a sentence each. */
export type Report = (message: string) => void;

/** Finds or fetches the jars. Throws `KafkaEngineError`; those with `isAbsence` say what the machine lacks. */
export async function findDistribution(
  source: KafkaSource,
  report: Report,
  signal?: AbortSignal,
): Promise<KafkaDistribution> {
  const java = await findJava(source.javaHome);
  if (source.home !== undefined) return installed(source.home, source.cacheDirectory, java);
  const pom = await readFile(artifacts, 'utf8');
  const version = /<kafka\.version>([^<]+)</.exec(pom)?.[1] ?? 'unknown';
  const directory = join(source.cacheDirectory, `kafka-${version}-${hashOf(pom)}`);
  const { cacheDirectory } = source;
  const hint = 'Look at its settings for a proxy or a mirror, or set KAFKA_HOME to an unpacked Apache Kafka 4.';
  const jars = await fetchJars({
    name: 'Apache Kafka',
    pom: artifacts,
    cacheDirectory,
    directory,
    report,
    signal,
    hint,
  });
  return { version, java, classPath: jars.join(delimiter), directory };
}

async function installed(home: string, cacheDirectory: string, java: Java): Promise<KafkaDistribution> {
  const jars = await listJars(join(home, 'libs'));
  const version = jars?.map((jar) => /[\\/]kafka_2\.\d+-(\d[^-]*)\.jar$/.exec(jar)?.[1]).find(Boolean);
  if (jars === undefined || version === undefined || Number.parseInt(version, 10) < 4) {
    const found = version === undefined ? 'no Kafka broker' : `Kafka ${version}`;
    const message = `${join(home, 'libs')} holds ${found}; set KAFKA_HOME to an unpacked Apache Kafka 4 or newer.`;
    throw new KafkaEngineError('kafka_home_unusable', message);
  }
  const directory = join(cacheDirectory, `kafka-${version}-${hashOf(jars.join())}`);
  return { version, java, classPath: jars.join(delimiter), directory };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
