/** What an application was issued, as files and people take it. */
import { writeFile } from 'node:fs/promises';
import type { IssueAnswer, IssuedSecret } from '@millrace/api/fleet';
import { MillraceError, messageOf } from '@millrace/base';
import { text } from '../framework/option.ts';
import type { Terminal } from '../framework/terminal.ts';

export const outOption = {
  out: text({
    placeholder: 'FILE',
    help: 'Write it into a new file that only you can read, in place of printing it: .properties, or PEM',
  }),
} as const;

/** The file can't be written. */
class SecretFileError extends MillraceError {
  readonly code = 'secret_file_unwritable';
}

/** Shows what was issued, once: on stdout, or in a file. */
export async function tellIssued(
  { operation, credential, secret }: IssueAnswer,
  { out }: { readonly out: string | undefined },
  terminal: Terminal,
): Promise<void> {
  const { sealed } = credential;
  if (out !== undefined)
    await writeSecret(out, secret === undefined ? (sealed ?? credential.certificate) : fileText(secret));
  const told = out === undefined && secret !== undefined ? { secret } : {};
  if (terminal.json) {
    terminal.output.json({ operation, credential, ...told, ...(out !== undefined && { file: out }) });
    return;
  }
  if (out !== undefined) terminal.output.line(`${credential.principal} is in ${out}.`);
  else if (secret?.kind === 'scram') {
    terminal.output.line(`user:      ${secret.username}`);
    terminal.output.line(`password:  ${secret.password}`);
    terminal.output.line(`mechanism: ${secret.mechanism}`);
  } else
    terminal.output.line((secret === undefined ? (sealed ?? credential.certificate ?? '') : fileText(secret)).trim());
  if (secret !== undefined) terminal.note('It is not shown again.');
  else if (sealed !== undefined) terminal.note("It is encrypted to the application's key, which alone can read it.");
}

/** As Java's clients read it, or OpenSSL. */
function fileText(secret: IssuedSecret): string {
  if (secret.kind === 'certificate') return `${secret.privateKey}${secret.certificate}\n${secret.authority}\n`;
  const { username, password, mechanism } = secret;
  const module = 'org.apache.kafka.common.security.scram.ScramLoginModule';
  return (
    `sasl.mechanism=${mechanism}\n` +
    `sasl.jaas.config=${module} required username="${username}" password="${password}";\n`
  );
}

async function writeSecret(path: string, content: string | undefined): Promise<void> {
  try {
    await writeFile(path, content ?? '', { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const advice = 'the credential was issued all the same; rotate it, with another file';
    throw new SecretFileError(`${path} can't be written: ${messageOf(error)}; ${advice}`, { cause: error });
  }
}
