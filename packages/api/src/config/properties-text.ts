/** An answer as a file for Java clients: `.properties`, as java.util.Properties.load reads it. */
import type { ConfigAnswer, ConfigSetting } from './answer.ts';
import type { CredentialSecret } from './instance-key.ts';

/** Lines of `name=value`, each with the rule that set it as a comment; the secret only where it is given. */
export function propertiesText(answer: ConfigAnswer, secret?: CredentialSecret | undefined): string {
  const lines = [...headLines(answer), line('bootstrap.servers', answer.bootstrap)];
  const authority = authorityOf(answer);
  for (const [name, { value, rule }] of Object.entries(answer.settings)) {
    if (!isAuthority(name)) lines.push(`# ${rule}`, line(name, value));
  }
  if (authority !== undefined) {
    lines.push(`# ${authority.rule}`, 'ssl.truststore.type=PEM', line('ssl.truststore.certificates', authority.value));
  }
  lines.push(...credentialLines(answer, secret));
  for (const [name, value] of loginOf(answer, secret)) lines.push(line(name, value));
  return `${lines.join('\n')}\n`;
}

/** Whose certificates of brokers are trusted: PEM, under the name that says more where there are two. */
export function authorityOf({ settings }: Pick<ConfigAnswer, 'settings'>): ConfigSetting | undefined {
  return settings['ssl.ca.pem'] ?? settings['ssl.truststore.certificates'];
}

/** Settings of which `authorityOf` is made. */
export function isAuthority(name: string): boolean {
  return name === 'ssl.ca.pem' || name === 'ssl.truststore.certificates' || name === 'ssl.truststore.type';
}

/** What the file is for, as comments. */
export function headLines({ application, topic, role, cluster, version, asOf }: ConfigAnswer): string[] {
  return [
    `# ${role} of ${topic} for application ${application}: cluster ${cluster.name} (${cluster.rule})`,
    `# version ${version}, as of ${new Date(asOf).toISOString()}`,
  ];
}

/** Whose secret follows, or who may have it, as a comment. */
export function credentialLines({ credential }: ConfigAnswer, secret: CredentialSecret | undefined): string[] {
  if (credential === undefined) return [];
  if (secret !== undefined) return [`# credential ${credential.id}`];
  return [`# the secret of ${credential.principal} is told to an enrolled instance alone`];
}

function loginOf(
  { settings }: ConfigAnswer,
  secret: CredentialSecret | undefined,
): readonly (readonly [name: string, value: string])[] {
  if (secret === undefined) return [];
  if ('certificate' in secret) {
    return [
      ['ssl.keystore.type', 'PEM'],
      ['ssl.keystore.certificate.chain', secret.certificate],
      ['ssl.keystore.key', secret.key],
    ];
  }
  const isPlain = settings['sasl.mechanism']?.value === 'PLAIN';
  const module = isPlain ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule';
  const entry = `username=${quoted(secret.username)} password=${quoted(secret.password)};`;
  return [['sasl.jaas.config', `org.apache.kafka.common.security.${module} required ${entry}`]];
}

/** Java reads backslashes and line ends in values; nothing else in them has a meaning. */
function line(name: string, value: string): string {
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('\r', '').replaceAll('\n', '\\n');
  return `${name}=${escaped}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
