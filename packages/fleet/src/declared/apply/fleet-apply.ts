/** Bringing the fleet to what is declared, as a kind of plan: a file into the record, and the record onto clusters. */
import { ProblemError } from '@millrace/api';
import { type ConnectView, FleetRequest } from '@millrace/api/fleet';
import type { FleetClusters } from '../../clusters/fleet-clusters.ts';
import type { Json, Plan, PlanKind } from '../../operations/plan-kind.ts';
import type { DeclaredChange, FleetRecord } from '../../record/record.ts';
import type { Refusal } from '../difference/compare-cluster.ts';
import { clustersToLookAt, differenceOf, type FleetDifference } from '../difference/fleet-difference.ts';
import type { Request } from '../difference/intent.ts';
import { lookAtClusters } from '../difference/look-at-clusters.ts';
import { requestOf } from '../request-of.ts';
import type { WantedAccess } from '../wanted-access.ts';
import type { Deed } from './deeds.ts';
import { doDeed } from './do-deed.ts';
import { planOf } from './plan-of.ts';

export interface FleetApplyParts {
  readonly record: Pick<FleetRecord, 'read' | 'change'>;
  readonly clusters: Pick<FleetClusters, 'client' | 'names'>;
  /** What of access is wanted, as of now. */
  readonly access: () => Promise<WantedAccess>;
  /** How Kafka Connect clusters are seen; without it nothing is told of connectors. */
  readonly connects?: ((signal: AbortSignal) => Promise<readonly ConnectView[]>) | undefined;
  /** A cluster that does not answer within this is out of reach. Default 5 s. */
  readonly answerMs?: number | undefined;
}

export function fleetApply(parts: FleetApplyParts): PlanKind<typeof FleetRequest> {
  const { record, clusters } = parts;
  return {
    name: 'fleet_apply',
    input: FleetRequest,
    permission: 'administer',
    async plan(input, { signal }): Promise<Plan> {
      const difference = await observeDifference(parts, requestOf(input), signal);
      if (difference.refused.length > 0) throw refusalOf(difference.refused);
      return planOf(difference);
    },
    async run(step, { reason, signal, progress, write }): Promise<Json> {
      const deed = step.input as unknown as Deed;
      if (deed.deed === 'declare') {
        const changes = deed.changes as readonly DeclaredChange[];
        const { revision } = await write((transaction) => record.change(changes, reason, transaction));
        await record.read();
        return { revision };
      }
      // Another process may have declared the cluster a moment ago.
      if (!clusters.names.includes(deed.cluster)) await record.read();
      const client = await clusters.client(deed.cluster);
      await using admin = client.admin();
      const { changed, found } = await doDeed(deed, { admin, signal, progress });
      return { changed, found };
    },
  };
}

/** Looks at the record and at the clusters, and compares. */
export async function observeDifference(
  { record, clusters, access, connects, answerMs }: FleetApplyParts,
  request: Request,
  signal: AbortSignal,
): Promise<FleetDifference> {
  const fleet = await record.read();
  const looksAtConnect = request.kinds === undefined || request.kinds.includes('connector');
  const [looks, seen] = await Promise.all([
    lookAtClusters(clusters, clustersToLookAt(fleet, request), signal, answerMs),
    looksAtConnect ? connects?.(signal) : undefined,
  ]);
  return differenceOf(fleet, request, looks, await access(), seen);
}

const issuesMax = 100;

function refusalOf(refused: readonly Refusal[]): ProblemError {
  const [first] = refused;
  const more = refused.length > 1 ? `, and ${refused.length - 1} more: see issues` : '';
  const issues = refused.slice(0, issuesMax).map(({ subject, message }) => ({ field: subject, message }));
  return new ProblemError('invalid_request', `this can't be done: ${first?.subject} ${first?.message}${more}`, {
    issues,
  });
}
