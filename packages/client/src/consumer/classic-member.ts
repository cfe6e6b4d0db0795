/**
 * A member of a classic group, whatever is shared in it: joins, hands its host what it gets, shows that it lives, joins
 * again when the group changes or forgot it, and leaves.
 *
 * Heartbeats come from a timer and go on while the host is busy with what it got.
 */
import { isMillraceError, type MillraceError, sleep } from '@millrace/base';
import { errorCodes, KafkaError } from '@millrace/wire';
import { backoffMs } from '../backoff.ts';
import type { ClientEvent } from '../client.ts';
import type { Cluster } from '../cluster.ts';
import type { GroupCoordinator } from '../group-coordinator.ts';
import { type GroupProtocol, type GroupTerms, type JoinedGroup, join, leave, sync } from './classic-requests.ts';
import { Heartbeats } from './heartbeats.ts';
import { leaveTimeoutMs } from './membership.ts';

/** What a member is for. What it rejects with ends the membership, unless the error is retriable. */
export interface ClassicMemberHost {
  /** Called before each join, while the last membership still holds. */
  readonly prepare: () => Promise<void>;
  /** What the member tells the leader, by the ways to share that it knows. `generationId` is its last; -1 for none. */
  readonly offer: (generationId: number) => Promise<readonly GroupProtocol[]>;
  /** The leader's: what each member gets, by member id. */
  readonly assign: (joined: JoinedGroup) => Promise<ReadonlyMap<string, Uint8Array>>;
  /** Takes what this member got. Heartbeats go on meanwhile; it joins again only after. */
  readonly assigned: (assignment: Uint8Array, joined: JoinedGroup) => Promise<void>;
  /** The group went on without this member, or the membership ends: others may own what was its. */
  readonly lost: () => Promise<void>;
  /** Called before each heartbeat; may ask to join again, or to stay away. */
  readonly lookAround: () => void;
  /** The membership has ended by an error that trying again can't cure. `start` begins another. */
  readonly failed: (error: MillraceError) => void;
}

/** Why the membership ended: the host wants to stay away. */
const away = Symbol('away');

export class ClassicMember {
  readonly #cluster: Cluster;
  readonly #terms: GroupTerms;
  readonly #coordinator: GroupCoordinator;
  readonly #host: ClassicMemberHost;
  readonly #heartbeats: Heartbeats;
  readonly #purpose: string;
  readonly #abort = new AbortController();
  #memberId = '';
  #generationId = -1;
  /** Joined and not joining again: heartbeats are due. */
  #isMember = false;
  #running: Promise<void> | undefined;
  #rejoin = Promise.withResolvers<void>();
  #reason: string;
  #comeBack: (() => Promise<string>) | undefined;

