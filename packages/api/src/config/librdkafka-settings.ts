/**
 * Settings of answers as librdkafka has them. It refuses a configuration for a single name that it does not know or a
 * value out of its bounds, so what it is not known to have is left out, and bounds are kept (those of librdkafka 2.0,
 * `CONFIGURATION.md`; later ones take the same).
 */
import type { ConfigAnswer } from './answer.ts';

type Values = 'any' | { readonly min: number; readonly max: number } | Readonly<Record<string, string>>;
type Known = readonly [name: string, values: Values];

const intMax = 2 ** 31 - 1;
const dayMs = 86_400_000;

function number(name: string, min: number, max: number): Known {
  return [name, { min, max }];
}

/** Of PEM the file is what librdkafka is told (`librdkafka-files.ts`); of stores their kind is no setting. */
const known: Readonly<Record<string, Known>> = {
  'security.protocol': ['security.protocol', 'any'],
  'sasl.mechanism': ['sasl.mechanism', 'any'],
  'ssl.endpoint.identification.algorithm': [
    'ssl.endpoint.identification.algorithm',
    { https: 'https', HTTPS: 'https', '': 'none' },
  ],
  'enable.ssl.certificate.verification': ['enable.ssl.certificate.verification', 'any'],
  'client.rack': ['client.rack', 'any'],
  'request.timeout.ms': number('socket.timeout.ms', 10, 300_000),
  'socket.connection.setup.timeout.ms': number('socket.connection.setup.timeout.ms', 1_000, intMax),
  'send.buffer.bytes': number('socket.send.buffer.bytes', 0, 100_000_000),
  'receive.buffer.bytes': number('socket.receive.buffer.bytes', 0, 100_000_000),
  'metadata.max.age.ms': number('metadata.max.age.ms', 1, dayMs),
  'connections.max.idle.ms': number('connections.max.idle.ms', 0, intMax),
  'reconnect.backoff.ms': number('reconnect.backoff.ms', 0, 3_600_000),
  'reconnect.backoff.max.ms': number('reconnect.backoff.max.ms', 0, 3_600_000),
  'retry.backoff.ms': number('retry.backoff.ms', 1, 300_000),
  acks: ['acks', 'any'],
  'enable.idempotence': ['enable.idempotence', 'any'],
  'max.in.flight.requests.per.connection': number('max.in.flight.requests.per.connection', 1, 1_000_000),
  'compression.type': ['compression.type', 'any'],
  'linger.ms': number('linger.ms', 0, 900_000),
  'batch.size': number('batch.size', 1, intMax),
  'max.request.size': number('message.max.bytes', 1_000, 1_000_000_000),
  'delivery.timeout.ms': number('delivery.timeout.ms', 0, intMax),
  retries: number('retries', 0, intMax),
  'auto.offset.reset': ['auto.offset.reset', { earliest: 'earliest', latest: 'latest', none: 'error' }],
  'enable.auto.commit': ['enable.auto.commit', 'any'],
  'auto.commit.interval.ms': number('auto.commit.interval.ms', 10, dayMs),
  'isolation.level': ['isolation.level', 'any'],
  'check.crcs': ['check.crcs', 'any'],
  'allow.auto.create.topics': ['allow.auto.create.topics', 'any'],
  'session.timeout.ms': number('session.timeout.ms', 1, 3_600_000),
  'heartbeat.interval.ms': number('heartbeat.interval.ms', 1, 3_600_000),
  'max.poll.interval.ms': number('max.poll.interval.ms', 1, dayMs),
  'fetch.min.bytes': number('fetch.min.bytes', 1, 100_000_000),
  'fetch.max.bytes': number('fetch.max.bytes', 1_000, intMax - 512),
  'fetch.max.wait.ms': number('fetch.wait.max.ms', 0, 300_000),
  'max.partition.fetch.bytes': number('max.partition.fetch.bytes', 1, 1_000_000_000),
};

export interface LibrdkafkaSetting {
  readonly name: string;
  readonly value: string;
  readonly rule: string;
}

export interface LibrdkafkaSettings {
  readonly settings: readonly LibrdkafkaSetting[];
  /** Names, as the answer has them, of what librdkafka has nothing for. */
  readonly left: readonly string[];
}

/** `message.max.bytes` where nobody says it. */
const messageBytesMax = 1_000_000;

export function librdkafkaSettings({ settings }: Pick<ConfigAnswer, 'settings'>): LibrdkafkaSettings {
  const made: LibrdkafkaSetting[] = [];
  const left: string[] = [];
  for (const [name, { value, rule }] of Object.entries(settings)) {
    const [named, values] = known[name] ?? [];
    const translated = values === undefined ? undefined : translation(value, values);
    if (named === undefined || translated === undefined) left.push(name);
    else made.push({ name: named, value: translated, rule });
  }
  return { settings: agreeing(made), left };
}

/** Librdkafka refuses some together that Java takes. */
function agreeing(settings: readonly LibrdkafkaSetting[]): LibrdkafkaSetting[] {
  const of = (name: string): number => Number(settings.find((each) => each.name === name)?.value);
  const [session, fetched] = [of('session.timeout.ms'), of('fetch.max.bytes')];
  const agreed = settings.map((each) => {
    const isShort = each.name === 'max.poll.interval.ms' && Number(each.value) < session;
    return isShort ? { ...each, value: String(session) } : each;
  });
  if (!(fetched < messageBytesMax)) return agreed;
  return [...agreed, { name: 'message.max.bytes', value: String(fetched), rule: 'no greater than fetch.max.bytes' }];
}

function translation(value: string, values: Values): string | undefined {
  if (/[\r\n]/.test(value)) return undefined;
  if (values === 'any') return value;
  if (!('min' in values)) return (values as Readonly<Record<string, string>>)[value];
  const { min, max } = values as { readonly min: number; readonly max: number };
  return /^-?\d+$/.test(value) ? String(Math.min(max, Math.max(min, Number(value)))) : undefined;
}
