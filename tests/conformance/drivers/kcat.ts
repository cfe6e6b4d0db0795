/** librdkafka, through kcat. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { unwrap } from '@millrace/client';
import { runCommand } from '../../support/run-command.ts';
import type { Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';
import {
  type Caller,
  compressions,
  type Driver,
  type From,
  inOrder,
  type MemberOptions,
  type Message,
  type StoredMessage,
  type TransactOptions,
} from './driver.ts';
import { kcatErrorName } from './kcat-errors.ts';
import { settingsOf } from './kcat-settings.ts';
import { MemberLog } from './member-log.ts';

/** kcat ended otherwise than with 0. */
export class KcatError extends Error {
  override readonly name = 'KcatError';
}

export const kcat: Driver = {
  client: 'kcat',
  compressions,
  protocols: ['classic'],
  mechanisms: speaksScram() ? ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] : ['PLAIN', 'OAUTHBEARER'],
  lettingGo: true,

  async produce(place, _scope, { topic, messages, acks = -1, compression = 'none', idempotent = false, ...caller }) {
    const options = ['-z', compression, '-X', `acks=${acks}`, '-X', `enable.idempotence=${idempotent}`];
    for (const run of runsOf(messages)) {
      await runKcat(place, caller, [...producing(topic, run), ...options], run.lines);
    }
  },

  async read(place, _scope, options) {
    const { topic, isolation = 'read_uncommitted', count, from = 'earliest' } = options;
    const words = ['-C', '-J', '-t', topic, ...beginning(from), '-c', `${count}`];
    return readLines(await runKcat(place, options, [...words, '-X', `isolation.level=${isolation}`]));
  },

  async readInGroup(place, _scope, options) {
    return readLines(await runKcat(place, options, ['-c', `${options.count}`, ...membership(options)]));
  },

  async join(place, scope, options) {
    const member = new KcatMember(options, [...(await at(place, options)), ...membership(options)]);
    scope.defer(() => member.die());
    return member;
  },

  async transact(place, scope, options) {
    for (const run of runsOf(options.messages)) {
      const words = [...producing(options.topic, run), '-X', `transactional.id=${options.transactionalId}`];
      if (options.outcome === 'commit') await runKcat(place, options, words, run.lines);
      else await abort(place, scope, options, words, run);
    }
  },

  transactional: undefined,

  errorName: kcatErrorName,
};

/** Before 2.6.1 librdkafka doubled a nonce of SCRAM, which Apache Kafka refuses since 3.7.2, and so does our broker. */
export function speaksScram(): boolean {
  const version = /librdkafka (\d+)\.(\d+)\.(\d+)/.exec(spawnSync('kcat', ['-V']).stdout?.toString() ?? '');
  const [major = 0, minor = 0, patch = 0] = (version ?? []).slice(1).map(Number);
  return major * 1e6 + minor * 1e3 + patch >= 2_006_001;
}

/** Runs kcat against a place; `words` come after where and as whom. Throws `KcatError` with what it wrote to stderr. */
export async function runKcat(place: Place, caller: Caller, words: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await runCommand('kcat', [...(await at(place, caller)), ...words], {
    ...(input === undefined ? {} : { input }),
    timeoutMs: 60_000,
  });
  if (code !== 0) throw new KcatError(stderr.trim());
  return stdout;
}

async function at(place: Place, caller: Caller): Promise<string[]> {
  const settings = Object.entries(await settingsOf(place, caller)).flatMap(([name, value]) => [
    '-X',
    `${name}=${value}`,
  ]);
  return ['-b', place.bootstrap(caller.access?.listener), ...settings];
}

function producing(topic: string, { partition, headers }: Run): string[] {
  return ['-P', '-t', topic, '-p', `${partition}`, '-K', '\t', '-Z', ...headerWords(headers)];
}

function beginning(from: From): string[] {
  if (from === 'earliest') return ['-o', 'beginning'];
  if ('offset' in from) return ['-p', '0', '-o', `${from.offset}`];
  return ['-p', '0', '-o', 'timestamp' in from ? `s@${from.timestamp}` : `-${from.last}`];
}

function membership({ topic, group, protocol, isolation = 'read_uncommitted', commit, handle }: MemberOptions) {
  if (protocol === 'consumer') throw new KcatError('this librdkafka has no consumer protocol');
  if (commit === 'never' || handle !== undefined) throw new KcatError('a member in kcat handles and commits by itself');
  const settings = {
    'auto.offset.reset': 'earliest',
    'auto.commit.interval.ms': '100',
    'session.timeout.ms': '6000',
    'heartbeat.interval.ms': '500',
    'isolation.level': isolation,
  };
  return [
    '-J',
    '-u',
    ...Object.entries(settings).flatMap(([name, value]) => ['-X', `${name}=${value}`]),
    '-G',
    group,
    topic,
  ];
}

