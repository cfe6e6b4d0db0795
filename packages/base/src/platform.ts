/** Everything a component needs of the outside world, as one value, so that a simulation can replace it whole. */
import { type Clock, systemClock } from './clock.ts';
import type { Disk } from './disk.ts';
import type { Network } from './network.ts';
import { nodeDisk } from './node-disk.ts';
import { nodeNetwork } from './node-network.ts';
import { type Randomness, systemRandomness } from './randomness.ts';
import { systemTimers, type Timers } from './timers.ts';

export interface Platform {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly randomness: Randomness;
  readonly network: Network;
  readonly disk: Disk;
}

/** The real world: the machine's clock, timers, randomness, TCP and file system. */
export const nodePlatform: Platform = {
  clock: systemClock,
  timers: systemTimers,
  randomness: systemRandomness,
  network: nodeNetwork,
  disk: nodeDisk,
};
