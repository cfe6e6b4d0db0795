/**
 * Apache Kafka's jars, from an installed Kafka or fetched by Maven into a cache, and the Java that runs them.
 *
 * What is fetched is named in `artifacts.pom.xml`, versions included, and its folder by that file's hash. It is
 * complete or absent: fetched beside its place and then renamed, by one process at a time.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../processes/run-program.ts';
import { makeInCache } from './cache-lock.ts';
import { findJava, findMaven, type Java } from './java.ts';
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
  const jars =
    (await listJars(join(directory, 'lib'))) ?? (await fetchJars(source.cacheDirectory, directory, report, signal));
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

/** The jars in a folder, ascending; undefined when there is no such folder. */
async function listJars(folder: string): Promise<string[] | undefined> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => name.endsWith('.jar'))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function fetchJars(
  cacheDirectory: string,
  directory: string,
  report: Report,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const maven = await findMaven();
  return makeInCache(cacheDirectory, { purpose: 'fetching Apache Kafka', report, signal }, async (draft) => {
    const library = join(directory, 'lib');
    const made = await listJars(library);
    if (made !== undefined) return made;
    report(`Fetching Apache Kafka into ${directory}, once.`);
    await copyDependencies(maven, join(draft, 'lib'), report, signal);
    // What lies there has no jars: something made for an earlier copy whose jars somebody removed.
    await rm(directory, { recursive: true, force: true });
    await rename(draft, directory);
    return (await listJars(library)) ?? [];
  });
}

async function copyDependencies(
  maven: string,
  target: string,
  report: Report,
  signal: AbortSignal | undefined,
): Promise<void> {
  let copied = 0;
  const onLine = (line: string): void => {
    if (!/ Copying \S+ to /.test(line)) return;
    copied += 1;
    if (copied % 25 === 0) report(`Fetching Apache Kafka: ${copied} jars are there.`);
  };
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${target}`];
  const { code, stdout } = await runProgram(maven, ['-B', '-ntp', '-f', artifacts, ...goal], { onLine, signal });
  if (code === 0) return;
  const errors = stdout.split('\n').filter((line) => line.startsWith('[ERROR]'));
  throw new KafkaEngineError('kafka_download_failed', `Maven could not fetch Apache Kafka.\n${errors[0] ?? stdout}`, {
    hint: 'Look at its settings for a proxy or a mirror, or set KAFKA_HOME to an unpacked Apache Kafka 4.',
  });
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