class KcatMember extends MemberLog {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(options: MemberOptions, words: readonly string[]) {
    super(options);
    const child = spawn('kcat', words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    createInterface(child.stdout).on('line', (line) => this.messages.push(storedOf(JSON.parse(line) as JsonEnvelope)));
    child.on('error', (error) => this.fail(error));
    this.#ended = once(child, 'close').then(([code]) => code && this.fail(new KcatError(errors.trim())));
    this.#child = child;
  }

  protected override async close(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }

  override readonly die = async (): Promise<void> => {
    this.#child.kill('SIGKILL');
    await this.#ended;
  };
}

async function abort(
  place: Place,
  scope: Scope,
  { topic, ...caller }: TransactOptions,
  words: readonly string[],
  run: Run,
): Promise<void> {
  const sender = await sendUntilStored(place, scope, { topic, ...caller }, words, run);
  sender.child.kill('SIGINT');
  const { code, errors } = await sender.end();
  if (code !== 0 || !errors.includes('Aborting transaction')) throw new KcatError(errors);
}

/** Sends messages of one partition in a transaction, does `work` once they are stored, and then commits. */
export async function commitAfter(
  place: Place,
  scope: Scope,
  { topic, messages, transactionalId, ...caller }: Omit<TransactOptions, 'outcome'>,
  work: () => Promise<unknown>,
): Promise<void> {
  const [run] = runsOf(messages);
  if (run === undefined) throw new Error('no messages');
  const words = [...producing(topic, run), '-X', `transactional.id=${transactionalId}`];
  const sender = await sendUntilStored(place, scope, { topic, ...caller }, words, run);
  await work();
  const { code, errors } = await sender.end();
  if (code !== 0) throw new KcatError(errors);
}

/**
 * Sends, and goes on once the records are there. kcat reads its input by 4 KiB, and goes on to the next line only with
 * 128 bytes more in hand; it ignores empty lines. It heeds an interrupt when its input ends.
 */
async function sendUntilStored(
  place: Place,
  scope: Scope,
  { topic, ...caller }: Caller & { readonly topic: string },
  words: readonly string[],
  { partition, lines, count }: Run,
) {
  const endOf = async (): Promise<number> => {
    const [found] = unwrap(await scope.admin.listOffsets([{ topic, partition, at: 'latest' }]));
    return found?.offset ?? 0;
  };
  const before = await endOf();
  const child = spawn('kcat', [...(await at(place, caller)), ...words], { stdio: ['pipe', 'ignore', 'pipe'] });
  scope.defer(() => child.kill('SIGKILL'));
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const ended = once(child, 'close');
  // It may end before it has read all.
  child.stdin.on('error', () => undefined);
  child.stdin.write(lines + '\n'.repeat(8192 + 128 * (count + 1)));
  await settled(async () => child.exitCode !== null || (await endOf()) >= before + count, Boolean);
  return {
    child,
    /** Ends its input; what became of it. */
    async end(): Promise<{ code: unknown; errors: string }> {
      child.stdin.end();
      const [code] = await ended;
      return { code, errors: errors.trim() };
    },
  };
}

/** What a run of kcat can send: it sends to one partition, with one set of headers. */
interface Run {
  readonly partition: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly lines: string;
  readonly count: number;
}

function runsOf(messages: readonly Message[]): Run[] {
  const runs = new Map<string, Run>();
  for (const { partition = 0, headers = {}, key, value } of messages) {
    const id = JSON.stringify([partition, headers]);
    const { lines = '', count = 0 } = runs.get(id) ?? {};
    runs.set(id, { partition, headers, lines: `${lines}${key ?? ''}\t${value ?? ''}\n`, count: count + 1 });
  }
  return [...runs.values()];
}

function headerWords(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}=${value}`]);
}

interface JsonEnvelope {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly payload: string | null;
  readonly headers?: readonly string[];
}

function readLines(text: string): StoredMessage[] {
  const read = text.split('\n').filter(Boolean);
  return inOrder(read.map((line) => storedOf(JSON.parse(line) as JsonEnvelope)));
}

function storedOf({ partition, offset, key, payload, headers = [] }: JsonEnvelope): StoredMessage {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    pairs.push([headers[index] ?? '', headers[index + 1] ?? '']);
  }
  return { partition, offset, key, value: payload, headers: Object.fromEntries(pairs) };
}
