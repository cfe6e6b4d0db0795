/** A simulated world: one loop, one network, processes with drives. Everything random in it follows from its seed. */
import { type Platform, type Randomness, seededRandomness } from '@millrace/base';
import { DiskFaults, SimDisk } from './sim-disk.ts';
import { SimDrive } from './sim-drive.ts';
import { SimLoop } from './sim-loop.ts';
import { SimNetwork } from './sim-network.ts';
import { SimProcess } from './sim-process.ts';

/** A process and what it sees of the world. */
export interface Inhabitant {
  readonly process: SimProcess;
  readonly platform: Platform;
  readonly disk: SimDisk;
}

export class SimWorld {
  readonly loop = new SimLoop();
  readonly network: SimNetwork;
  readonly faults = new DiskFaults();
  readonly #seeds: Randomness;

  constructor(seed: number) {
    this.#seeds = seededRandomness(seed);
    this.network = new SimNetwork(this.loop, this.randomness());
  }

  /** A stream of its own, so that what one part of the world draws does not change what another gets. */
  randomness(): Randomness {
    return seededRandomness(this.#seeds.integer(2 ** 32));
  }

  /** A new process on a host. A drive is the host's own, and outlives its processes. */
  start(host: string, drive = new SimDrive()): Inhabitant {
    const process = new SimProcess(this.loop, host, this.#seeds.integer(2 ** 32));
    const disk = new SimDisk(process, drive, this.faults, this.randomness());
    const { clock, timers, randomness } = process;
    const platform: Platform = { clock, timers, randomness, network: this.network.of(process), disk };
    return { process, platform, disk };
  }
}
