/** Finds Java and Maven on this machine, and says in one sentence what is missing. */
import { join } from 'node:path';
import { type ProgramResult, runProgram } from '../processes/run-program.ts';
import { KafkaEngineError } from './kafka-engine-error.ts';

/** What brokers and tools of Apache Kafka 4 run on. */
const JAVA_MIN = 17;

export interface Java {
  /** The program, as it can be started. */
  readonly program: string;
  /** 17, 21, ... */
  readonly feature: number;
  /** As it says itself: `17.0.15`. */
  readonly version: string;
}

/** Java 17 or newer: the one in `javaHome`, else the first on the path. Throws `java_missing`. */
export async function findJava(javaHome?: string | undefined): Promise<Java> {
  const program = javaHome === undefined ? 'java' : join(javaHome, 'bin', 'java');
  const result = await runIfThere(program, ['-version']);
  const remedy = 'install a JDK (Debian: openjdk-17-jdk-headless), or set JAVA_HOME to one';
  if (result === undefined) {
    throw new KafkaEngineError('java_missing', `Apache Kafka needs Java ${JAVA_MIN} or newer: ${remedy}.`);
  }
  const version = /version "([^"]+)"/.exec(result.stderr)?.[1] ?? 'unknown';
  const feature = Number.parseInt(version, 10);
  if (!(feature >= JAVA_MIN)) {
    const message = `Apache Kafka needs Java ${JAVA_MIN} or newer, and ${program} is ${version}: ${remedy}.`;
    throw new KafkaEngineError('java_missing', message);
  }
  return { program, feature, version };
}

/** The program `mvn`, when it runs. Throws `maven_missing`. */
export async function findMaven(): Promise<string> {
  if ((await runIfThere('mvn', ['--version']))?.code !== 0) {
    const message = 'Apache Kafka is fetched with Maven: install it (Debian: maven), or set KAFKA_HOME to a Kafka 4.';
    throw new KafkaEngineError('maven_missing', message);
  }
  return 'mvn';
}

async function runIfThere(program: string, args: readonly string[]): Promise<ProgramResult | undefined> {
  try {
    return await runProgram(program, args);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
