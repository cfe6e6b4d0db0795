/**
 * A member of a classic group by raw requests, on connections of its own: a join or sync that waits for other members
 * keeps everything behind it on its connection waiting too.
 */
import {
  encodeConsumerSubscription,
  heartbeat,
  joinGroup,
  leaveGroup,
  type RequestDraft,
  type ResponseOf,
  syncGroup,
} from '@millrace/wire';
import type { Place } from './place.ts';
import { errorName, RawCluster, type RawConnection } from './raw-connection.ts';
import type { Scope } from './scope.ts';

export type JoinDraft = RequestDraft<typeof joinGroup>;
export type JoinAnswer = ResponseOf<typeof joinGroup>;
type SyncDraft = RequestDraft<typeof syncGroup>;

/** A protocol that members can agree on, with a subscription to no topic. */
export function protocol(name: string, topics: string[] = []): JoinDraft['protocols'][number] {
  return { name, metadata: encodeConsumerSubscription({ topics, ownedPartitions: [] }) };
}

export class RawMember {
  readonly groupId: string;
  readonly connection: RawConnection;
  readonly instanceId: string | null;
  memberId = '';
  generationId = -1;

  private constructor(connection: RawConnection, groupId: string, instanceId: string | null) {
    this.connection = connection;
    this.groupId = groupId;
    this.instanceId = instanceId;
  }

  /** Not joined yet. */
  static async of(place: Place, scope: Scope, groupId: string, instanceId: string | null = null): Promise<RawMember> {
    return new RawMember(await new RawCluster(place, scope).coordinator('group', groupId), groupId, instanceId);
  }

  get identity(): { groupId: string; memberId: string; generationId: number; groupInstanceId: string | null } {
    const { groupId, memberId, generationId, instanceId } = this;
    return { groupId, memberId, generationId, groupInstanceId: instanceId };
  }

  draft(changes: Partial<JoinDraft> = {}): JoinDraft {
    return {
      groupId: this.groupId,
      memberId: this.memberId,
      groupInstanceId: this.instanceId,
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 30_000,
      protocolType: 'consumer',
      protocols: [protocol('range')],
      ...changes,
    };
  }

  /** Joins; where the coordinator makes up an id for it first, once more with that. */
  async join(changes: Partial<JoinDraft> = {}): Promise<JoinAnswer> {
    const first = await this.joinOnce(changes);
    return errorName(first.errorCode) === 'MEMBER_ID_REQUIRED' ? await this.joinOnce(changes) : first;
  }

  async joinOnce(changes: Partial<JoinDraft> = {}, version = 9): Promise<JoinAnswer> {
    const answer = await this.connection.request(joinGroup, version, this.draft(changes));
    if (answer.memberId !== '') this.memberId = answer.memberId;
    if (answer.errorCode === 0) this.generationId = answer.generationId;
    return answer;
  }

  /** Hands out assignments, or asks for its own. */
  sync(assignments: SyncDraft['assignments'] = [], changes: Partial<SyncDraft> = {}) {
    const named = { protocolType: 'consumer', protocolName: 'range' };
    return this.connection.request(syncGroup, 5, { ...this.identity, ...named, assignments, ...changes });
  }

  /** Joins and, as the leader it must become, gives `assignment` to itself. */
  async enter(assignment: Uint8Array = new Uint8Array(), changes: Partial<JoinDraft> = {}): Promise<JoinAnswer> {
    const joined = await this.join(changes);
    if (joined.leader === this.memberId) await this.sync([{ memberId: this.memberId, assignment }]);
    return joined;
  }

  /** The name of what a heartbeat is answered. */
  async beat(changes: Partial<RequestDraft<typeof heartbeat>> = {}): Promise<string> {
    const answer = await this.connection.request(heartbeat, 4, { ...this.identity, ...changes });
    return errorName(answer.errorCode);
  }

  /** The names of what leaving was answered, of the request and of each member. */
  async leave(members: RequestDraft<typeof leaveGroup>['members'] = [this.name]): Promise<readonly string[]> {
    const answer = await this.connection.request(leaveGroup, 5, { groupId: this.groupId, members });
    return [answer, ...answer.members].map(({ errorCode }) => errorName(errorCode));
  }

  /** As LeaveGroup names it. */
  get name(): { memberId: string; groupInstanceId: string | null; reason: string | null } {
    return { memberId: this.memberId, groupInstanceId: this.instanceId, reason: null };
  }
}
