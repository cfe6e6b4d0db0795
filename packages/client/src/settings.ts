/** The options of a client, checked and with their defaults filled in. */
import { type ConnectTls, nodePlatform, type Platform } from '@millrace/base';
import type { ClientEvent, ClientOptions } from './client.ts';
import { InvalidOptionError } from './errors.ts';
import { type SaslCredentials, saslCredentials } from './security/sasl-credentials.ts';
import type { SecurityOptions } from './security.ts';

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

export interface ClientSettings {
  /** Those of now. */
  readonly bootstrap: () => readonly BrokerAddress[];
  readonly clientId: string;
  readonly rack: string | undefined;
  readonly platform: Platform;
  readonly requestTimeoutMs: number;
  readonly callTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
  readonly metadataMaxAgeMs: number;
  readonly connectionIdleMaxMs: number;
  readonly unknownTopicTimeoutMs: number;
  readonly autoCreateTopics: boolean;
  readonly frameBytesMax: number;
  readonly tls: ConnectTls | undefined;
  readonly sasl: SaslCredentials | undefined;
  readonly acceptsCluster: ((clusterId: string) => boolean) | undefined;
  readonly telemetry: boolean;
  readonly report: (event: ClientEvent) => void;
}

/** Throws `InvalidOptionError`. */
export function clientSettings(options: ClientOptions): ClientSettings {
  const platform = options.platform ?? nodePlatform;
  const requestTimeoutMs = integerOption('requestTimeoutMs', options.requestTimeoutMs, 30_000, 1, 2 ** 31 - 1);
  const callTimeoutMs = Math.min(2 * requestTimeoutMs, 2 ** 31 - 1);
  const { bootstrap } = options;
  const bootstrapNow = (): BrokerAddress[] => parseBootstrap(typeof bootstrap === 'function' ? bootstrap() : bootstrap);
  bootstrapNow();
  return {
    bootstrap: bootstrapNow,
    clientId: options.clientId ?? 'millrace',
    rack: options.rack,
    platform,
    requestTimeoutMs,
    callTimeoutMs: integerOption('callTimeoutMs', options.callTimeoutMs, callTimeoutMs, 1, 2 ** 31 - 1),
    connectTimeoutMs: integerOption('connectTimeoutMs', options.connectTimeoutMs, 10_000, 1, 2 ** 31 - 1),
    retryBackoffMs: integerOption('retryBackoffMs', options.retryBackoffMs, 100, 1, 60_000),
    retryBackoffMaxMs: integerOption('retryBackoffMaxMs', options.retryBackoffMaxMs, 1_000, 1, 600_000),
    connectionIdleMaxMs: integerOption('connectionIdleMaxMs', options.connectionIdleMaxMs, 540_000, 1, 2 ** 31 - 1),
    metadataMaxAgeMs: integerOption('metadataMaxAgeMs', options.metadataMaxAgeMs, 300_000, 1, 2 ** 31 - 1),
    unknownTopicTimeoutMs: integerOption('unknownTopicTimeoutMs', options.unknownTopicTimeoutMs, 5_000, 0, 2 ** 31 - 1),
    autoCreateTopics: options.autoCreateTopics ?? true,
    frameBytesMax: integerOption('frameBytesMax', options.frameBytesMax, 256 * 1024 * 1024, 64 * 1024, 2 ** 31 - 1),
    tls: tlsOf(options.security?.tls),
    sasl: saslOf(options.security, platform, requestTimeoutMs),
    acceptsCluster: options.acceptsCluster,
    telemetry: options.telemetry ?? true,
    report: options.report ?? (() => undefined),
  };
}

function tlsOf(tls: SecurityOptions['tls']): ConnectTls | undefined {
  if (tls === undefined || tls === false) return undefined;
  if (tls === true) return {};
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw new InvalidOptionError('security.tls', 'needs both cert and key, or neither');
  }
  return tls;
}

function saslOf(
  security: SecurityOptions | undefined,
  platform: Platform,
  timeoutMs: number,
): SaslCredentials | undefined {
  const sasl = security?.sasl;
  if (sasl === undefined) return undefined;
  const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const;
  choiceOption('security.sasl.mechanism', sasl.mechanism, undefined, mechanisms);
  if (sasl.mechanism === 'OAUTHBEARER') {
    if (typeof sasl.token !== 'function') throw new InvalidOptionError('security.sasl.token', 'must be a function');
  } else if (sasl.username === '' || sasl.password === '') {
    throw new InvalidOptionError('security.sasl', 'needs a username and a password that are not empty');
  }
  return saslCredentials(sasl, platform, timeoutMs);
}

/** A whole number within bounds, or the default. Throws `InvalidOptionError`. */
export function integerOption(
  name: string,
  value: number | undefined,
  fallback: number,
  least: number,
  most: number,
): number {
  if (value === undefined) return fallback;
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new InvalidOptionError(name, `must be a whole number from ${least} to ${most}, but is ${String(value)}`);
}

/** One of a few words, or the default. Throws `InvalidOptionError`. */
export function choiceOption<const T>(name: string, value: T | undefined, fallback: T, choices: readonly T[]): T {
  if (value === undefined) return fallback;
  if (choices.includes(value)) return value;
  throw new InvalidOptionError(name, `must be one of ${choices.join(', ')}, but is ${String(value)}`);
}

/** Addresses out of `host:port` texts; IPv6 addresses stand in brackets. Throws `InvalidOptionError`. */
export function parseBootstrap(bootstrap: string | readonly string[]): BrokerAddress[] {
  const parts = (typeof bootstrap === 'string' ? bootstrap.split(',') : bootstrap).map((part) => part.trim());
  const addresses = parts.filter((part) => part !== '').map(parseAddress);
  if (addresses.length === 0) throw new InvalidOptionError('bootstrap', 'names no broker, for example localhost:9092');
  return addresses;
}

function parseAddress(text: string): BrokerAddress {
  const match = /^(?:[A-Za-z_]+:\/\/)?(?:\[([^\]]+)\]|([^:[\]]+)):(\d+)$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65_535) {
    throw new InvalidOptionError('bootstrap', `has "${text}", which is no host:port, for example localhost:9092`);
  }
  return { host: (match[1] ?? match[2]) as string, port };
}
