/**
 * TLS and login out of a `.properties` file, by Java's names and by librdkafka's where those are shorter: certificates
 * are PEM, as text or in files (relative to the current folder).
 */
import { messageOf } from '@millrace/base';
import type { BearerToken, SaslOptions, SecurityOptions, TlsOptions } from '../security.ts';
import { ClientConfigurationError } from './client-configuration-error.ts';
import { type JaasEntry, parseJaas } from './jaas.ts';

/** Where a token comes from (RFC 6749 section 4.4). */
export interface TokenEndpoint {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | undefined;
  readonly extensions: Readonly<Record<string, string>>;
}

/** What the configuration names and does not hold. */
export interface Outside {
  /** The text of a file. Throws when it can't be read. */
  readText(path: string): string;
  fetchToken(endpoint: TokenEndpoint, signal: AbortSignal): Promise<BearerToken>;
}

const names = [
  'security.protocol',
  'sasl.mechanism',
  'sasl.mechanisms',
  'sasl.jaas.config',
  'sasl.username',
  'sasl.password',
  'sasl.oauthbearer.token.endpoint.url',
  'sasl.oauthbearer.client.id',
  'sasl.oauthbearer.client.secret',
  'sasl.oauthbearer.scope',
  'ssl.ca.location',
  'ssl.ca.pem',
  'ssl.certificate.location',
  'ssl.certificate.pem',
  'ssl.key.location',
  'ssl.key.pem',
  'ssl.key.password',
  'ssl.truststore.type',
  'ssl.truststore.location',
  'ssl.truststore.certificates',
  'ssl.keystore.type',
  'ssl.keystore.location',
  'ssl.keystore.key',
  'ssl.keystore.certificate.chain',
  'ssl.endpoint.identification.algorithm',
  'enable.ssl.certificate.verification',
] as const;

type Name = (typeof names)[number];

export const securityKeys: ReadonlySet<string> = new Set(names);

/** Keys whose values are secrets. */
export const secretKeys: ReadonlySet<string> = new Set<Name>([
  'sasl.jaas.config',
  'sasl.password',
  'sasl.oauthbearer.client.secret',
  'ssl.key.pem',
  'ssl.key.password',
  'ssl.keystore.key',
]);

/** Keys whose values are paths of files. */
export const pathKeys: ReadonlySet<string> = new Set(names.filter((name) => name.endsWith('.location')));

/**
 * Undefined for a plain connection. @throws ClientConfigurationError that names the key. `source` is for its message.
 */
export function securityConfiguration(
  properties: ReadonlyMap<string, string>,
  source: string,
  outside: Outside,
): SecurityOptions | undefined {
  return new SecurityReader(properties, source, outside).read();
}

class SecurityReader {
  readonly #properties: ReadonlyMap<string, string>;
  readonly #source: string;
  readonly #outside: Outside;

  constructor(properties: ReadonlyMap<string, string>, source: string, outside: Outside) {
    this.#properties = properties;
    this.#source = source;
    this.#outside = outside;
  }

