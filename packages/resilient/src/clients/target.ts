/**
 * What an answer asks for, as options of the plain client: where to go, as whom, and with which settings.
 *
 * Two targets are compared by two texts. Equal `connections`: the same connections serve both. Equal `fingerprint`: the
 * same producer or consumer does. Neither depends on the bootstrap servers, which change under a client that runs, on
 * an id of the cluster that was not known before, on how a credential was sealed, or on settings that make no
 * difference here: those that this client does not know, that are for the other role, or that the program has set.
 */
import { readFileSync } from 'node:fs';
import { type ConfigAnswer, type InstanceKeyPair, openCredential } from '@millrace/api/config';
import { MillraceError } from '@millrace/base';
import type { ClientOptions, GroupConsumerOptions, ProducerOptions } from '@millrace/client';
import { configurationKeys, javaConfiguration, type Outside } from '@millrace/client/java-configuration';
import { TopicsApartError, UnfitAnswerError } from '../errors.ts';
import type { ClusterIds } from './cluster-ids.ts';

/** A cluster, and how often the topic had moved when it came to be there. */
export interface ClusterPlace {
  readonly name: string;
  readonly generation: number;
  /** The how manieth cluster of that name it is (`ClusterIds`). Default 0. */
  readonly incarnation?: number | undefined;
  /** Kafka's own; null or absent while nobody has said it. */
  readonly id?: string | null | undefined;
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

/** Whether a topic went to another cluster between the two. What nobody knows of one is as of the other. */
export function isElsewhere(one: ClusterPlace, other: ClusterPlace): boolean {
  if (one.name !== other.name || one.generation !== other.generation) return true;
  return (one.id ?? other.id) !== (other.id ?? one.id);
}

/** `from cluster east to west`, for people. */
export function wayText(from: ClusterPlace, to: ClusterPlace): string {
  if (!isElsewhere(from, to)) return `to other settings on cluster ${to.name}`;
  if (from.name !== to.name) return `from cluster ${from.name} to ${to.name}`;
  return `to another Kafka cluster, which is called ${to.name} now`;
}

/** One text for each cluster that is meant. */
export function clusterKey({ name, incarnation = 0 }: ClusterPlace): string {
  return `${name}#${incarnation}`;
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
  ids?: Pick<ClusterIds, 'incarnation' | 'idOf'>,
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
  const cluster = placeOf(answers, generation, ids);
  const credential = first.credential?.id;
  const { security: _security, ...plain } = rest;
  const secured = [...settings].filter(([name]) => known.has(name) && /^(security|sasl|ssl)\./.test(name)).sort(byName);
  const connections = JSON.stringify([clusterKey(cluster), credential, Object.entries(plain).sort(byName), secured]);
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
    fingerprint: JSON.stringify([generation, connections, obeyed.sort(byName)]),
    settings,
    unknown: [...settings.keys()].filter((name) => !known.has(name)),
  };
}

/** The cluster that the newest answer means which says an id, which may become known later than this. */
function placeOf(
  answers: readonly ConfigAnswer[],
  generation: number,
  ids: Pick<ClusterIds, 'incarnation' | 'idOf'> | undefined,
): ClusterPlace {
  const ascending = answers.toSorted((one, other) => one.version - other.version);
  const { name, id } = (ascending.findLast(({ cluster }) => cluster.id !== null) ?? (ascending[0] as ConfigAnswer))
    .cluster;
  const incarnation = ids?.incarnation(name, id) ?? 0;
  return {
    ...{ name, generation, incarnation },
    get id() {
      return ids?.idOf(name, incarnation);
    },
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
