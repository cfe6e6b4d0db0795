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
  readonly #drives = new Map<string, SimDrive>();

  constructor(seed: number) {
    this.#seeds = seededRandomness(seed);
    this.network = new SimNetwork(this.loop, this.randomness());
  }

  /** A stream of its own, so that what one part of the world draws does not change what another gets. */
  randomness(): Randomness {
    return seededRandomness(this.#seeds.integer(2 ** 32));
  }

  /** A host's drive, which outlives its processes. */
  driveOf(host: string): SimDrive {
    let drive = this.#drives.get(host);
    if (drive === undefined) {
      drive = new SimDrive();
      this.#drives.set(host, drive);
    }
    return drive;
  }

  /** A new process on a host. */
  start(host: string): Inhabitant {
    const drive = this.driveOf(host);
    const process = new SimProcess(this.loop, host, this.#seeds.integer(2 ** 32));
    const disk = new SimDisk(process, drive, this.faults, this.randomness());
    const { clock, timers, randomness } = process;
    const platform: Platform = { clock, timers, randomness, network: this.network.of(process), disk };
    return { process, platform, disk };
  }
}
