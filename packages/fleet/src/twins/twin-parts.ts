/** What the parts of twins work with, and which clusters are twins of which. */
import { ProblemError } from '@millrace/api';
import type { Spec } from '@millrace/api/declared';
import type { Platform } from '@millrace/base';
import type { FleetClusters } from '../clusters/fleet-clusters.ts';
import type { FleetRecord } from '../record/record.ts';
import type { ClusterFactory } from './cluster-factory.ts';
import type { SchemaValues } from './masking/mask-rules.ts';

export interface TwinParts {
  readonly record: Pick<FleetRecord, 'current' | 'read' | 'change'>;
  readonly clusters: Pick<FleetClusters, 'client'>;
  readonly platform: Platform;
  /** Undefined: embedded twins can't be made here, only those be compared that are declared. */
  readonly factory?: ClusterFactory | undefined;
  /** The key under which records are masked: the same for ever, or what was copied earlier no longer fits. */
  readonly maskingKey: () => Promise<Uint8Array>;
  /** Reads values of Avro and Protobuf, so that their fields can be masked. */
  readonly schemas?: SchemaValues | undefined;
}

/** A cluster that is declared as the twin of another. */
export interface TwinPair {
  readonly twin: Spec<'cluster'>;
  readonly source: Spec<'cluster'>;
}

/** @throws ProblemError `not_found`, or `conflict` for a cluster that is nobody's twin */
export function twinPair({ record }: Pick<TwinParts, 'record'>, name: string): TwinPair {
  const fleet = record.current();
  const twin = fleet.get('cluster', name)?.spec;
  if (twin === undefined) throw new ProblemError('not_found', `there is no cluster ${name} in the record`);
  if (twin.twinOf === undefined) {
    const how = "declare it with `twinOf`, the name of the cluster that it is to be like, and it's compared";
    throw new ProblemError('conflict', `the cluster ${name} is not declared as the twin of another; ${how}`);
  }
  const source = fleet.get('cluster', twin.twinOf)?.spec;
  if (source !== undefined) return { twin, source };
  throw new ProblemError('not_found', `${name} is declared as the twin of ${twin.twinOf}, which is not in the record`);
}
