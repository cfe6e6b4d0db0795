/**
 * How the workers of a mirror share its shards: as members of a classic group on the target, of a protocol type of
 * their own. Each tells what it has and how much it copies there; the group's leader assigns.
 *
 * A worker keeps copying what it has while the group rebalances, can't be reached, or has forgotten it: should another
 * have got a shard meanwhile, its fencing is what ends that. The leader has everybody join again now and then, so that
 * what was measured since counts.
 */
import { isMillraceError, type MillraceError, sleep, type Timer } from '@millrace/base';
import {
  ClassicMember,
  type Cluster,
  GroupCoordinator,
  type GroupProtocol,
  type GroupTerms,
  type JoinedGroup,
} from '@millrace/client/protocol';
import { errorCodes, KafkaError } from '@millrace/wire';
import type { MirrorReport } from '../mirror-event.ts';
import { assignShards } from './assign-shards.ts';
import type { OwnedShards } from './owned-shards.ts';
import { shardWeights } from './shard-weights.ts';
import { SharingUnreachableError } from './sharing-errors.ts';
import { decodeAssignment, decodeClaim, encodeAssignment, encodeClaim, type WorkerClaim } from './sharing-messages.ts';
import type { SharingTimes } from './sharing-times.ts';
import { workersGroupOf } from './workers-group.ts';

export interface WorkerGroupOptions {
  readonly target: Cluster;
  /** Of the mirror. */
  readonly name: string;
  /** A name for people. */
  readonly worker: string;
  /** Whether the worker comes back under this name, and no other has it. */
  readonly isNamed: boolean;
  readonly shardCount: number;
  /** How many partitions each shard has where there are so many shards. */
  readonly partitionsByShard: (shardCount: number) => number[];
  readonly times: SharingTimes;
  readonly shards: OwnedShards;
  readonly report: MirrorReport;
}

type Claims = ReadonlyMap<string, WorkerClaim>;

export class WorkerGroup {
  readonly #options: WorkerGroupOptions;
  readonly #terms: GroupTerms;
  readonly #member: ClassicMember;
  readonly #joined = Promise.withResolvers<void>();
  /** The load of shards as far as it was ever told, for those whose worker is gone. */
  readonly #told = new Map<number, number>();
  #hasJoined = false;
  #isClosed = false;
  #isIdle = false;
  #leadsSince: number | undefined;
  #generationId = -1;
  #again: Timer | undefined;
  #workers = 1;

