/** Heartbeat's rules in a classic group. */
import { assert } from '@millrace/base';
import { errorCodes, type HeartbeatRequest } from '@millrace/wire';
import type { ClassicGroup } from './classic-group.ts';

/** Restarts a member's session; the error code tells it to join again, if it must. */
export function heartbeatInClassicGroup(
  group: ClassicGroup,
  { memberId, groupInstanceId, generationId }: HeartbeatRequest,
): number {
  const error = group.members.errorOf(memberId, groupInstanceId);
  if (error !== errorCodes.NONE) return error;
  if (generationId !== group.generation) return errorCodes.ILLEGAL_GENERATION;
  const member = group.members.get(memberId);
  assert(member !== undefined, 'the member was checked');
  group.hearOf(member);
  return group.state === 'PreparingRebalance' ? errorCodes.REBALANCE_IN_PROGRESS : errorCodes.NONE;
}
