/** Kafka's tools, all in the one Java of this process, and Kafka itself where this machine has it. */
import { fileURLToPath } from 'node:url';
import { type KafkaDistribution, KafkaEngineError, openToolSession, type ToolSession } from '@millrace/engines';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';

/** What runs beside Kafka's own classes. */
const programs = ['PartitionedReader', 'WordCount'].map((name) =>
  fileURLToPath(new URL(`../java/${name}.java`, import.meta.url)),
);

let found: Promise<KafkaDistribution | string> | undefined;
let session: Promise<ToolSession | string> | undefined;

/** Apache Kafka on this machine, or the sentence that says what it lacks for it. */
export function findKafka(): Promise<KafkaDistribution | string> {
  found ??= find();
  return found;
}

async function find(): Promise<KafkaDistribution | string> {
  const kafka = await kafkaForTests();
  return kafka.skip || kafka.distribution;
}

/** What runs Kafka's classes in a Java of their own. */
export async function kafkaJars(): Promise<KafkaDistribution> {
  const kafka = await findKafka();
  if (typeof kafka === 'string') throw new Error(kafka);
  return kafka;
}

/** The session that all cells of a test file share. Throws where something is missing: cells are skipped there. */
export async function javaTools(): Promise<ToolSession> {
  const tools = await findTools();
  if (typeof tools === 'string') throw new Error(tools);
  return tools;
}

/** Why there are no tools here. */
export async function missingTools(): Promise<string | false> {
  const tools = await findTools();
  return typeof tools === 'string' && tools;
}

function findTools(): Promise<ToolSession | string> {
  session ??= findKafka().then((kafka) =>
    typeof kafka === 'string' ? kafka : orAbsence(openToolSession(kafka, { programs })),
  );
  return session;
}

/** Ends the session, if there is one. */
export async function closeJavaTools(): Promise<void> {
  const open = await session;
  if (open !== undefined && typeof open !== 'string') await open.close();
}

async function orAbsence<T>(work: Promise<T>): Promise<T | string> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof KafkaEngineError && error.isAbsence) return error.message;
    throw error;
  }
}
