/** A member of a classic group: who it is, what it can do, and the request it waits in. */
import type { joinGroup, ResponseDraft, syncGroup } from '@millrace/wire';

export type JoinAnswer = ResponseDraft<typeof joinGroup>;
export type SyncAnswer = ResponseDraft<typeof syncGroup>;

/** A way to assign partitions that a member offers, with what it tells the leader about itself. */
export interface OfferedProtocol {
  readonly name: string;
  readonly metadata: Uint8Array;
}

/** Who sends a request. */
export interface Client {
  readonly clientId: string | null;
  /** The peer's address without port. */
  readonly clientHost: string;
  readonly apiVersion: number;
}

export interface MemberFacts {
  readonly id: string;
  /** Set for a static member (KIP-345). */
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  /** In order of preference. Owned by the member: no views of a request. */
  readonly protocols: readonly OfferedProtocol[];
}

export const noBytes: Uint8Array = new Uint8Array(0);

export class GroupMember {
  #facts: MemberFacts;
  assignment: Uint8Array = noBytes;
  /**
   * Joined for the first time, and that join is not answered yet: it can't send heartbeats, as it does not know its id.
   */
  isNew = false;
  /** Monotonic milliseconds by which it must be heard of; Infinity while it waits in a request. */
  deadline = Number.POSITIVE_INFINITY;
  #answerJoin: ((answer: JoinAnswer) => void) | undefined;
  #answerSync: ((answer: SyncAnswer) => void) | undefined;

  constructor(facts: MemberFacts) {
    this.#facts = facts;
  }

  get id(): string {
    return this.#facts.id;
  }

  get facts(): MemberFacts {
    return this.#facts;
  }

  get isStatic(): boolean {
    return this.#facts.instanceId !== null;
  }

  get awaitsJoin(): boolean {
    return this.#answerJoin !== undefined;
  }

  get awaitsSync(): boolean {
    return this.#answerSync !== undefined;
  }

  /** Whether waiting in a request stands for a heartbeat. */
  get isHeardOf(): boolean {
    return !this.isNew && (this.awaitsJoin || this.awaitsSync);
  }

  update(changes: Pick<MemberFacts, 'protocols' | 'rebalanceTimeoutMs' | 'sessionTimeoutMs'>): void {
    this.#facts = { ...this.#facts, ...changes };
  }

  /** What it tells the leader under a protocol; empty when it does not offer that one. */
  metadata(protocolName: string | null): Uint8Array {
    return this.#facts.protocols.find((protocol) => protocol.name === protocolName)?.metadata ?? noBytes;
  }

  offers(protocolName: string): boolean {
    return this.#facts.protocols.some((protocol) => protocol.name === protocolName);
  }

  /** Whether the given protocols are the same as its own, in the same order and with the same metadata. */
  matches(protocols: readonly OfferedProtocol[]): boolean {
    const own = this.#facts.protocols;
    return (
      own.length === protocols.length &&
      own.every(({ name, metadata }, index) => {
        const other = protocols[index];
        return other !== undefined && other.name === name && Buffer.compare(other.metadata, metadata) === 0;
      })
    );
  }

  /** Parks a join. One that is parked already (its client gave up and tries again) is taken over by the new one. */
  awaitJoin(answer: (answer: JoinAnswer) => void, superseded: JoinAnswer): void {
    this.#answerJoin?.(superseded);
    this.#answerJoin = answer;
  }

  awaitSync(answer: (answer: SyncAnswer) => void, superseded: SyncAnswer): void {
    this.#answerSync?.(superseded);
    this.#answerSync = answer;
  }

  /** Answers the parked join; false when there is none. */
  answerJoin(answer: JoinAnswer): boolean {
    const parked = this.#answerJoin;
    this.#answerJoin = undefined;
    parked?.(answer);
    return parked !== undefined;
  }

  /** Answers the parked sync; false when there is none. */
  answerSync(answer: SyncAnswer): boolean {
    const parked = this.#answerSync;
    this.#answerSync = undefined;
    parked?.(answer);
    return parked !== undefined;
  }
}
