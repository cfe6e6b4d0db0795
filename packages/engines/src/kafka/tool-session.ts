/**
 * Kafka's command-line tools, many in one Java: a call costs what the tool does and not the start of a Java.
 *
 * The program that runs them is `java/ToolSession.java`, compiled once into the cache. Calls wait for each other. A
 * session whose Java has ended starts another with the next call.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { guard, unguard } from '../processes/guardian.ts';
import type { ProgramResult } from '../processes/run-program.ts';
import { compileToolSession } from './compile-tool-session.ts';
import type { KafkaDistribution } from './distribution.ts';
import { toolFlags } from './jvm-flags.ts';
import { KafkaEngineError } from './kafka-engine-error.ts';
import {
  type KafkaTool,
  runKafkaTool,
  type ToolOptions,
  toolClass,
  withClientConfiguration,
} from './run-kafka-tool.ts';

const STOP_AFTER_MS = 60_000;

/** They end their Java without asking, and print their last words while it ends. */
const NEED_JAVA_OF_THEIR_OWN: ReadonlySet<KafkaTool> = new Set([
  'kafka-replica-verification',
  'kafka-verifiable-consumer',
  'kafka-verifiable-producer',
]);

/** Runs tools, one at a time. */
export interface ToolSession extends AsyncDisposable {
  /** Runs a tool as `runKafkaTool` does. The few that can't share a Java have their own. */
  run(tool: KafkaTool, args: readonly string[], options?: ToolOptions): Promise<ProgramResult>;
  /** Runs a class that has a `main`: of Kafka's, or of the session's own programs. */
  runClass(name: string, args: readonly string[], options?: ToolOptions): Promise<ProgramResult>;
  close(): Promise<void>;
}

export interface ToolSessionOptions {
  /** Paths of Java sources that are compiled, once, and put beside Kafka's classes: programs, and plug-ins of tools. */
  readonly programs?: readonly string[] | undefined;
}

type Java = ChildProcessByStdio<Writable, Readable, null>;

/** Opens a session. Throws `java_compiler_missing` where Java is one that can only run programs. */
export async function openToolSession(
  distribution: KafkaDistribution,
  { programs }: ToolSessionOptions = {},
): Promise<ToolSession> {
  const classes = await compileToolSession(distribution, programs);
  const javaArguments = [
    ...toolFlags(distribution),
    '-cp',
    [distribution.classPath, classes].join(delimiter),
    'ToolSession',
  ];
  let java: Java | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const call = async (words: readonly string[], options: ToolOptions): Promise<ProgramResult> => {
    if (java === undefined || java.exitCode !== null || java.signalCode !== null) {
      java = startJava(distribution.java.program, javaArguments);
    }
    java.stdin.write(encodeRequest(words, options));
    return readAnswer(java, words[0] ?? '');
  };
  const close = async (): Promise<void> => {
    await last;
    if (java === undefined || java.exitCode !== null || java.signalCode !== null) return;
    const ended = once(java, 'exit');
    java.stdin.end();
    await ended;
  };
  const runClass: ToolSession['runClass'] = (name, args, options = {}) => {
    const inTurn = (words: readonly string[]) => call([name, ...words], options);
    const result = last.then(() => withClientConfiguration(args, options, inTurn));
    last = result.catch(() => undefined);
    return result;
  };
  return {
    run(tool, args, options = {}) {
      if (NEED_JAVA_OF_THEIR_OWN.has(tool)) return runKafkaTool(distribution, tool, args, options);
      return runClass(toolClass(tool), args, options);
    },
    runClass,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function startJava(program: string, args: readonly string[]): Java {
  const java = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const { pid } = java;
  if (pid !== undefined) {
    guard({ pid });
    java.once('exit', () => unguard({ pid }));
  }
  return java;
}

function encodeRequest(words: readonly string[], { input = '', stopAfterMs = STOP_AFTER_MS }: ToolOptions): Buffer {
  return Buffer.concat([int32(stopAfterMs), sized(input), int32(words.length), ...words.map(sized)]);
}

function sized(bytes: string | Uint8Array): Buffer {
  const content = Buffer.from(bytes as string);
  return Buffer.concat([int32(content.length), content]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** The next answer; rejects when the session's Java ends without one. */
function readAnswer(java: Java, name: string): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      const answer = decodeAnswer(Buffer.concat(chunks));
      if (answer === undefined) return;
      stopListening();
      resolve(answer);
    };
    const onError = (error: Error): void => {
      stopListening();
      reject(new KafkaEngineError('kafka_tool_failed', `Java could not run ${name}: ${error.message}.`));
    };
    const onExit = (code: number | null, signal: string | null): void => {
      onError(new Error(`it ended with ${signal ?? `exit code ${code}`}`));
    };
    const stopListening = (): void => {
      java.stdout.off('data', onData);
      java.off('error', onError).off('close', onExit);
      java.stdin.off('error', onError);
    };
    java.stdout.on('data', onData);
    java.on('error', onError).on('close', onExit);
    java.stdin.on('error', onError);
  });
}

/** Undefined while it is not there in full. */
function decodeAnswer(bytes: Buffer): ProgramResult | undefined {
  if (bytes.length < 8) return undefined;
  const errorsAt = 8 + bytes.readInt32BE(4);
  if (bytes.length < errorsAt + 4) return undefined;
  const end = errorsAt + 4 + bytes.readInt32BE(errorsAt);
  if (bytes.length < end) return undefined;
  return {
    code: bytes.readInt32BE(0),
    stdout: bytes.toString('utf8', 8, errorsAt),
    stderr: bytes.toString('utf8', errorsAt + 4, end),
  };
}
