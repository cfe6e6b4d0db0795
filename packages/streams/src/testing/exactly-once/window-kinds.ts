/** The windows that are counted, and their names in results. */
import { hopping, session, sliding, tumbling } from '../../topology/windows.ts';

export const windowKinds = {
  tumbling: tumbling({ sizeMs: 50, graceMs: 20 }),
  hopping: hopping({ sizeMs: 60, advanceMs: 20, graceMs: 10 }),
  session: session({ gapMs: 25, graceMs: 15 }),
  sliding: sliding({ differenceMs: 30, graceMs: 25 }),
} as const;

/** How a window is told apart from all others of a run. */
export function nameOfWindow(kind: string, key: string, start: number, end: number): string {
  return `${kind} ${key} ${start}-${end}`;
}

/** Likewise a record that came too late for its windows. */
export function nameOfLate(kind: string, key: string, timestamp: number): string {
  return `late ${kind} ${key} ${timestamp}`;
}