  constructor(options: WorkerGroupOptions) {
    this.#options = options;
    this.#terms = termsOf(options);
    const coordinator = new GroupCoordinator(options.target, this.#terms.group);
    this.#member = new ClassicMember(options.target, this.#terms, coordinator, 'the worker begins', {
      prepare: () => Promise.resolve(),
      offer: () => Promise.resolve(this.#offer()),
      assign: (joined) => Promise.resolve(this.#assign(joined)),
      assigned: (assignment, joined) => Promise.resolve(this.#take(assignment, joined)),
      lost: () => Promise.resolve(),
      lookAround: () => this.#lookAround(),
      failed: (error) => this.#failed(error),
    });
    this.#joined.promise.catch(() => undefined);
  }

  /**
   * Joins; resolves when this worker has got its shards, if any. Rejects when the group may not be joined
   * (`AuthorizationError`), is used by something else (`KafkaError`), or does not answer (`SharingUnreachableError`).
   */
  async start(): Promise<void> {
    const { platform, callTimeoutMs } = this.#options.target.settings;
    const waitMs = callTimeoutMs + this.#terms.rebalanceTimeoutMs;
    const late = new AbortController();
    this.#member.start();
    const tooLate = sleep(platform.timers, waitMs, late.signal).then(() => {
      throw new SharingUnreachableError(this.#terms.group, waitMs);
    });
    tooLate.catch(() => undefined);
    try {
      await Promise.race([this.#joined.promise, tooLate]);
    } finally {
      late.abort();
    }
  }

  /** How many workers shared the mirror when it was last shared. */
  get workers(): number {
    return this.#workers;
  }

  /** Asks the group anew: something is not as it said. */
  joinAgain(reason: string): void {
    this.#member.joinAgain(reason);
  }

  /** Takes nothing more; still a member, so that nobody takes what is being given up. */
  retire(): void {
    this.#isClosed = true;
    this.#again?.cancel();
  }

  /** Leaves the group. */
  async close(): Promise<void> {
    this.retire();
    await this.#member.close('the worker is closed');
  }

  #offer(): GroupProtocol[] {
    const { worker, shardCount, shards } = this.#options;
    this.#leadsSince = undefined;
    const held = shards.held();
    return [
      { name: protocolName, metadata: encodeClaim({ worker, shardCount, generation: this.#generationId, held }) },
    ];
  }

  #assign(joined: JoinedGroup): Map<string, Uint8Array> {
    this.#leadsSince = this.#options.target.settings.platform.clock.monotonic();
    // It came back before it was missed: all keep what they have.
    if (joined.skipAssignment) return new Map();
    const claims = this.#claimsOf(joined);
    // A topic only ever gets more partitions: whoever sees more shards than the mirror began with is wrong about it.
    const shardCount = Math.min(...[...claims.values()].map((claim) => claim.shardCount));
    const loads = this.#loadsOf(claims);
    const workers = [...claims]
      .filter(([, claim]) => claim.shardCount === shardCount)
      .map(([member, { generation, held }]) => ({ member, generation, held: held.map(({ shard }) => shard) }));
    const shares = assignShards(workers, shardWeights(this.#options.partitionsByShard(shardCount), loads));
    const encoded = joined.members.map(({ memberId }) => {
      const shards = (shares.get(memberId) ?? []).map((shard) => ({ shard, load: loads.get(shard) }));
      return [memberId, encodeAssignment({ shardCount, workers: joined.members.length, shards })] as const;
    });
    return new Map(encoded);
  }

  /** What the members told. One that can't be understood gets nothing, and the others go on. */
  #claimsOf({ members, memberId: own }: JoinedGroup): Claims {
    const claims = new Map<string, WorkerClaim>();
    for (const { memberId, metadata } of members) {
      try {
        claims.set(memberId, decodeClaim(metadata));
      } catch (error) {
        if (!isMillraceError(error) || memberId === own) throw error;
        const message = `member ${memberId} of group ${this.#terms.group} gets no shards: ${error.message}`;
        this.#options.report({ level: 'error', event: 'sharing_failed', message, error });
      }
    }
    return claims;
  }

  /** Of two that tell a load the later owner is right. */
  #loadsOf(claims: Claims): ReadonlyMap<number, number> {
    const byAge = [...claims.values()].sort((a, b) => a.generation - b.generation || (a.worker < b.worker ? -1 : 1));
    for (const { shard, load } of byAge.flatMap(({ held }) => held)) {
      if (load !== undefined) this.#told.set(shard, load);
    }
    return this.#told;
  }

  #take(bytes: Uint8Array, { generationId }: JoinedGroup): void {
    const { shardCount, shards, report, partitionsByShard } = this.#options;
    if (this.#isClosed) return;
    // A leader that did not know this member, as one of another version may not, sends nothing at all.
    const assignment = bytes.length === 0 ? { shardCount, workers: 1, shards: [] } : decodeAssignment(bytes);
    if (assignment.shardCount !== shardCount) {
      const message =
        `the other workers share the mirror as ${assignment.shardCount} shards, but its offsets topic has ` +
        `${shardCount} partitions, which must never change: this worker gets none; create the mirror under a new name`;
      report({ level: 'error', event: 'sharing_failed', message });
    }
    this.#workers = assignment.workers;
    shards.assign(assignment.shards);
    this.#generationId = generationId;
    const partitions = partitionsByShard(shardCount);
    const count = assignment.shards.reduce((sum, { shard }) => sum + (partitions[shard] ?? 0), 0);
    const message = `this worker copies ${count} partitions of the mirror, which has ${assignment.workers} workers`;
    report({ level: 'info', event: 'shards_assigned', message });
    this.#tellIfIdle(count === 0, partitions.filter((each) => each > 0).length, assignment.workers);
    this.#hasJoined = true;
    this.#joined.resolve();
  }

  #tellIfIdle(isIdle: boolean, shards: number, workers: number): void {
    if (isIdle && !this.#isIdle && workers > shards) {
      const message =
        `this worker has nothing to copy: the mirror has ${workers} workers, but only ${shards} shards with ` +
        'partitions; it takes over when another ends';
      this.#options.report({ level: 'warn', event: 'worker_idle', message });
    }
    this.#isIdle = isIdle;
  }

  #lookAround(): void {
    const { target, times } = this.#options;
    if (this.#leadsSince === undefined) return;
    if (target.settings.platform.clock.monotonic() - this.#leadsSince < times.rebalanceIntervalMs) return;
    this.#member.joinAgain('what the workers have measured is to count');
  }

  #failed(error: MillraceError): void {
    const { report, times, worker } = this.#options;
    const isReplaced = error instanceof KafkaError && error.errorCode === errorCodes.FENCED_INSTANCE_ID;
    if (!this.#hasJoined) {
      // It may be a coordinator that fell back to before this worker came: who begins replaces whoever has its name.
      return isReplaced ? this.#startAfter(times.heartbeatIntervalMs) : this.#joined.reject(error);
    }
    if (this.#isClosed) return;
    if (isReplaced) {
      const message =
        `another worker of the mirror was started as ${worker} and takes over from this one; ` +
        'if both are to run, give each a name of its own';
      return report({ level: 'error', event: 'sharing_failed', message, error });
    }
    const message = `${error.message}; the worker goes on with what it has, and asks again`;
    report({ level: 'error', event: 'sharing_failed', message, error });
    this.#startAfter(times.sessionTimeoutMs);
  }

  #startAfter(ms: number): void {
    if (this.#isClosed) return;
    this.#again = this.#options.target.settings.platform.timers.after(ms, () => this.#member.start());
  }
}

/** All workers of a version that share alike have the same. */
const protocolName = 'shards-by-load';

function termsOf({ name, worker, isNamed, times }: WorkerGroupOptions): GroupTerms {
  const { sessionTimeoutMs, heartbeatIntervalMs } = times;
  const group = workersGroupOf(name);
  return {
    group,
    protocolType: 'millrace-mirror',
    instanceId: isNamed ? worker : null,
    staysWhenClosed: false,
    sessionTimeoutMs,
    heartbeatIntervalMs,
    // Nothing is given up before joining again, so that all come at their next heartbeat.
    rebalanceTimeoutMs: 2 * sessionTimeoutMs,
    mismatchHint:
      `group ${group} is what the workers of mirror ${name} share it by, but something else is in it; ` +
      'end that, or give the mirror another name',
  };
}
