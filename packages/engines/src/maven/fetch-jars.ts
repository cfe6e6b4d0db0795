/**
 * Jars by Maven, into a folder that is complete or absent: fetched beside its place and then renamed, by one process at
 * a time.
 */
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeInCache } from '../kafka/cache-lock.ts';
import { findMaven } from '../kafka/java.ts';
import { KafkaEngineError } from '../kafka/kafka-engine-error.ts';
import { runProgram } from '../processes/run-program.ts';

export interface JarsToFetch {
  /** What they are, for people: `Apache Kafka`. */
  readonly name: string;
  /** The file that names them, versions included. */
  readonly pom: string;
  readonly cacheDirectory: string;
  /** Below the cache; they lie in its `lib`. */
  readonly directory: string;
  readonly report: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** What to do when Maven can't fetch them. */
  readonly hint: string;
}

/** The jars, ascending, fetched where they are not there. Throws `maven_missing` and `kafka_download_failed`. */
export async function fetchJars(jars: JarsToFetch): Promise<string[]> {
  const { name, cacheDirectory, directory, report, signal } = jars;
  const library = join(directory, 'lib');
  const there = await listJars(library);
  if (there !== undefined) return there;
  const maven = await findMaven();
  return makeInCache(cacheDirectory, { purpose: `fetching ${name}`, report, signal }, async (draft) => {
    const made = await listJars(library);
    if (made !== undefined) return made;
    report(`Fetching ${name} into ${directory}, once.`);
    await copyDependencies(maven, join(draft, 'lib'), jars);
    // What lies there has no jars: something made for an earlier copy whose jars somebody removed.
    await rm(directory, { recursive: true, force: true });
    await rename(draft, directory);
    return (await listJars(library)) ?? [];
  });
}

/** The jars in a folder, ascending; undefined when there is no such folder. */
export async function listJars(folder: string): Promise<string[] | undefined> {
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

async function copyDependencies(maven: string, target: string, jars: JarsToFetch): Promise<void> {
  const { name, pom, report, signal, hint } = jars;
  let copied = 0;
  const onLine = (line: string): void => {
    if (!/ Copying \S+ to /.test(line)) return;
    copied += 1;
    if (copied % 25 === 0) report(`Fetching ${name}: ${copied} jars are there.`);
  };
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${target}`];
  const { code, stdout } = await runProgram(maven, ['-B', '-ntp', '-f', pom, ...goal], { onLine, signal });
  if (code === 0) return;
  const errors = stdout.split('\n').filter((line) => line.startsWith('[ERROR]'));
  throw new KafkaEngineError('kafka_download_failed', `Maven could not fetch ${name}.\n${errors[0] ?? stdout}`, {
    hint,
  });
}
