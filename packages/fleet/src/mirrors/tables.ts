/** The tables of declared mirrors. */
import type { MirroredPartition, MirrorState, MirrorTrouble } from '@millrace/api/fleet';
import type { JsonColumn, JsonColumnOrNull } from '../database/json.ts';
import type { RunFigures } from './run-status.ts';

/** How a mirror runs, as whoever runs it told last. */
export interface MirrorRunTable {
  name: string;
  process: string;
  state: MirrorState;
  problem: string | null;
  since: Date;
  at: Date;
  figures: JsonColumnOrNull<RunFigures>;
  partitions: JsonColumn<readonly MirroredPartition[]>;
  troubles: JsonColumn<readonly MirrorTrouble[]>;
}

/** What a mirror once began with, and can't be changed. */
export interface MirrorBegunTable {
  target: string;
  name: string;
  source: string;
  prefix: string;
}
