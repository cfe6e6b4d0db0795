/** What a broker's `server.properties` says: listeners, quorum, security, and what makes it small. */
import { join } from 'node:path';
import type { TlsIdentity } from '@millrace/base';

/** Names and security protocols of the listeners that clients use. */
export const clientListeners = ['PLAINTEXT', 'SASL_PLAINTEXT', 'SASL_SSL', 'SSL'] as const;
export type ListenerName = (typeof clientListeners)[number];

/** All listeners, entries (ACLs) that decide, users that log in, and clients known by certificate. */
export interface KafkaSecurity {
  /** Authority that signed the certificates of brokers and clients, as PEM. */
  readonly authority: string;
  /** The brokers' certificate, good for 127.0.0.1, with its key in PKCS #8; as PEM. Its principal is a super user. */
  readonly broker: TlsIdentity;
  /** Passwords by user, for PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. OAUTHBEARER takes unsecured tokens (KIP-255). */
  readonly users: Readonly<Record<string, string>>;
  /** Principals that may do everything: `User:admin`, and the brokers' as their certificate names it. */
  readonly superUsers: readonly string[];
}

/** `small` starts quickly and holds little; `default` is what Kafka's own start script and configuration file give. */
export type JvmProfile = 'small' | 'default';

/** One broker, which also is a controller. */
export interface BrokerPlan {
  readonly nodeId: number;
  readonly rack: string | undefined;
  /** Of the broker alone; has its log directory in it. */
  readonly directory: string;
  /** Of 22 characters of base64url; names the log directory in the quorum (KIP-853). */
  readonly directoryId: string;
  readonly controllerPort: number;
  readonly ports: ReadonlyMap<ListenerName, number>;
}

export interface ConfigurationContext {
  /** All of the cluster. */
  readonly brokers: readonly BrokerPlan[];
  readonly jvm: JvmProfile;
  readonly security: KafkaSecurity | undefined;
  /** Where clients reach the brokers. */
  readonly host: string;
  /** Wins over what is chosen here. */
  readonly overrides: Readonly<Record<string, string>>;
}

/** Where the broker's certificates are to lie when the cluster is secured. */
export const identityFile = 'broker.pem';
export const authorityFile = 'authority.pem';

const module = 'org.apache.kafka.common.security';

/** The configuration of one broker of a cluster, by Kafka's names. */
export function brokerConfiguration(broker: BrokerPlan, context: ConfigurationContext): Record<string, string> {
  const { brokers, security, jvm, host, overrides } = context;
  const internal = security === undefined ? 'PLAINTEXT' : 'SSL';
  const names = [...broker.ports.keys()];
  const listeners = names.map((name) => `${name}://${host}:${broker.ports.get(name)}`);
  const copies = String(Math.min(3, brokers.length));
  return {
    'process.roles': 'broker,controller',
    'node.id': String(broker.nodeId),
    'controller.quorum.bootstrap.servers': brokers.map((each) => `127.0.0.1:${each.controllerPort}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    listeners: [...listeners, `CONTROLLER://127.0.0.1:${broker.controllerPort}`].join(','),
    'listener.security.protocol.map': [...names.map((name) => `${name}:${name}`), `CONTROLLER:${internal}`].join(','),
    'inter.broker.listener.name': internal,
    'log.dirs': join(broker.directory, 'data'),
    ...(broker.rack === undefined ? {} : { 'broker.rack': broker.rack }),
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': String(Math.min(2, brokers.length)),
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': String(Math.min(2, brokers.length)),
    ...(jvm === 'small' ? small : {}),
    ...(security === undefined ? {} : securityConfiguration(broker, security)),
    ...overrides,
  };
}

/** Settings that make a broker start quickly and hold little memory, and groups and leaders move soon. */
const small: Readonly<Record<string, string>> = {
  'offsets.topic.num.partitions': '5',
  'transaction.state.log.num.partitions': '5',
  'share.coordinator.state.topic.num.partitions': '5',
  'group.initial.rebalance.delay.ms': '0',
  'broker.session.timeout.ms': '6000',
  'broker.heartbeat.interval.ms': '1000',
  'num.network.threads': '2',
  'num.io.threads': '4',
  'background.threads': '4',
  'num.recovery.threads.per.data.dir': '1',
  'log.cleaner.dedupe.buffer.size': String(4 * 1024 * 1024),
  'log.cleaner.backoff.ms': '1000',
  'log.index.size.max.bytes': String(1024 * 1024),
};

function securityConfiguration(broker: BrokerPlan, security: KafkaSecurity): Record<string, string> {
  const plainUsers = Object.entries(security.users).map(([name, password]) => `user_${name}=${quote(password)}`);
  const jaas = {
    plain: `${module}.plain.PlainLoginModule required ${plainUsers.join(' ')};`,
    'scram-sha-256': `${module}.scram.ScramLoginModule required;`,
    'scram-sha-512': `${module}.scram.ScramLoginModule required;`,
    oauthbearer: `${module}.oauthbearer.OAuthBearerLoginModule required;`,
  };
  const unsecured = `${module}.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler`;
  const perListener = ['sasl_plaintext', 'sasl_ssl'].flatMap((listener) => [
    ...Object.entries(jaas).map(([mechanism, config]) => [
      `listener.name.${listener}.${mechanism}.sasl.jaas.config`,
      config,
    ]),
    [`listener.name.${listener}.oauthbearer.sasl.server.callback.handler.class`, unsecured],
  ]);
  return {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': security.superUsers.join(';'),
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(broker.directory, identityFile),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': join(broker.directory, authorityFile),
    'listener.name.ssl.ssl.client.auth': 'required',
    'listener.name.controller.ssl.client.auth': 'required',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    ...Object.fromEntries(perListener),
  };
}

/** A value in a line of JAAS configuration. */
function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