  read(): SecurityOptions | undefined {
    const protocol = (this.#get('security.protocol') ?? 'PLAINTEXT').toUpperCase();
    if (!['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'].includes(protocol)) {
      throw this.#unfit('security.protocol', `'${protocol}' is none of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL`);
    }
    const given = [...this.#properties.keys()].filter((key) => securityKeys.has(key));
    for (const [prefix, part] of [
      ['sasl.', 'SASL'],
      ['ssl.', 'SSL'],
    ] as const) {
      const unused = protocol.includes(part) ? undefined : given.find((key) => key.startsWith(prefix));
      if (unused !== undefined) {
        throw this.#unfit('security.protocol', `${protocol} makes no use of ${unused}; set security.protocol`);
      }
    }
    if (protocol === 'PLAINTEXT') return undefined;
    return {
      ...(protocol.endsWith('SSL') ? { tls: this.#tls() } : {}),
      ...(protocol.startsWith('SASL') ? { sasl: this.#sasl() } : {}),
    };
  }

  #tls(): TlsOptions {
    for (const key of ['ssl.truststore.type', 'ssl.keystore.type'] as const) {
      const location = key.replace('type', 'location') as Name;
      const type = this.#get(key) ?? (this.#get(location) === undefined ? 'PEM' : 'JKS');
      if (type.toUpperCase() !== 'PEM') throw this.#unfit(key, `only PEM is supported, not ${type}; convert the store`);
    }
    const algorithm = this.#get('ssl.endpoint.identification.algorithm') ?? 'https';
    if (algorithm.toLowerCase() !== 'https') {
      throw this.#unfit('ssl.endpoint.identification.algorithm', `only https is supported, not '${algorithm}'`);
    }
    const ca =
      this.#get('ssl.ca.pem') ??
      this.#get('ssl.truststore.certificates') ??
      this.#content('ssl.ca.location') ??
      this.#content('ssl.truststore.location');
    const store = this.#content('ssl.keystore.location');
    const cert =
      this.#get('ssl.certificate.pem') ??
      this.#get('ssl.keystore.certificate.chain') ??
      this.#content('ssl.certificate.location') ??
      store;
    const key = this.#get('ssl.key.pem') ?? this.#get('ssl.keystore.key') ?? this.#content('ssl.key.location') ?? store;
    const passphrase = this.#get('ssl.key.password');
    return { ca, cert, key, passphrase, verify: this.#get('enable.ssl.certificate.verification') !== 'false' };
  }

  #sasl(): SaslOptions {
    const jaas = this.#jaas();
    const mechanism = this.#get('sasl.mechanism') ?? this.#get('sasl.mechanisms');
    if (mechanism === undefined) throw this.#unfit('sasl.mechanism', 'is needed with this security.protocol');
    switch (mechanism) {
      case 'PLAIN':
      case 'SCRAM-SHA-256':
      case 'SCRAM-SHA-512':
        return {
          mechanism,
          username: this.#needed('sasl.username', jaas?.options.get('username')),
          password: this.#needed('sasl.password', jaas?.options.get('password')),
        };
      case 'OAUTHBEARER':
        return this.#bearer(jaas);
      default:
        throw this.#unfit(
          'sasl.mechanism',
          `'${mechanism}' is none of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER`,
        );
    }
  }

  #bearer(jaas: JaasEntry | undefined): SaslOptions {
    const options = jaas?.options ?? new Map<string, string>();
    const prefix = 'extension_';
    const extensions = [...options].filter(([name]) => name.startsWith(prefix));
    const endpoint = {
      url: this.#needed('sasl.oauthbearer.token.endpoint.url'),
      clientId: this.#needed('sasl.oauthbearer.client.id', options.get('clientId')),
      clientSecret: this.#needed('sasl.oauthbearer.client.secret', options.get('clientSecret')),
      scope: this.#get('sasl.oauthbearer.scope') ?? options.get('scope'),
      extensions: Object.fromEntries(extensions.map(([name, value]) => [name.slice(prefix.length), value])),
    };
    return { mechanism: 'OAUTHBEARER', token: (signal) => this.#outside.fetchToken(endpoint, signal) };
  }

  #jaas(): JaasEntry | undefined {
    const text = this.#get('sasl.jaas.config');
    if (text === undefined) return undefined;
    const entry = parseJaas(text);
    if (entry === undefined) {
      throw this.#unfit('sasl.jaas.config', 'is not of the form: Module required name="value" ...;');
    }
    return entry;
  }

  #get(name: Name): string | undefined {
    const value = this.#properties.get(name)?.trim();
    return value === '' && name !== 'ssl.endpoint.identification.algorithm' ? undefined : value;
  }

  #needed(name: Name, instead?: string): string {
    const value = this.#get(name) ?? instead;
    if (value === undefined || value === '') throw this.#unfit(name, 'is needed with this sasl.mechanism');
    return value;
  }

  #content(name: Name): string | undefined {
    const path = this.#get(name);
    if (path === undefined) return undefined;
    try {
      return this.#outside.readText(path);
    } catch (error) {
      throw this.#unfit(name, `the file can't be read: ${messageOf(error)}`);
    }
  }

  #unfit(name: Name, problem: string): ClientConfigurationError {
    return new ClientConfigurationError(this.#source, `${name}: ${problem}`);
  }
}
