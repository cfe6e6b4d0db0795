/**
 * A cluster for foreign clients that log in: listeners with SASL, with SASL over TLS, and with certificates of clients;
 * entries decide, and `admin` and the bearer of olga's certificate may do everything.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateAuthority } from '@millrace/base/testing/certificates';
import { type Cluster, startCluster } from '@millrace/broker';

export const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const;
export const users = { admin: 'admin-secret', alice: 'alice-secret' };
export type Listener = 'SASL_PLAINTEXT' | 'SASL_SSL' | 'SSL';

const unsecured = 'org.apache.kafka.common.security.oauthbearer.internals.unsecured';

export class SecuredCluster implements AsyncDisposable {
  /** What clients trust, as PEM. */
  readonly ca: string;
  readonly #cluster: Cluster;
  readonly #directory: string;

  private constructor(cluster: Cluster, directory: string, ca: string) {
    this.#cluster = cluster;
    this.#directory = directory;
    this.ca = ca;
  }

  static async start(): Promise<SecuredCluster> {
    const directory = await mkdtemp(join(tmpdir(), 'millrace-security-'));
    const authority = await CertificateAuthority.create();
    const { cert, key } = await authority.issue({ name: 'CN=broker', hosts: ['127.0.0.1'] });
    const olga = await authority.issue({ name: 'O=Data, CN=olga' });
    const files = { 'ca.pem': authority.ca, 'broker.pem': key + cert, 'olga.pem': olga.cert, 'olga.key': olga.key };
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
    const cluster = await startCluster({
      name: 'secured',
      dataDirectory: join(directory, 'data'),
      brokers: [1, 2].map((nodeId) => ({ nodeId, port: 0 })),
      configuration: {
        listeners: ['SASL_PLAINTEXT', 'SASL_SSL', 'SSL'].map((name) => `${name}://127.0.0.1:0`).join(','),
        'sasl.enabled.mechanisms': mechanisms.join(','),
        'sasl.server.callback.handler.class': `${unsecured}.OAuthBearerUnsecuredValidatorCallbackHandler`,
        'ssl.keystore.location': join(directory, 'broker.pem'),
        'ssl.truststore.location': join(directory, 'ca.pem'),
        'listener.name.ssl.ssl.client.auth': 'required',
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:admin;User:CN=olga,O=Data',
      },
      security: {
        plainUsers: users,
        scramUsers: Object.entries(users).map(([username, password]) => ({ username, password })),
      },
    });
    return new SecuredCluster(cluster, directory, authority.ca);
  }

  /** The brokers' addresses at a listener. */
  brokersAt(listener: Listener): string[] {
    return this.#cluster.endpoints.map(({ listeners }) => `127.0.0.1:${listeners?.get(listener)?.port}`);
  }

  /** The path of `ca.pem`, `olga.pem` or `olga.key`. */
  file(name: string): string {
    return join(this.#directory, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
