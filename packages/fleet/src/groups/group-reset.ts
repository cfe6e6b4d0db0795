/**
 * Resets the offsets of a group, as a plan of one step. Its notes say where each partition would go now. A busy topic
 * moves on until the plan is applied, which does not make it stale; the step looks again, keeps what it found, and
 * commits exactly that however often it is begun: a shift shifts once.
 */
import { ProblemError } from '@millrace/api';
import { GroupReset, type GroupResetPreview, type OffsetMove } from '@millrace/api/fleet';
import { unwrap } from '@millrace/client';
import { requireOn } from '../access/index.ts';
import type { FleetClusters } from '../clusters/fleet-clusters.ts';
import type { Json, PlanKind } from '../operations/plan-kind.ts';
import type { FleetRecord } from '../record/record.ts';
import { offsetMoves, requireNoMembers } from './offset-moves.ts';
import { teamOfGroup } from './team-of-group.ts';

export interface GroupParts {
  readonly record: Pick<FleetRecord, 'current'>;
  readonly clusters: Pick<FleetClusters, 'client'>;
}

/** Partitions that a plan shows one by one; of more it shows the sums. */
const shownMax = 200;

export function groupResetKind(parts: GroupParts): PlanKind<typeof GroupReset> {
  return {
    name: 'group_reset',
    input: GroupReset,
    permission: 'operate',
    permit({ cluster, group }, principal) {
      requireOn(principal, 'operate', { team: teamOfGroup(parts.record.current(), cluster, group) }, `group ${group}`);
    },
    async plan(input, { signal }) {
      const { cluster, group } = input;
      const preview = await previewOf(parts, input, signal);
      const { moves, skipped, readAgain } = preview;
      if (moves.every(({ from, to }) => from === to)) {
        return { title: `The offsets of ${group} on ${cluster} are there already`, steps: [] };
      }
      return {
        title: `Move the offsets of ${group} on ${cluster}`,
        steps: [
          {
            id: `reset group ${cluster}/${group}`,
            title: `Move ${moves.length === 1 ? '1 partition' : `${moves.length} partitions`} of ${group}`,
            // Old offsets stand in the plan, so that they can be set again; what was skipped meanwhile is not.
            destructive: skipped > 0,
            input: input as unknown as Json,
            before: moves.slice(0, shownMax).map(({ topic, partition, from }) => ({ topic, partition, offset: from })),
            to: input.to,
          },
        ],
        notes: [
          `as the topics are now, ${skipped} offsets are skipped and ${readAgain} read again`,
          ...moves.slice(0, shownMax).map(moveText),
          ...(moves.length > shownMax ? [`and so on: ${moves.length} partitions in all`] : []),
        ],
      };
    },
    async run(step, { kept, keep, signal }) {
      const input = step.input as unknown as GroupReset;
      const client = await parts.clusters.client(input.cluster);
      await using admin = client.admin();
      const moves = (kept as unknown as OffsetMove[] | undefined) ?? (await offsetMoves(admin, input, { signal }));
      if (kept === undefined) await keep(moves as unknown as Json);
      await requireNoMembers(admin, input, { signal });
      const offsets = moves.map(({ topic, partition, to }) => ({ topic, partition, offset: to }));
      unwrap(await admin.commitOffsets(input.group, offsets, { signal }));
      return moves as unknown as Json;
    },
  };
}

function moveText({ topic, partition, from, to, skipped, readAgain }: OffsetMove): string {
  const effects = [
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(readAgain > 0 ? [`${readAgain} read again`] : []),
  ];
  return `${topic} [${partition}]: ${from ?? 'nothing'} to ${to}${effects.length > 0 ? `, ${effects.join(', ')}` : ''}`;
}

/** What a reset would do now. @throws ProblemError */
export async function previewOf(parts: GroupParts, input: GroupReset, signal: AbortSignal): Promise<GroupResetPreview> {
  const { cluster, group, to } = input;
  if (to.kind === 'time' && Number.isNaN(Date.parse(to.time))) {
    throw new ProblemError('invalid_request', `${to.time} is no time as RFC 3339 has it`);
  }
  const client = await parts.clusters.client(cluster);
  await using admin = client.admin();
  const moves = await offsetMoves(admin, input, { signal });
  const sum = (of: (move: OffsetMove) => number): number => moves.reduce((total, move) => total + of(move), 0);
  return { cluster, group, moves, skipped: sum((move) => move.skipped), readAgain: sum((move) => move.readAgain) };
}
