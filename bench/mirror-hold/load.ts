/** What the generator and the process that started it tell each other. */
import type { Compression } from '@millrace/client';

export interface Load {
  readonly bootstrap: string;
  readonly topic: string;
  readonly partitions: number;
  readonly recordBytes: number;
  readonly compression: Compression;
  /** Written evenly; absent: as many as are copied. */
  readonly recordsPerSecond?: number | undefined;
  /** Without a rate: most records that are written and not copied. */
  readonly aheadMax: number;
  readonly seconds: number;
}

/** From the generator, every second and at its end. */
export interface Written {
  readonly sent: number;
  readonly acknowledged: number;
}

/** To the generator: how many records have been copied. */
export interface Copied {
  readonly copied: number;
}
