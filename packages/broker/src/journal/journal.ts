/**
 * The cluster's journal: one append-only file of small entries from which the state that is not records (topics,
 * committed offsets, groups, producer ids) is rebuilt at start.
 *
 * The state lives in sections. A section changes its state in `apply` and nowhere else: at start for every entry of the
 * file, later for every appended one as soon as it is written, in the file's order both times. So what is in memory is
 * what replay would give, and a snapshot taken between two writes is exact.
 *
 * Invariants
 * - `append` resolves only when the entry is in the file (and synced, where asked) and applied. A rejected append was
 *   not applied, and is not in the file either unless the process ended before the tail could be cut.
 * - One write at a time; what is appended meanwhile goes out with the next one (group commit).
 * - At every moment the path holds a whole journal, at worst with a torn tail: compaction writes a snapshot to a
 *   temporary name, syncs it, and renames it.
 *
 * It does not lock the file, and keeps no history: after compaction only the state remains.
 */
import { assert, type Disk, type DiskFile, messageOf } from '@millrace/base';
import { encodeEntry, journalHeader } from './journal-entry.ts';
import { JournalClosedError } from './journal-error.ts';
import { replayJournal } from './journal-replay.ts';
import type { Shape } from './shape.ts';

export interface JournalOptions {
  readonly disk: Disk;
  /** Absolute path of the file; its directory exists. */
  readonly path: string;
  /**
   * Syncs every write, so that acknowledged entries survive a loss of power; default false: they survive the process
   * only.
   */
  readonly sync?: boolean | undefined;
  /** The file is compacted when longer than this and than twice its last snapshot; bytes, default 4 MiB. */
  readonly compactionBytesMin?: number | undefined;
  /** What entries look like, by their sections' names; those of others may look like anything. */
  readonly shapes?: Readonly<Record<string, Shape>> | undefined;
  /** Told of a cut tail and of a compaction that failed; the journal goes on in both cases. */
  readonly report?: ((event: { readonly level: 'warn'; readonly message: string }) => void) | undefined;
}

/** What a section does with its entries. An entry is a plain value that survives JSON. */
export interface SectionState<E> {
  /**
   * Changes the state by a written entry: during `Journal.open` by each entry of the file, then by each appended one
   * before its `append` resolves. Must not fail.
   */
  apply(entry: E): void;
  /**
   * Entries which, applied to an empty state, give the present one. Consumed at once, before any other entry is
   * applied.
   */
  snapshot(): Iterable<E>;
}

/** A section's door to the journal. */
export interface JournalSection<E> {
  /**
   * Resolves once the entry is written and applied. Appends of one turn share a write. `sync` makes it survive a loss
   * of power. Rejects with `DiskError`, `JournalClosedError` or `JournalEntryTooLargeError`.
   */
  append(entry: E, options?: { readonly sync?: boolean | undefined }): Promise<void>;
}

interface Pending {
  readonly bytes: Uint8Array;
  readonly sync: boolean;
  readonly apply: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const compactionBytesMinDefault = 4 * 1024 * 1024;

export class Journal {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #sync: boolean;
  readonly #compactionBytesMin: number;
  readonly #shapes: Readonly<Record<string, Shape>>;
  readonly #report: NonNullable<JournalOptions['report']>;
  readonly #sections = new Map<string, SectionState<unknown>>();
  #file: DiskFile | undefined;
  /** Where the next entry goes: the end of the sound entries. */
  #position = 0;
  #compactionPosition = 0;
  #pending: Pending[] = [];
  #writing: Promise<void> | undefined;
  /** Why no append can succeed any more. */
  #failure: unknown;

  constructor(options: JournalOptions) {
    this.#disk = options.disk;
    this.#path = options.path;
    this.#sync = options.sync ?? false;
    this.#compactionBytesMin = options.compactionBytesMin ?? compactionBytesMinDefault;
    this.#shapes = options.shapes ?? {};
    this.#report = options.report ?? (() => undefined);
  }

