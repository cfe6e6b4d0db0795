/** PostgreSQL's locks on tables, weakest first, and whom each keeps waiting (its documentation, 13.3.1). */

export const lockModes = [
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const;

export type LockMode = (typeof lockModes)[number];

/** For each mode those that wait for it, as positions in `lockModes`. */
const conflicts: Readonly<Record<LockMode, readonly number[]>> = {
  'ACCESS SHARE': [7],
  'ROW SHARE': [6, 7],
  'ROW EXCLUSIVE': [4, 5, 6, 7],
  'SHARE UPDATE EXCLUSIVE': [3, 4, 5, 6, 7],
  SHARE: [2, 3, 5, 6, 7],
  'SHARE ROW EXCLUSIVE': [2, 3, 4, 5, 6, 7],
  EXCLUSIVE: [1, 2, 3, 4, 5, 6, 7],
  'ACCESS EXCLUSIVE': [0, 1, 2, 3, 4, 5, 6, 7],
};

export function isConflicting(held: LockMode, asked: LockMode): boolean {
  return conflicts[held].includes(lockModes.indexOf(asked));
}

export function blocksWrites(mode: LockMode): boolean {
  return isConflicting(mode, 'ROW EXCLUSIVE');
}

export function strongest(modes: Iterable<LockMode>): LockMode | undefined {
  let found = -1;
  for (const mode of modes) found = Math.max(found, lockModes.indexOf(mode));
  return lockModes[found];
}