  /** `reason` to join at first. */
  constructor(
    cluster: Cluster,
    terms: GroupTerms,
    coordinator: GroupCoordinator,
    reason: string,
    host: ClassicMemberHost,
  ) {
    this.#cluster = cluster;
    this.#terms = terms;
    this.#coordinator = coordinator;
    this.#reason = reason;
    this.#host = host;
    this.#purpose = cluster.newPurpose('group');
    this.#heartbeats = new Heartbeats(cluster, terms, coordinator, this.#purpose, {
      member: () => (this.#isMember ? { memberId: this.#memberId, generationId: this.#generationId } : undefined),
      lookAround: () => host.lookAround(),
      failed: (error) => this.#beatFailed(error),
    });
  }

  /** Empty before it has one. */
  get memberId(): string {
    return this.#memberId;
  }

  /** -1 while it has none. */
  get generationId(): number {
    return this.#generationId;
  }

  /** Joins and stays a member, until `close` or an error that trying again can't cure. */
  start(): void {
    if (this.#running !== undefined || this.#abort.signal.aborted) return;
    this.#running = this.#run().then(
      () => {
        this.#running = undefined;
      },
      (error: unknown) => {
        this.#running = undefined;
        if (this.#abort.signal.aborted) return;
        if (!isMillraceError(error)) throw error;
        this.#host.failed(error);
      },
    );
  }

  /** Joins again as soon as what it got is taken. */
  joinAgain(reason: string): void {
    this.#reason = reason;
    this.#rejoin.resolve();
  }

  /** Leaves the group, and joins again when `comeBack` has resolved, with the reason. */
  stayAway(reason: string, comeBack: () => Promise<string>): void {
    this.#isMember = false;
    this.#comeBack = comeBack;
    this.#leave(reason).then(
      () => this.#rejoin.reject(away),
      (error: unknown) => this.#rejoin.reject(error),
    );
  }

  /** Leaves the group for good. The host has given up what was its before. */
  async close(reason: string): Promise<void> {
    const wasMember = this.#memberId !== '';
    this.#abort.abort();
    this.#heartbeats.stop();
    this.#rejoin.resolve();
    if (wasMember) await this.#leave(reason);
    const release = (): void => this.#cluster.pool.release(this.#purpose);
    release();
    // What was about to be opened is of no use to anybody.
    this.#running?.then(release);
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#abort.signal.aborted) {
      try {
        await this.#join();
        failures = 0;
        await this.#rejoin.promise;
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        this.#isMember = false;
        if (error === away) await this.#returnToGroup();
        else if (!isMillraceError(error)) throw error;
        else if (await this.#recover(error, ++failures)) continue;
        else throw error;
      }
    }
  }

  /** Deals with what went wrong; false when trying again is of no use. */
  async #recover(error: MillraceError, failures: number): Promise<boolean> {
    const { platform } = this.#cluster.settings;
    this.#coordinator.noteError(error);
    const errorCode = error instanceof KafkaError ? error.errorCode : undefined;
    if (errorCode === errorCodes.REBALANCE_IN_PROGRESS) return true;
    if (errorCode === errorCodes.UNKNOWN_MEMBER_ID || errorCode === errorCodes.ILLEGAL_GENERATION) {
      const message = `the group went on without this member (${error.message}); joining again`;
      this.#report('warn', 'group_rebalance', message);
      if (errorCode === errorCodes.UNKNOWN_MEMBER_ID) this.#memberId = '';
      this.#reason = 'the membership was lost';
      await this.#lose();
      return true;
    }
    if (!error.retriable) {
      this.#memberId = '';
      await this.#lose();
      return false;
    }
    this.#report('warn', 'coordinator_lost', `${error.message}; trying again`, error);
    await sleep(platform.timers, backoffMs(this.#cluster.settings, failures, platform.randomness), this.#abort.signal);
    return true;
  }

  async #lose(): Promise<void> {
    this.#generationId = -1;
    await this.#host.lost();
  }

  async #returnToGroup(): Promise<void> {
    const reason = await this.#comeBack?.();
    this.#memberId = '';
    this.#reason = reason ?? this.#reason;
    await this.#lose();
  }

  async #join(): Promise<void> {
    const terms = this.#terms;
    await this.#host.prepare();
    this.#isMember = false;
    this.#rejoin = Promise.withResolvers();
    // Rejected when the membership ends while nobody waits for it yet.
    this.#rejoin.promise.catch(() => undefined);
    const connection = await this.#coordinator.connect(this.#purpose);
    const protocols = await this.#host.offer(this.#generationId);
    this.#abort.signal.throwIfAborted();
    const joined = await join(connection, {
      terms,
      memberId: this.#memberId,
      named: (memberId) => {
        this.#memberId = memberId;
      },
      protocols,
      reason: this.#reason,
    });
    this.#abort.signal.throwIfAborted();
    const assignments = joined.isLeader ? await this.#host.assign(joined) : new Map<string, Uint8Array>();
    const assignment = await sync(connection, terms, joined, assignments);
    this.#abort.signal.throwIfAborted();
    this.#generationId = joined.generationId;
    this.#isMember = true;
    this.#heartbeats.start();
    await this.#host.assigned(assignment, joined);
  }

  #beatFailed(error: MillraceError): void {
    if (error instanceof KafkaError && error.errorCode === errorCodes.REBALANCE_IN_PROGRESS) {
      this.#report('info', 'group_rebalance', `group ${this.#terms.group} rebalances`);
      this.joinAgain('the group rebalances');
    } else if (!error.retriable) this.#rejoin.reject(error);
    else this.#report('warn', 'coordinator_lost', `${error.message}; trying again`, error);
  }

  async #leave(reason: string): Promise<void> {
    const terms = this.#terms;
    const memberId = this.#memberId;
    this.#memberId = '';
    this.#generationId = -1;
    if (terms.staysWhenClosed) return;
    try {
      await this.#coordinator.call({ timeoutMs: leaveTimeoutMs }, (connection, timeoutMs) =>
        leave(connection, terms, memberId, reason, timeoutMs),
      );
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      this.#report('warn', 'group_left', `${error.message}; the group notices when the session times out`, error);
    }
  }

  #report(level: ClientEvent['level'], event: ClientEvent['event'], message: string, error?: Error): void {
    this.#cluster.settings.report({ level, event, message, error });
  }
}
