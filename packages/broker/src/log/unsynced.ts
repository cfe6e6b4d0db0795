/**
 * What of a log a loss of power would take: records in its active segment, and the names that lead to that. Only one
 * caller at a time may sync.
 */
import type { Clock, Disk, DiskFile } from '@millrace/base';

export class Unsynced {
  readonly #clock: Clock;
  readonly #disk: Disk;
  #records = 0;
  #since = Number.POSITIVE_INFINITY;
  /** Directories, outermost first, that may have got entries since they were synced. */
  #directories: string[] = [];

  constructor(clock: Clock, disk: Disk) {
    this.#clock = clock;
    this.#disk = disk;
  }

  get records(): number {
    return this.#records;
  }

  /** How long the oldest of the records has been waiting, in milliseconds; below 0 when there is none. */
  get ageMs(): number {
    return this.#clock.monotonic() - this.#since;
  }

  addRecords(count: number): void {
    if (this.#records === 0) this.#since = this.#clock.monotonic();
    this.#records += count;
  }

  /** Notes a new name in `directory`. */
  addEntryOf(directory: string): void {
    if (!this.#directories.includes(directory)) this.#directories.push(directory);
  }

  /** Notes that the log's directory may be new, and the two above it, of the topic and of all topics. */
  addPathTo(directory: string): void {
    const topic = parentOf(directory);
    this.#directories = [parentOf(topic), topic, directory];
  }

  /** Makes the active segment, `file`, survive a loss of power: its bytes, and the names that lead to it. */
  async sync(file: DiskFile): Promise<void> {
    await file.sync();
    await this.syncDirectories();
  }

  /** As `sync`, when the file's bytes are known to be synced. */
  async syncDirectories(): Promise<void> {
    for (const directory of this.#directories) await this.#disk.syncDirectory(directory);
    this.#directories = [];
    this.#records = 0;
    this.#since = Number.POSITIVE_INFINITY;
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
