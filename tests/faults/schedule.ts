/** What goes wrong in a run, when, and for how long: drawn from the seed before the run begins. */
import type { Randomness } from '@millrace/base';

export type FaultKind =
  | 'client killed'
  | 'client paused'
  | 'client replaced while paused'
  | 'client stopped'
  | 'server killed'
  | 'server stopped'
  | 'server paused'
  | 'leaders moved'
  | 'connections reset'
  | 'connections reset in mid-frame'
  | 'connections half closed'
  | 'connections swallowed'
  | 'connections held'
  | 'connections delayed'
  | 'connections throttled'
  | 'connections refused';

export interface Fault {
  readonly kind: FaultKind;
  /** Since the run began. */
  readonly atMs: number;
  /** For what ends by itself. */
  readonly forMs: number;
  /** Choose among whatever there is by then: which one, which direction, how much. In [0, 1). */
  readonly chances: readonly number[];
}

/** The likelier the larger. Servers are harmed by a lot of their own: their return takes long. */
const weights: readonly (readonly [kind: FaultKind, weight: number])[] = [
  ['client killed', 4],
  ['client paused', 3],
  ['client replaced while paused', 2],
  ['client stopped', 2],
  ['leaders moved', 4],
  ['connections reset', 3],
  ['connections reset in mid-frame', 4],
  ['connections half closed', 1],
  ['connections swallowed', 2],
  ['connections held', 2],
  ['connections delayed', 2],
  ['connections throttled', 1],
  ['connections refused', 2],
];
const lots = weights.flatMap(([kind, weight]) => Array.from({ length: weight }, () => kind));
const serverFaults = ['server killed', 'server paused', 'server stopped'] as const;

/** Every other run harms a server; all have six to eleven further faults. */
export function drawSchedule(random: Randomness, calmMs: number): Fault[] {
  const faults: Fault[] = [];
  let atMs = 0;
  const draw = (kind: FaultKind): Fault => {
    const chances = [random.float(), random.float(), random.float()];
    return { kind, atMs: Math.round(atMs), forMs: drawLength(random, kind), chances };
  };
  const count = 6 + random.integer(6);
  const serverAt = random.integer(2 * count);
  for (let index = 0; index < count; index++) {
    atMs += -Math.log(1 - random.float()) * calmMs;
    faults.push(draw(lots[random.integer(lots.length)] as FaultKind));
    if (index === serverAt) faults.push(draw(serverFaults[random.integer(serverFaults.length)] as FaultKind));
  }
  return faults;
}

function drawLength(random: Randomness, kind: FaultKind): number {
  if (kind === 'server paused') return 100 + random.integer(7000);
  const isPause = kind === 'client paused' || kind === 'client replaced while paused';
  // Beyond sessions, which last 3 seconds, and the shorter transactions.
  return isPause && random.integer(3) > 0 ? 3500 + random.integer(2000) : 100 + random.integer(2500);
}

/** One of them, by a chance. */
export function pick<T>(from: readonly T[], chance = 0): T | undefined {
  return from[Math.floor(chance * from.length)];
}
