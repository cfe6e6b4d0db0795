/**
 * Kafka's classes, read and checked once and then mapped into each Java that runs a broker or a tool, which halves the
 * time of its start (class data sharing, JEP 310).
 *
 * A broker and some tools run while Java notes which classes they load; of these the archive is made. It holds for one
 * Java and one class path; one that does not fit is passed over by Java without a word.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../processes/run-program.ts';
import { isThere, makeInCache } from './cache-lock.ts';
import type { KafkaDistribution, Report } from './distribution.ts';
import { runKafkaClass, toolClass } from './run-kafka-tool.ts';
import { startKafkaCluster } from './start-kafka-cluster.ts';

/** The distribution with its archive, which is made if need be. */
export async function ensureClassArchive(
  distribution: KafkaDistribution,
  report: Report,
  signal?: AbortSignal,
): Promise<KafkaDistribution> {
  const { directory, java } = distribution;
  const classArchive = join(directory, `classes-java-${java.version}.jsa`);
  if (await isThere(classArchive)) return { ...distribution, classArchive };
  return makeInCache(directory, { purpose: 'preparing Apache Kafka', report, signal }, async (draft) => {
    if (await isThere(classArchive)) return { ...distribution, classArchive };
    report('Preparing Apache Kafka to start quickly, once.');
    const problem = await makeArchive(distribution, draft, signal);
    if (problem !== undefined) {
      report(`Apache Kafka will start slower than it could, for Java could not prepare it: ${problem}`);
      return distribution;
    }
    await rename(join(draft, 'classes.jsa'), classArchive);
    return { ...distribution, classArchive };
  });
}

/** Makes `classes.jsa` in a folder; says what went wrong when it could not. */
async function makeArchive(
  distribution: KafkaDistribution,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const lists = await listClasses(distribution, folder, signal);
  const classes = new Set((await Promise.all(lists.map((list) => readFile(list, 'utf8')))).join('').split('\n'));
  await writeFile(join(folder, 'classes.list'), [...classes].join('\n'));
  const { code, stdout, stderr } = await runProgram(distribution.java.program, [
    '-Xshare:dump',
    '-XX:+UseSerialGC',
    `-XX:SharedClassListFile=${join(folder, 'classes.list')}`,
    `-XX:SharedArchiveFile=${join(folder, 'classes.jsa')}`,
    '-cp',
    distribution.classPath,
  ]);
  return code === 0 ? undefined : (stderr || stdout).trim().split('\n').at(-1);
}

/** Runs a broker and tools, and returns the files that list the classes they loaded. */
async function listClasses(
  distribution: KafkaDistribution,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const lists: string[] = [];
  const listing = (name: string): string[] => {
    const list = join(folder, `${name}.list`);
    lists.push(list);
    return [`-XX:DumpLoadedClassList=${list}`];
  };
  const cluster = await startKafkaCluster({
    distribution,
    name: 'rehearsal',
    directory: join(folder, 'cluster'),
    javaFlags: listing('broker'),
    signal,
  });
  await using _ = cluster;
  const bootstrap = ['--bootstrap-server', cluster.bootstrap()];
  const run = (tool: Parameters<typeof toolClass>[0], args: readonly string[], input?: string) =>
    runKafkaClass(distribution, toolClass(tool), [...bootstrap, ...args], { input, javaFlags: listing(tool), signal });
  await run('kafka-topics', ['--create', '--topic', 'rehearsal']);
  await run('kafka-console-producer', ['--topic', 'rehearsal'], 'a record\n');
  await run('kafka-console-consumer', ['--topic', 'rehearsal', '--from-beginning', '--max-messages', '1']);
  await run('kafka-configs', ['--describe', '--entity-type', 'brokers', '--all']);
  return lists;
}