  /** Registers a section, before `open`. Names are part of the file: never rename one. */
  section<E>(name: string, state: SectionState<E>): JournalSection<E> {
    assert(this.#file === undefined, `section ${name} was registered after the journal was opened`);
    assert(!this.#sections.has(name), `section ${name} was registered twice`);
    this.#sections.set(name, state as SectionState<unknown>);
    return { append: (entry, options) => this.#append(name, state, entry, options?.sync ?? this.#sync) };
  }

  /**
   * Creates the file or replays it, and cuts a torn tail: what is no whole entry, and what lies behind a sector that
   * was never written, because a loss of power came before the file was synced that far. Rejects with
   * `JournalCorruptError` when an entry is otherwise damaged and sound ones follow, or when the file is not one of this
   * format.
   */
  async open(): Promise<void> {
    assert(this.#file === undefined, 'a journal is opened once');
    await this.#disk.remove(this.#temporaryPath);
    const content = await this.#disk.readFile(this.#path);
    if (content === undefined) {
      await this.#disk.writeFileAtomic(this.#path, journalHeader, { sync: true });
      this.#position = journalHeader.length;
    } else {
      this.#position = replayJournal({ path: this.#path, content, sections: this.#sections, shapes: this.#shapes });
    }
    this.#file = await this.#disk.open(this.#path, { create: false });
    const torn = (content?.length ?? this.#position) - this.#position;
    if (torn > 0) {
      this.#report({
        level: 'warn',
        message: `cut ${torn} bytes of an unfinished write from the end of ${this.#path}`,
      });
      await this.#cutTorn(this.#file);
    }
    this.#compactionPosition = this.#compactionBytesMin;
  }

  async #cutTorn(file: DiskFile): Promise<void> {
    try {
      await file.truncate(this.#position);
    } catch (error) {
      this.#file = undefined;
      await file.close();
      throw error;
    }
  }

  /** Waits for the appends under way, then syncs and releases the file. Later appends are refused. */
  async close(): Promise<void> {
    this.#failure ??= new JournalClosedError(this.#path);
    await this.#writing;
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }

  get #temporaryPath(): string {
    return `${this.#path}.new`;
  }

  #append<E>(name: string, state: SectionState<E>, entry: E, sync: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) throw this.#failure;
      assert(this.#file !== undefined, `section ${name} appended before the journal was open`);
      this.#pending.push({
        bytes: encodeEntry(name, entry),
        sync,
        apply: () => state.apply(entry),
        resolve,
        reject,
      });
      // Begins in a microtask, so that all appends of this turn go out in one write.
      this.#writing ??= Promise.resolve().then(() => this.#writePending());
    });
  }

  async #writePending(): Promise<void> {
    while (this.#pending.length > 0) {
      const group = this.#pending;
      this.#pending = [];
      await this.#writeGroup(group);
      if (this.#position > this.#compactionPosition && this.#failure === undefined) await this.#compact();
    }
    this.#writing = undefined;
  }

  async #writeGroup(group: readonly Pending[]): Promise<void> {
    const file = this.#openFile;
    try {
      await file.write(
        group.map((pending) => pending.bytes),
        this.#position,
      );
      if (group.some((pending) => pending.sync)) await file.sync();
    } catch (error) {
      await this.#cutFailedWrite(file);
      for (const pending of group) pending.reject(error);
      return;
    }
    for (const pending of group) {
      this.#position += pending.bytes.length;
      pending.apply();
      pending.resolve();
    }
  }

  /** What a failed write left behind must not be read again, not even as the rest of a shorter later one. */
  async #cutFailedWrite(file: DiskFile): Promise<void> {
    try {
      await file.truncate(this.#position);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Replaces the file by a snapshot. Until the rename a failure leaves everything as it was. */
  async #compact(): Promise<void> {
    let length = 0;
    try {
      const chunks = this.#snapshot();
      for (const chunk of chunks) length += chunk.length;
      await this.#writeTemporary(chunks);
      await this.#disk.rename(this.#temporaryPath, this.#path);
    } catch (error) {
      this.#report({ level: 'warn', message: `could not compact the journal ${this.#path}: ${messageOf(error)}` });
      this.#compactionPosition = this.#position + this.#compactionBytesMin;
      return;
    }
    try {
      // Nothing may be acknowledged in the new file before its name is durable, nor go to the old one any more.
      await this.#disk.syncDirectory(this.#path.slice(0, this.#path.lastIndexOf('/')));
      const old = this.#openFile;
      this.#file = await this.#disk.open(this.#path, { create: false });
      this.#position = length;
      this.#compactionPosition = Math.max(this.#compactionBytesMin, 2 * length);
      await old.close();
    } catch (error) {
      this.#fail(error);
    }
  }

  #snapshot(): Uint8Array[] {
    const chunks = [journalHeader];
    for (const [name, state] of this.#sections) {
      for (const entry of state.snapshot()) chunks.push(encodeEntry(name, entry));
    }
    return chunks;
  }

  async #writeTemporary(chunks: readonly Uint8Array[]): Promise<void> {
    await this.#disk.remove(this.#temporaryPath);
    const file = await this.#disk.open(this.#temporaryPath, { create: true });
    try {
      await file.write(chunks, 0);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  #fail(error: unknown): void {
    this.#failure = error;
    for (const pending of this.#pending.splice(0)) pending.reject(error);
  }

  get #openFile(): DiskFile {
    assert(this.#file !== undefined, 'the journal has an open file while it writes');
    return this.#file;
  }
}
