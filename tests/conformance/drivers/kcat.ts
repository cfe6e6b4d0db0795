/** librdkafka, through kcat. */
import { runCommand } from '../../support/run-command.ts';
import type { Access, Place } from '../matrix/place.ts';
import { type Driver, inOrder, type Message, type StoredMessage } from './driver.ts';

/** kcat ended otherwise than with 0. */
export class KcatError extends Error {
  override readonly name = 'KcatError';
}

export const kcat: Driver = {
  client: 'kcat',

  async produce(place, _scope, { topic, messages, acks = -1, compression = 'none', idempotent = false, access }) {
    const options = ['-z', compression, '-X', `acks=${acks}`, '-X', `enable.idempotence=${idempotent}`];
    // A run of kcat sends to one partition, with one set of headers.
    for (const { partition, headers, lines } of runsOf(messages)) {
      const words = ['-P', '-t', topic, '-p', `${partition}`, '-K', '\t', '-Z', ...options, ...headerWords(headers)];
      await runKcat(place, access, words, lines);
    }
  },

  async read(place, _scope, options) {
    const { topic, isolation = 'read_uncommitted', access, count } = options;
    const words = ['-C', '-J', '-t', topic, '-o', 'beginning', '-c', `${count}`];
    return readLines(await runKcat(place, access, [...words, '-X', `isolation.level=${isolation}`]));
  },

  async readInGroup(place, _scope, options) {
    const { topic, isolation = 'read_uncommitted', access, group, protocol = 'classic', count } = options;
    if (protocol === 'consumer') throw new KcatError('this librdkafka has no consumer protocol');
    const member = ['-X', 'auto.offset.reset=earliest', '-X', `isolation.level=${isolation}`];
    return readLines(await runKcat(place, access, ['-J', '-c', `${count}`, ...member, '-G', group, topic]));
  },

  // kcat commits when its input ends; the only way to an abort is an interrupt.
  transact: undefined,

  errorName: (error) => nameIn(String(error)),
};

/** Runs kcat against a place; `words` come after where and as whom. Throws `KcatError` with what it wrote to stderr. */
export async function runKcat(
  place: Place,
  access: Access | undefined,
  words: readonly string[],
  input?: string,
): Promise<string> {
  const at = ['-b', place.bootstrap(access?.listener), ...accessWords(place, access)];
  const { code, stdout, stderr } = await runCommand('kcat', [...at, ...words], {
    ...(input === undefined ? {} : { input }),
    timeoutMs: 60_000,
  });
  if (code !== 0) throw new KcatError(stderr.trim());
  return stdout;
}

interface Run {
  readonly partition: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly lines: string;
}

function runsOf(messages: readonly Message[]): Run[] {
  const runs = new Map<string, { partition: number; headers: Readonly<Record<string, string>>; lines: string }>();
  for (const { partition = 0, headers = {}, key, value } of messages) {
    const id = JSON.stringify([partition, headers]);
    const run = runs.get(id) ?? { partition, headers, lines: '' };
    run.lines += `${key ?? ''}\t${value ?? ''}\n`;
    runs.set(id, run);
  }
  return [...runs.values()];
}

function headerWords(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}=${value}`]);
}

function accessWords(place: Place, access: Access | undefined): string[] {
  if (access === undefined || access.listener === 'PLAINTEXT') return [];
  const { listener, sasl } = access;
  const settings: Record<string, string> = { 'security.protocol': listener };
  if (listener !== 'SASL_PLAINTEXT' && place.credentials !== undefined) {
    settings['ssl.ca.location'] = place.credentials.files.ca;
    if (access.tls?.cert !== undefined) {
      settings['ssl.certificate.location'] = place.credentials.files.cert;
      settings['ssl.key.location'] = place.credentials.files.key;
    }
  }
  if (sasl !== undefined && 'username' in sasl) {
    Object.assign(settings, {
      'sasl.mechanism': sasl.mechanism,
      'sasl.username': sasl.username,
      'sasl.password': sasl.password,
    });
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-X', `${name}=${value}`]);
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

/** librdkafka's texts for Kafka's errors. */
const texts: readonly (readonly [RegExp, string])[] = [
  [/Message size too large/, 'MESSAGE_TOO_LARGE'],
  [/Unknown topic or partition/, 'UNKNOWN_TOPIC_OR_PARTITION'],
  [/Topic authorization failed/, 'TOPIC_AUTHORIZATION_FAILED'],
  [/Group authorization failed/, 'GROUP_AUTHORIZATION_FAILED'],
  [/authentication failure|Authentication failed/i, 'SASL_AUTHENTICATION_FAILED'],
];

function nameIn(text: string): string {
  return texts.find(([pattern]) => pattern.test(text))?.[1] ?? text;
}
