/** Compiles the Java program that runs Kafka's tools, and programs beside it, once, into the cache. */
import { createHash } from 'node:crypto';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../processes/run-program.ts';
import { isThere, makeInCache } from './cache-lock.ts';
import type { KafkaDistribution } from './distribution.ts';
import { KafkaEngineError } from './kafka-engine-error.ts';

const session = fileURLToPath(new URL('./java/ToolSession.java', import.meta.url));

/**
 * The folder with the compiled program and those of `programs`, paths of Java sources. Throws `java_compiler_missing`
 * where Java can only run programs.
 */
export async function compileToolSession(
  { directory, classPath, java }: KafkaDistribution,
  programs: readonly string[] = [],
): Promise<string> {
  const sources = [session, ...programs];
  const hash = createHash('sha256');
  for (const source of sources) hash.update(await readFile(source));
  const classes = join(directory, `tool-session-${hash.digest('hex').slice(0, 12)}`);
  if (await isThere(classes)) return classes;
  return makeInCache(directory, { purpose: "compiling the session of Kafka's tools" }, async (draft) => {
    if (await isThere(classes)) return classes;
    const compiler = ['-m', 'jdk.compiler/com.sun.tools.javac.Main', '--release', '17', '-proc:none'];
    const words = [...compiler, '-d', draft, '-cp', classPath, ...sources];
    const { code, stdout, stderr } = await runProgram(java.program, words);
    if (code !== 0) throw compilerFailure(java.program, sources, stdout + stderr);
    await rename(draft, classes);
    return classes;
  });
}

function compilerFailure(program: string, sources: readonly string[], output: string): KafkaEngineError {
  if (output.includes('jdk.compiler not found')) {
    const message = `Sessions of Kafka's tools need a JDK, and ${program} has no compiler`;
    return new KafkaEngineError(
      'java_compiler_missing',
      `${message}: install one (Debian: openjdk-17-jdk-headless), or set JAVA_HOME to one.`,
    );
  }
  return new KafkaEngineError('kafka_tool_failed', `${sources.join(' or ')} does not compile: ${output}`);
}
