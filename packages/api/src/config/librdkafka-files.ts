/**
 * An answer as files for librdkafka, which kcat and the clients of Python, Go, .NET and others read: one of lines
 * `name=value`, where each value stands as it is, and one for each certificate or key, which it names. kcat takes lines
 * of 511 bytes at most.
 */
import type { ConfigAnswer } from './answer.ts';
import type { CredentialSecret } from './instance-key.ts';
import { librdkafkaSettings } from './librdkafka-settings.ts';
import { authorityOf, credentialLines, headLines, isAuthority } from './properties-text.ts';

export interface LibrdkafkaFiles {
  readonly text: string;
  /** The text of each file that it names, by name: `ca.pem`, `certificate.pem`, `key.pem`. */
  readonly beside: ReadonlyMap<string, string>;
}

const lineBytesMax = 511;
const commentMax = 160;

/**
 * `pathOf` says where a file that is named will lie; the secret is in them only where it is given.
 */
export function librdkafkaFiles(
  answer: ConfigAnswer,
  pathOf: (file: string) => string,
  secret?: CredentialSecret | undefined,
): LibrdkafkaFiles {
  const beside = new Map<string, string>();
  const file = (name: string, file: string, text: string): string => {
    beside.set(file, text.endsWith('\n') ? text : `${text}\n`);
    return `${name}=${pathOf(file)}`;
  };
  const { settings, left } = librdkafkaSettings(answer);
  const lines = [...headLines(answer), bootstrapLine(answer.bootstrap)];
  for (const { name, value, rule } of settings) lines.push(`# ${rule}`, `${name}=${value}`);
  const authority = authorityOf(answer);
  if (authority !== undefined) lines.push(`# ${authority.rule}`, file('ssl.ca.location', 'ca.pem', authority.value));
  const unknown = left.filter((name) => !isAuthority(name));
  if (unknown.length > 0) lines.push('# what librdkafka has nothing for:', ...unknown.map((name) => `#   ${name}`));
  lines.push(...credentialLines(answer, secret));
  if (secret !== undefined && 'certificate' in secret) {
    lines.push(file('ssl.certificate.location', 'certificate.pem', secret.certificate));
    lines.push(file('ssl.key.location', 'key.pem', secret.key));
  } else if (secret !== undefined) {
    lines.push(`sasl.username=${secret.username}`, `sasl.password=${secret.password}`);
  }
  const text = lines.map((line) => (line.startsWith('#') ? line.slice(0, commentMax) : line)).join('\n');
  return { text: `${text}\n`, beside };
}

/** As many addresses as a line takes, at least one: the others are learnt from any of them. */
function bootstrapLine(bootstrap: string): string {
  const name = 'bootstrap.servers=';
  const [first = '', ...others] = bootstrap.split(',');
  let line = `${name}${first}`;
  for (const address of others) {
    if (line.length + 1 + address.length > lineBytesMax) break;
    line += `,${address}`;
  }
  return line;
}
