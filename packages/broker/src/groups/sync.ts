/** SyncGroup's rules: the leader hands in the assignment, which is stored; then every member gets its part. */
import { assert, messageOf } from '@millrace/base';
import { errorCodes, type SyncGroupRequest } from '@millrace/wire';
import { syncAnswer, syncError } from './answers.ts';
import type { ClassicGroup } from './classic-group.ts';
import type { SyncAnswer } from './group-member.ts';
import { storedGeneration } from './stored-generation.ts';

/** Lets a member ask for its assignment; `answer` is called exactly once, now or when the assignment is there. */
export function syncGroup(group: ClassicGroup, request: SyncGroupRequest, answer: (answer: SyncAnswer) => void): void {
  const error = syncErrorOf(group, request);
  if (error !== errorCodes.NONE) return answer(syncError(error));
  const { memberId } = request;
  const member = group.members.get(memberId);
  assert(member !== undefined, 'the request was checked');
  group.noteSync(memberId);
  if (group.state === 'Stable') return answer(syncAnswer(group, member));
  member.awaitSync(answer, syncError(errorCodes.REBALANCE_IN_PROGRESS));
  if (group.members.leads(memberId)) storeAssignment(group, request);
}

function syncErrorOf(group: ClassicGroup, request: SyncGroupRequest): number {
  const memberError = group.members.errorOf(request.memberId, request.groupInstanceId);
  if (memberError !== errorCodes.NONE) return memberError;
  if (request.generationId !== group.generation) return errorCodes.ILLEGAL_GENERATION;
  const { protocolType, protocolName } = request;
  if (protocolType !== null && protocolType !== group.protocolType) return errorCodes.INCONSISTENT_GROUP_PROTOCOL;
  if (protocolName !== null && protocolName !== group.protocolName) return errorCodes.INCONSISTENT_GROUP_PROTOCOL;
  return group.state === 'PreparingRebalance' ? errorCodes.REBALANCE_IN_PROGRESS : errorCodes.NONE;
}

function storeAssignment(group: ClassicGroup, request: SyncGroupRequest): void {
  const { generation } = group;
  const { store, report } = group.environment;
  // Copies, because a view would keep the whole request alive.
  const assignments = new Map(
    request.assignments.map(({ memberId, assignment }) => [memberId, new Uint8Array(assignment)]),
  );
  const isAwaited = (): boolean => group.state === 'CompletingRebalance' && group.generation === generation;
  store.saveGeneration(group.id, storedGeneration(group, assignments)).then(
    () => {
      if (isAwaited()) group.assign(assignments);
    },
    (error: unknown) => {
      const message = `could not store generation ${generation} of group ${group.id}: ${messageOf(error)}`;
      report({ level: 'error', message });
      if (!isAwaited()) return;
      group.abandonAssignment(errorCodes.COORDINATOR_NOT_AVAILABLE);
      group.prepareRebalance();
    },
  );
}
