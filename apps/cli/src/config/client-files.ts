/** An answer as files of other clients, which only their owner may read. */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type ConfigAnswer, type CredentialSecret, librdkafkaFiles, propertiesText } from '@millrace/api/config';
import { MillraceError, messageOf } from '@millrace/base';
import { UsageError } from '../framework/usage-error.ts';

/** A file can't be written. */
class ClientFileError extends MillraceError {
  readonly code = 'client_file_unwritable';
}

export interface ClientFiles {
  /** The file that a client is given. */
  readonly text: string;
  /** All files by path, the client's own last; none where they go nowhere. */
  readonly files: ReadonlyMap<string, string>;
}

/** @throws UsageError where there are several, and no folder to write them into */
export function clientFiles(
  answer: ConfigAnswer,
  secret: CredentialSecret | undefined,
  format: 'properties' | 'librdkafka',
  folder?: string | undefined,
): ClientFiles {
  const pathOf = (rest: string): string => join(resolve(folder ?? '.'), `${answer.role}-${answer.topic}.${rest}`);
  const { text, beside } =
    format === 'properties'
      ? { text: propertiesText(answer, secret), beside: new Map<string, string>() }
      : librdkafkaFiles(answer, pathOf, secret);
  if (folder === undefined) {
    if (beside.size === 0) return { text, files: beside };
    throw new UsageError('librdkafka reads certificates from files beside its own: say where they go with --out DIR');
  }
  const named = [...beside].map(([name, content]) => [pathOf(name), content] as const);
  return { text, files: new Map([...named, [pathOf(format), text]]) };
}

/** Each replaces the one that was there as a whole. Answers the paths. */
export async function writeClientFiles({ files }: ClientFiles): Promise<readonly string[]> {
  for (const [path, content] of files) {
    const draft = `${path}.${randomUUID()}`;
    try {
      await mkdir(resolve(path, '..'), { recursive: true, mode: 0o700 });
      await writeFile(draft, content, { mode: 0o600, flag: 'wx' });
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw new ClientFileError(`${path} can't be written: ${messageOf(error)}`, { cause: error });
    }
  }
  return [...files.keys()];
}
