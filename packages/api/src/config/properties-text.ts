/**
 * An answer as a file for clients of other makers: Java's `.properties` (java.util.Properties.load), and librdkafka's
 * configuration, which kcat and the clients of Python, Go, .NET and others read.
 *
 * librdkafka refuses names that it does not know, so only those that both have are written for it, by its own names.
 */
import type { ConfigAnswer } from './answer.ts';
import type { CredentialSecret } from './instance-key.ts';

export type PropertiesDialect = 'java' | 'librdkafka';

/** Java's names for which librdkafka has another; null: it has nothing of the kind. */
const librdkafkaNames: Readonly<Record<string, string | null>> = {
  'fetch.max.wait.ms': 'fetch.wait.max.ms',
  'buffer.memory': null,
  'max.request.size': 'message.max.bytes',
  'max.block.ms': null,
  'default.api.timeout.ms': null,
  'request.timeout.ms': 'socket.timeout.ms',
  'max.poll.records': null,
  'partition.assignment.strategy': null,
  'ssl.truststore.certificates': 'ssl.ca.pem',
  'ssl.truststore.type': null,
  'exclude.internal.topics': null,
};

/** Lines of `name=value`, each with the rule that set it as a comment; the secret only where it is given. */
export function propertiesText(
  answer: ConfigAnswer,
  dialect: PropertiesDialect,
  secret?: CredentialSecret | undefined,
): string {
  const { application, topic, role, cluster, version, asOf } = answer;
  const lines = [
    `# ${role} of ${topic} for application ${application}: cluster ${cluster.name} (${cluster.rule})`,
    `# version ${version}, as of ${new Date(asOf).toISOString()}`,
    line('bootstrap.servers', answer.bootstrap),
  ];
  for (const [name, { value, rule }] of Object.entries(answer.settings)) {
    const named = dialect === 'java' ? name : (librdkafkaNames[name] ?? (name in librdkafkaNames ? null : name));
    if (named !== null) lines.push(`# ${rule}`, line(named, value));
  }
  if (secret !== undefined)
    lines.push(`# credential ${answer.credential?.id}`, ...secretLines(answer, dialect, secret));
  else if (answer.credential !== undefined) {
    lines.push(`# the secret of ${answer.credential.principal} is told to an enrolled instance alone`);
  }
  return `${lines.join('\n')}\n`;
}

function secretLines(answer: ConfigAnswer, dialect: PropertiesDialect, secret: CredentialSecret): string[] {
  if ('certificate' in secret) {
    const { certificate, key } = secret;
    if (dialect === 'librdkafka') return [line('ssl.certificate.pem', certificate), line('ssl.key.pem', key)];
    return [
      line('ssl.keystore.type', 'PEM'),
      line('ssl.keystore.certificate.chain', certificate),
      line('ssl.keystore.key', key),
    ];
  }
  const { username, password } = secret;
  if (dialect === 'librdkafka') return [line('sasl.username', username), line('sasl.password', password)];
  const isPlain = answer.settings['sasl.mechanism']?.value === 'PLAIN';
  const module = isPlain ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule';
  const entry = `username=${quoted(username)} password=${quoted(password)};`;
  return [line('sasl.jaas.config', `org.apache.kafka.common.security.${module} required ${entry}`)];
}

/** Java reads backslashes and line ends in values; nothing else in them has a meaning. */
function line(name: string, value: string): string {
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('\r', '').replaceAll('\n', '\\n');
  return `${name}=${escaped}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
