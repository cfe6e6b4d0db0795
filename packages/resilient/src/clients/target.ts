/**
 * What an answer asks for, as options of the plain client: where to go, as whom, and with which settings.
 *
 * Two targets are compared by two texts. Equal `connections`: the same connections serve both. Equal `fingerprint`: the
 * same producer or consumer does. Neither depends on the bootstrap servers, which change under a client that runs, on
 * how a credential was sealed, or on settings that make no difference here: those that this client does not know, that
 * are for the other role, or that the program has set itself.
 */
import { readFileSync } from 'node:fs';
import { type ConfigAnswer, type InstanceKeyPair, openCredential } from '@millrace/api/config';
import { MillraceError } from '@millrace/base';
import type { ClientOptions, GroupConsumerOptions, ProducerOptions } from '@millrace/client';
import { configurationKeys, javaConfiguration, type Outside } from '@millrace/client/java-configuration';
import { TopicsApartError, UnfitAnswerError } from '../errors.ts';

/** A cluster, and how often the topic had moved when it came to be there. */
export interface ClusterPlace {
  readonly name: string;
  readonly generation: number;
}

export interface Target {
  /** With the greatest generation of its topics. */
  readonly cluster: ClusterPlace;
  /** The generation of each topic. */
  readonly generations: ReadonlyMap<string, number>;
  /** Of the newest of the answers. */
  readonly version: number;
  /** Id of the credential; undefined where nobody logs in. */
  readonly credential: string | undefined;
  readonly bootstrap: string;
  readonly client: Omit<ClientOptions, 'bootstrap'>;
  readonly producer: ProducerOptions;
  readonly consumer: Omit<GroupConsumerOptions, 'group' | 'topics'>;
  readonly connections: string;
  readonly fingerprint: string;
  /** Settings as they were answered, by Java's names; nothing secret. */
  readonly settings: ReadonlyMap<string, string>;
  /** Those that this client does not know, and passes over. */
  readonly unknown: readonly string[];
}

const known = new Set(configurationKeys);

/** Files are this machine's. Tokens would need a secret, which no answer holds. */
const outside: Outside = {
  readText: (path) => readFileSync(path, 'utf8'),
  fetchToken: (endpoint) => Promise.reject(new UnfitAnswerError(endpoint.url, 'logins by tokens are not supported')),
};

/** Whether a topic went to another cluster between the two. */
export function isElsewhere(one: ClusterPlace, other: ClusterPlace): boolean {
  return one.name !== other.name || one.generation !== other.generation;
}

/**
 * The target of several answers, one for each topic, which have to name the same cluster. Where their settings differ,
 * those of the first one hold; `own` are options that the program gives itself, which count more.
 *
 * @throws TopicsApartError, UnfitAnswerError, SealedCredentialError
 */
export async function targetOf(
  answers: readonly ConfigAnswer[],
  key: InstanceKeyPair,
  own: object = {},
): Promise<Target> {
  const [first, ...others] = answers as [ConfigAnswer, ...ConfigAnswer[]];
  if (others.some(({ cluster }) => cluster.name !== first.cluster.name)) {
    throw new TopicsApartError(first.role, new Map(answers.map(({ topic, cluster }) => [topic, cluster.name])));
  }
  const settings = new Map(Object.entries(first.settings).map(([name, { value }]) => [name, value]));
  const properties = new Map([...settings].filter(([name]) => known.has(name)));
  for (const [name, value] of await secretsOf(first, key)) properties.set(name, value);
  const { client, consumer, ...configuredAs } = configured(first, properties);
  const producer = consistent(configuredAs.producer, own);
  const { bootstrap: _bootstrap, ...rest } = client;
  const generation = Math.max(...answers.map((each) => each.cluster.generation));
  const cluster = { name: first.cluster.name, generation };
  const credential = first.credential?.id;
  const { security: _security, ...plain } = rest;
  const secured = [...settings].filter(([name]) => known.has(name) && /^(security|sasl|ssl)\./.test(name)).sort(byName);
  const connections = JSON.stringify([cluster.name, credential, Object.entries(plain).sort(byName), secured]);
  const given = new Map(Object.entries(own).filter(([, value]) => value !== undefined));
  const obeyed = Object.entries({ producer, consumer }[first.role]).filter(([name]) => !given.has(name));
  return {
    cluster,
    generations: new Map(answers.map((each) => [each.topic, each.cluster.generation])),
    version: Math.max(...answers.map(({ version }) => version)),
    credential,
    bootstrap: [...new Set(answers.flatMap((each) => each.bootstrap.split(',')))].join(','),
    client: { clientId: first.application, ...rest },
    producer,
    consumer,
    connections,
    fingerprint: JSON.stringify([cluster, connections, obeyed.sort(byName)]),
    settings,
    unknown: [...settings.keys()].filter((name) => !known.has(name)),
  };
}

/**
 * What is left of an answer's options for a producer beside those of the program: each is good alone, and a producer
 * that refuses them together would not start. With a transactional id acknowledgements and idempotence are nobody's to
 * lower; otherwise idempotence gives way to fewer acknowledgements, unless the program asks for it.
 */
function consistent(answered: ProducerOptions, own: ProducerOptions): ProducerOptions {
  const { acks, idempotent, ...others } = answered;
  if (own.transactionalId !== undefined) return others;
  if (own.idempotent === true && own.acks === undefined && acks !== -1) return { ...others, idempotent: true };
  const isLowered = (own.acks ?? acks ?? -1) !== -1;
  if (isLowered && idempotent === true) return acks === undefined ? others : { ...others, acks };
  return answered;
}

function configured(answer: ConfigAnswer, properties: ReadonlyMap<string, string>) {
  try {
    return javaConfiguration(properties, `the answer for topic ${answer.topic}`, outside);
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    throw new UnfitAnswerError(answer.topic, error.message, error);
  }
}

/** The credential under Java's names. */
async function secretsOf({ credential, topic, settings }: ConfigAnswer, key: InstanceKeyPair) {
  const protocol = settings['security.protocol']?.value ?? 'PLAINTEXT';
  if (credential?.sealed === undefined) {
    if (!protocol.startsWith('SASL')) return [];
    throw new UnfitAnswerError(topic, `${protocol} needs a login, and the answer has no credential`);
  }
  const secret = await openCredential(credential.sealed, key);
  if ('password' in secret) {
    const login = [['sasl.username', secret.username] as const, ['sasl.password', secret.password] as const];
    return protocol.startsWith('SASL') ? login : [];
  }
  const identity = [
    ['ssl.keystore.type', 'PEM'] as const,
    ['ssl.keystore.certificate.chain', secret.certificate] as const,
    ['ssl.keystore.key', secret.key] as const,
  ];
  return protocol.endsWith('SSL') ? identity : [];
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}
