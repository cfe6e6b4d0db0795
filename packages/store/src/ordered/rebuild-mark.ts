/**
 * What says of a store that is never synced whether its file can be believed: a file beside it that names the boot of
 * the machine under which the store was open, or that it was closed and synced. After a boot since then what the system
 * had not written is lost, in no order, so the store's file goes.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';

const FILE = 'rebuildable';
const CLOSED = 'closed';
/** The machine's clock may be set while it runs, by so much at most. */
const CLOCK_ERROR_MS = 60_000;

export class RebuildMark {
  readonly #directory: string;
  readonly #path: string;

  constructor(directory: string) {
    this.#directory = directory;
    this.#path = join(directory, FILE);
  }

  /** Before the store's file is opened: removes it where it can't be believed. */
  opening(file: string): void {
    const mark = existsSync(this.#path) ? readFileSync(this.#path, 'utf8') : '';
    if (mark !== CLOSED && !isThisBoot(mark)) rmSync(join(this.#directory, file), { force: true });
    this.#write(thisBoot());
  }

  /** After the store's file was closed. */
  closed(file: string): void {
    const descriptor = openSync(join(this.#directory, file), 'r+');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    this.#write(CLOSED);
  }

  /** Synced, so that it is never younger than what it tells of. */
  #write(mark: string): void {
    writeFileSync(this.#path, mark, { flush: true });
  }
}

function thisBoot(): string {
  try {
    return `id ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`;
  } catch {
    return `time ${Math.round(Date.now() - uptime() * 1_000)}`;
  }
}

function isThisBoot(mark: string): boolean {
  const now = thisBoot();
  if (!now.startsWith('time ') || !mark.startsWith('time ')) return mark === now;
  return Math.abs(Number(mark.slice(5)) - Number(now.slice(5))) < CLOCK_ERROR_MS;
}
