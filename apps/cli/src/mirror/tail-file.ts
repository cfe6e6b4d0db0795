/**
 * Where a failback keeps records of a divergent tail: a JSON line for each, bytes in base64. The file is there once all
 * of them are on disk, and not before; one that is there already is left as it is, and another is made beside it.
 */
import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FailbackOptions, TailRecord } from '@millrace/mirror';

type TailExport = NonNullable<FailbackOptions['exportTail']>;

const writeChars = 1024 * 1024;

export class TailFile implements TailExport, AsyncDisposable {
  readonly #wanted: string;
  readonly #kept: (file: string, records: number) => void;
  #file: FileHandle | undefined;
  #lines = '';
  #records = 0;

  /** `kept` is told where they are. */
  constructor(file: string, kept: (file: string, records: number) => void) {
    this.#wanted = file;
    this.#kept = kept;
  }

  async record({ key, value, headers, ...place }: TailRecord): Promise<void> {
    const line = {
      ...place,
      key: base64(key),
      value: base64(value),
      headers: headers.map(([name, bytes]) => [name, base64(bytes)]),
    };
    this.#lines += `${JSON.stringify(line)}\n`;
    this.#records += 1;
    if (this.#lines.length >= writeChars) await this.#write();
  }

  /** Without records there is no file. */
  async done(): Promise<void> {
    if (this.#records === 0) return;
    const file = await this.#write();
    await file.sync();
    const name = await freeName(this.#wanted);
    await rename(this.#partial, name);
    const directory = await open(dirname(name));
    await directory.sync().finally(() => directory.close());
    this.#kept(name, this.#records);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
  }

  get #partial(): string {
    return `${this.#wanted}.partial`;
  }

  async #write(): Promise<FileHandle> {
    this.#file ??= await open(this.#partial, 'w');
    await this.#file.appendFile(this.#lines);
    this.#lines = '';
    return this.#file;
  }
}

async function freeName(file: string): Promise<string> {
  for (let number = 1; ; number++) {
    const name = number === 1 ? file : `${file}.${number}`;
    const isThere = await stat(name).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return false;
        throw error;
      },
    );
    if (!isThere) return name;
  }
}

function base64(bytes: Uint8Array | null): string | null {
  return bytes && Buffer.from(bytes).toString('base64');
}
