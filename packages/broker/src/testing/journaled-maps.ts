/** For tests of the journal: a state of two maps, each a section. */
import { Journal, type JournalSection } from '../journal/journal.ts';
import type { CrashingDisk } from './crashing-disk.ts';

export const journalPath = '/data/journal';

export interface Change {
  readonly key: string;
  /** Null deletes. */
  readonly value: string | null;
}

/** Two sections of a journal, each a map. */
export class JournaledMaps {
  readonly journal: Journal;
  readonly warnings: string[] = [];
  readonly #maps = { left: new Map<string, string>(), right: new Map<string, string>() };
  readonly #sections: Record<'left' | 'right', JournalSection<Change>>;

  constructor(disk: CrashingDisk, compactionBytesMin?: number) {
    const report = (event: { message: string }) => void this.warnings.push(event.message);
    this.journal = new Journal({ disk, path: journalPath, compactionBytesMin, report });
    this.#sections = { left: this.#section('left'), right: this.#section('right') };
  }

  static async open(disk: CrashingDisk, compactionBytesMin?: number): Promise<JournaledMaps> {
    const store = new JournaledMaps(disk, compactionBytesMin);
    await store.journal.open();
    return store;
  }

  append(section: 'left' | 'right', change: Change, sync = false): Promise<void> {
    return this.#sections[section].append(change, { sync });
  }

  get state(): string {
    return JSON.stringify([[...this.#maps.left].sort(), [...this.#maps.right].sort()]);
  }

  #section(name: 'left' | 'right'): JournalSection<Change> {
    const map = this.#maps[name];
    return this.journal.section<Change>(name, {
      apply: (change) => applyChange(map, change),
      *snapshot() {
        for (const [key, value] of map) yield { key, value };
      },
    });
  }
}

export function applyChange(map: Map<string, string>, change: Change): void {
  if (change.value === null) map.delete(change.key);
  else map.set(change.key, change.value);
}
