/**
 * The key under which the control plane keeps what only it may read at rest: 32 random bytes in a file that nobody else
 * can read, made at the first use. A database that is stolen without the file tells nothing.
 *
 * Processes that share a database share the file, too: what one has sealed another can't open otherwise.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MillraceError } from '@millrace/base';

export interface SealingKey {
  /** Tells keys apart and nothing of the key. */
  readonly id: string;
  /** AES-256-GCM; what is sealed for one purpose can't be opened for another. */
  seal(text: string, purpose: string): string;
  /** Throws `SealingKeyError` for what another key, or another purpose, has sealed. */
  open(sealed: string, purpose: string): string;
}

/** The key can't be had, or is not the right one. */
export class SealingKeyError extends MillraceError {
  readonly code: 'key_file_exposed' | 'key_file_damaged' | 'sealed_by_another_key';
  readonly path: string;

  constructor(code: SealingKeyError['code'], path: string, purpose = '') {
    const sentence: Record<SealingKeyError['code'], string> = {
      key_file_exposed: `${path} can be read by others than its owner; chmod 600 it, and replace what it has sealed`,
      key_file_damaged: `${path} does not hold 32 bytes in base64url; bring it back from a backup`,
      sealed_by_another_key:
        `${purpose} was sealed by another key than that of ${path}; ` +
        'give all processes of this database the same key file',
    };
    super(sentence[code]);
    this.code = code;
    this.path = path;
  }
}

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** Reads the key, or makes it. Of processes that make it at the same time all get the same. */
export async function openSealingKey(path: string): Promise<SealingKey> {
  return new FileKey(path, await openKeyFile(path));
}

/** The key, read or made when it is first needed. What could not be read is tried again when it is needed again. */
export function lazySealingKey(path: string): () => Promise<SealingKey> {
  let key: Promise<SealingKey> | undefined;
  return async () => {
    key ??= openSealingKey(path);
    try {
      return await key;
    } catch (error) {
      key = undefined;
      throw error;
    }
  };
}

/** 32 random bytes in a file of their own, likewise. Throws `SealingKeyError`. */
export async function openKeyFile(path: string): Promise<Buffer> {
  const text = (await readIfThere(path)) ?? (await make(path));
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) throw new SealingKeyError('key_file_exposed', path);
  const key = Buffer.from(text.trim(), 'base64url');
  if (key.length !== keyBytes) throw new SealingKeyError('key_file_damaged', path);
  return key;
}

class FileKey implements SealingKey {
  readonly id: string;
  readonly #path: string;
  readonly #key: Buffer;

  constructor(path: string, key: Buffer) {
    this.id = createHash('sha256').update('sealing key').update(key).digest('hex').slice(0, 16);
    this.#path = path;
    this.#key = key;
  }

  seal(text: string, purpose: string): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(purpose));
    const content = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), content]).toString('base64url');
  }

  open(sealed: string, purpose: string): string {
    const bytes = Buffer.from(sealed, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    })
      .setAAD(Buffer.from(purpose))
      .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
    try {
      const content = decipher.update(bytes.subarray(nonceBytes + tagBytes));
      return Buffer.concat([content, decipher.final()]).toString('utf8');
    } catch {
      // All that is known is that the tag does not fit, and the cause would say no more.
      throw new SealingKeyError('sealed_by_another_key', this.#path, purpose);
    }
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The file is whole before it has its name, and the first one that has it stays. */
async function make(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(keyBytes).toString('base64url')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await rm(draft);
  }
  return await readFile(path, 'utf8');
}
