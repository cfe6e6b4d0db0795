/** Declared mirrors as a part of the control plane: what runs them, and what is asked over HTTP. */
import type { Platform } from '@millrace/base';
import type { Kysely } from 'kysely';
import type { ProtocolClusters } from '../clusters/fleet-clusters.ts';
import type { Part } from '../control-plane/control-plane.ts';
import type { Schema } from '../database/schema.ts';
import type { FleetRecord } from '../record/record.ts';
import { mirrorRoutes } from './mirror-routes.ts';
import { MirrorRunner } from './mirror-runner.ts';
import { MirrorStore } from './mirror-store.ts';

export interface MirrorSettings {
  /** Whether this process runs mirrors. Default true; otherwise it only tells how others run them. */
  readonly runs?: boolean | undefined;
  /** A process that is gone is followed within this and a second, in ms. Default 5,000. */
  readonly leaseMs?: number | undefined;
  /** How often a mirror's figures are told, in ms. Default 2,000. */
  readonly statusMs?: number | undefined;
}

export interface MirrorParts extends MirrorSettings {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly record: Pick<FleetRecord, 'current' | 'onChange'>;
  readonly clusters: Pick<ProtocolClusters, 'clientOptions'>;
  readonly holder: string;
  readonly report: (message: string) => void;
}

export function openMirrors({ runs = true, ...parts }: MirrorParts): Part {
  const store = new MirrorStore(parts.db);
  const runner = runs ? new MirrorRunner({ ...parts, store }) : undefined;
  return {
    routes: mirrorRoutes({ record: parts.record, store }),
    close: async () => await runner?.close(),
  };
}
