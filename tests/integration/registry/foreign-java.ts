/**
 * An Avro serializer for Java, Apache Flink's, which speaks through Confluent's own registry client: fetched by Maven,
 * once, and run beside Kafka's own classes.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type KafkaDistribution, openToolSession, type ToolSession } from '@millrace/engines';
import { runCommand } from '../../support/run-command.ts';

const artifacts = fileURLToPath(new URL('./java/artifacts.pom.xml', import.meta.url));
const program = fileURLToPath(new URL('./java/AvroRoundTrip.java', import.meta.url));

/** A session that knows the program `AvroRoundTrip`. */
export async function openAvroSession(distribution: KafkaDistribution): Promise<ToolSession> {
  const hash = createHash('sha256')
    .update(await readFile(artifacts))
    .digest('hex')
    .slice(0, 12);
  const library = join(dirname(distribution.directory), `foreign-serializers-${hash}`);
  const jars = (await jarsIn(library)) ?? (await fetchJars(library));
  const classPath = [distribution.classPath, ...jars].join(delimiter);
  return openToolSession({ ...distribution, classPath }, { programs: [program] });
}

async function jarsIn(library: string): Promise<string[] | undefined> {
  try {
    return (await readdir(library)).filter((name) => name.endsWith('.jar')).map((name) => join(library, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whole beside its place, then renamed: of processes that fetch at the same time the first one's stays. */
async function fetchJars(library: string): Promise<string[]> {
  const draft = `${library}.${process.pid}`;
  try {
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${draft}`];
    const { code, stdout } = await runCommand('mvn', ['-B', '-ntp', '-f', artifacts, ...goal], { timeoutMs: 300_000 });
    if (code !== 0) throw new Error(`Maven could not fetch the serializer of ${artifacts}: ${stdout}`);
    await rename(draft, library).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return (await jarsIn(library)) ?? [];
}
