/** What a secured cluster needs in tests: authority, certificates, users; and how clients use them. */
import type { TlsIdentity } from '@millrace/base';
import { CertificateAuthority } from '@millrace/base/testing/certificates';
import type { SecurityOptions } from '@millrace/client';
import { tokenOf } from '@millrace/client/testing/unsigned-token';
import type { KafkaSecurity, ListenerName } from '../kafka/broker-configuration.ts';

type Mechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER';

const loginModules = 'org.apache.kafka.common.security';

/**
 * Security for `startKafkaCluster`, with `admin` and the certificate `CN=admin` being able to do everything; and for
 * embedded clusters that are to be as secure.
 */
export class SecuredKafka {
  readonly security: KafkaSecurity;
  readonly #authority: CertificateAuthority;

  private constructor(security: KafkaSecurity, authority: CertificateAuthority) {
    this.security = security;
    this.#authority = authority;
  }

  /**
   * @param users passwords by user, besides `admin`; none may have quotes or brackets
   * @param superUsers principals that may do everything, besides `admin`; `User:ANONYMOUS` is who comes over PLAINTEXT
   */
  static async create(
    users: Readonly<Record<string, string>> = { alice: 'alice-secret' },
    superUsers: readonly string[] = [],
  ): Promise<SecuredKafka> {
    const authority = await CertificateAuthority.create();
    const security: KafkaSecurity = {
      authority: authority.ca,
      broker: await brokerCertificate(authority),
      users: { admin: 'admin-secret', ...users },
      superUsers: ['User:admin', 'User:CN=admin', 'User:CN=broker', ...superUsers],
    };
    return new SecuredKafka(security, authority);
  }

  /** A certificate for a client; its principal is `User:` and the name. */
  certificate(name: string): Promise<TlsIdentity> {
    return this.#authority.issue({ name });
  }

  /** Another certificate for the brokers, as good as the one that they have. */
  brokerCertificate(): Promise<TlsIdentity> {
    return brokerCertificate(this.#authority);
  }

  /** How our client becomes `user` at a listener; `mechanism` counts where it logs in. */
  async client(listener: ListenerName, user: string, mechanism: Mechanism = 'SCRAM-SHA-256'): Promise<SecurityOptions> {
    const ca = this.security.authority;
    if (listener === 'PLAINTEXT') return {};
    if (listener === 'SSL') return { tls: { ca, ...(await this.certificate(`CN=${user}`)) } };
    const sasl =
      mechanism === 'OAUTHBEARER' ? bearer(user) : { mechanism, username: user, password: this.password(user) };
    return listener === 'SASL_SSL' ? { tls: { ca }, sasl } : { sasl };
  }

  /** The same for Kafka's own clients and tools, by Kafka's names. */
  async javaClient(
    listener: ListenerName,
    user: string,
    mechanism: Mechanism = 'SCRAM-SHA-256',
  ): Promise<Record<string, string>> {
    const trust = { 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': this.security.authority };
    const plain = { 'security.protocol': listener, ...(listener.endsWith('SSL') ? trust : {}) };
    if (listener === 'PLAINTEXT') return plain;
    if (listener === 'SSL') {
      const { cert, key } = await this.certificate(`CN=${user}`);
      const identity = { 'ssl.keystore.certificate.chain': cert, 'ssl.keystore.key': key };
      return { ...plain, 'ssl.keystore.type': 'PEM', ...identity };
    }
    const login =
      mechanism === 'OAUTHBEARER'
        ? `${loginModules}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="${user}"`
        : `${loginModules}.${mechanism === 'PLAIN' ? 'plain.Plain' : 'scram.Scram'}LoginModule required ` +
          `username="${user}" password="${this.password(user)}"`;
    return { ...plain, 'sasl.mechanism': mechanism, 'sasl.jaas.config': `${login};` };
  }

  password(user: string): string {
    const password = this.security.users[user];
    if (password === undefined) throw new RangeError(`there is no user ${user}`);
    return password;
  }
}

function brokerCertificate(authority: CertificateAuthority): Promise<TlsIdentity> {
  return authority.issue({ name: 'CN=broker', hosts: ['127.0.0.1', 'localhost'] });
}

function bearer(user: string): SecurityOptions['sasl'] {
  const token = async () => ({ value: tokenOf(user, 3600), expiresAtMs: Date.now() + 3_600_000 });
  return { mechanism: 'OAUTHBEARER', token };
}
