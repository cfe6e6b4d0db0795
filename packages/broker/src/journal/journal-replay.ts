/**
 * Rebuilds the state of a journal's sections from the bytes of its file. It reads nothing and cuts nothing: what the
 * disk holds is given, and where the sound entries end is answered.
 */
import { messageOf } from '@millrace/base';
import { hasUnwrittenSector } from '../unwritten-sector.ts';
import type { SectionState } from './journal.ts';
import { entryAt, entryStart, type FoundEntry, findEntry, journalHeader } from './journal-entry.ts';
import { JournalCorruptError } from './journal-error.ts';
import type { Shape } from './shape.ts';

export interface JournalReplay {
  /** For errors. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly sections: ReadonlyMap<string, SectionState<unknown>>;
  /** What entries look like, by their sections' names; those of others may look like anything. */
  readonly shapes: Readonly<Record<string, Shape>>;
}

/**
 * Applies all sound entries in order; answers the position where they end, behind which lies a torn tail if anything.
 * Throws `JournalCorruptError` as `Journal.open` says; what came before is applied then.
 */
export function replayJournal(replay: JournalReplay): number {
  const { path, content } = replay;
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  if (!bytes.subarray(0, journalHeader.length).equals(journalHeader)) {
    throw new JournalCorruptError(path, 0, 'it does not begin as a journal of this version does');
  }
  let position = journalHeader.length;
  while (position < bytes.length) {
    const found = entryAt(bytes, position);
    if (found === undefined) {
      const next = findEntry(bytes, position + 1);
      if (next === undefined) return position;
      if (hasUnwrittenSector(bytes.subarray(position), next - position, position, entryStart)) return position;
      throw new JournalCorruptError(path, position, `sound entries follow from byte ${next} on`);
    }
    apply(replay, found, position);
    position = found.end;
  }
  return position;
}

function apply({ path, sections, shapes }: JournalReplay, { content }: FoundEntry, position: number): void {
  if (content === undefined) throw new JournalCorruptError(path, position, 'an entry is not of its format');
  const { section, entry } = content;
  const state = sections.get(section);
  if (state === undefined) {
    throw new JournalCorruptError(path, position, `the section ${section} is unknown to this version`);
  }
  if (shapes[section]?.(entry) === false) {
    throw new JournalCorruptError(path, position, `an entry is none of the section ${section}`);
  }
  try {
    state.apply(entry);
  } catch (error) {
    const reason = `the section ${section} can't take an entry (${messageOf(error)})`;
    throw new JournalCorruptError(path, position, reason, { cause: error });
  }
}
