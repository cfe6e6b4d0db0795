/** Compiles the Java program that runs Kafka's tools, once, into the cache. */
import { createHash } from 'node:crypto';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isThere, makeInCache } from './cache-lock.ts';
import type { KafkaDistribution } from './distribution.ts';
import { KafkaEngineError } from './kafka-engine-error.ts';
import { runProgram } from './run-program.ts';

const source = fileURLToPath(new URL('./java/ToolSession.java', import.meta.url));

/** The folder with the compiled program. Throws `java_compiler_missing` where Java can only run programs. */
export async function compileToolSession({ directory, classPath, java }: KafkaDistribution): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(source))
    .digest('hex');
  const classes = join(directory, `tool-session-${hash.slice(0, 12)}`);
  if (await isThere(classes)) return classes;
  return makeInCache(directory, { purpose: "compiling the session of Kafka's tools" }, async (draft) => {
    if (await isThere(classes)) return classes;
    const compiler = ['-m', 'jdk.compiler/com.sun.tools.javac.Main', '--release', '17', '-proc:none'];
    const words = [...compiler, '-d', draft, '-cp', classPath, source];
    const { code, stdout, stderr } = await runProgram(java.program, words);
    if (code !== 0) throw compilerFailure(java.program, stdout + stderr);
    await rename(draft, classes);
    return classes;
  });
}

function compilerFailure(program: string, output: string): KafkaEngineError {
  if (output.includes('jdk.compiler not found')) {
    const message = `Sessions of Kafka's tools need a JDK, and ${program} has no compiler`;
    return new KafkaEngineError(
      'java_compiler_missing',
      `${message}: install one (Debian: openjdk-17-jdk-headless), or set JAVA_HOME to one.`,
    );
  }
  return new KafkaEngineError('kafka_tool_failed', `${source} does not compile: ${output}`);
}
