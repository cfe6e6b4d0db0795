/**
 * The requests of a transactional producer in either transaction protocol, each asked until it has an answer that is
 * not only about now.
 */
import {
  type Api,
  addOffsetsToTxn,
  addPartitionsToTxn,
  endTxn,
  errorCodes,
  errorRow,
  findCoordinator,
  initProducerId,
  offsetFetch,
  produce,
  type RequestDraft,
  type ResponseOf,
  txnOffsetCommit,
} from '@millrace/wire';
import type { ActorHome, KnownPartition } from './actor.ts';
import type { Endpoint } from './endpoint.ts';
import { findCoordinatorOf } from './find-coordinator.ts';
import { InvariantViolation } from './history.ts';
import { ConnectionGone, someVersion } from './wire-connection.ts';

export interface Identity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** The broker takes nothing more from this identity. */
export class Refused extends Error {
  readonly errorCode: number;

  constructor(what: string, errorCode: number) {
    super(`${what} was refused: ${errorRow(errorCode).name}`);
    this.errorCode = errorCode;
  }
}

export class TransactionalPeer {
  readonly #home: ActorHome;
  readonly #id: string;
  readonly #protocol: 1 | 2;

  /** Protocol 1 adds partitions by requests of their own, 2 with the records (KIP-890). */
  constructor(home: ActorHome, transactionalId: string, protocol: 1 | 2) {
    this.#home = home;
    this.#id = transactionalId;
    this.#protocol = protocol;
  }

  get group(): string {
    return `group-${this.#id}`;
  }

  /** Rejects with `Refused`. */
  async identify(transactionTimeoutMs: number): Promise<Identity> {
    const draft = { transactionalId: this.#id, transactionTimeoutMs };
    const version = someVersion(this.#home.randomness, 0, 5);
    const { errorCode, producerId, producerEpoch } = await this.#askCoordinator(initProducerId, version, draft);
    if (errorCode !== errorCodes.NONE) throw new Refused('an identity', errorCode);
    return { producerId, producerEpoch };
  }

  /** What protocol 1 does before it writes. Rejects with `Refused`. */
  async addPartitions(identity: Identity, partitions: readonly KnownPartition[]): Promise<void> {
    if (this.#protocol === 2) return;
    const names = [...new Set(partitions.map(({ topic }) => topic))];
    const v3AndBelowTopics = names.map((name) => ({
      name,
      partitions: partitions.filter(({ topic }) => topic === name).map(({ index }) => index),
    }));
    const draft = {
      v3AndBelowTransactionalId: this.#id,
      v3AndBelowProducerId: identity.producerId,
      v3AndBelowProducerEpoch: identity.producerEpoch,
      v3AndBelowTopics,
    };
    const codesOf = (response: ResponseOf<typeof addPartitionsToTxn>): number[] =>
      response.resultsByTopicV3AndBelow.flatMap(({ resultsByPartition }) =>
        resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode),
      );
    const version = someVersion(this.#home.randomness, 0, 3);
    const response = await this.#askCoordinator(addPartitionsToTxn, version, draft, codesOf);
    const refused = codesOf(response).find((code) => code !== errorCodes.NONE);
    if (refused !== undefined) throw new Refused('adding partitions', refused);
  }

  async produce(
    { topic, topicId, index, leader }: KnownPartition,
    records: Uint8Array,
  ): Promise<{ readonly errorCode: number; readonly baseOffset: number }> {
    const [least, most] = this.#protocol === 1 ? [3, 11] : [12, 13];
    const version = someVersion(this.#home.randomness, least, most);
    const topicData = [{ name: topic, topicId, partitionData: [{ index, records }] }];
    const draft = { transactionalId: this.#id, acks: -1, timeoutMs: 30_000, topicData };
    for (;;) {
      const response = await this.#home.broker(leader).ask(produce, version, draft);
      const answer = response.responses[0]?.partitionResponses[0];
      if (answer === undefined) throw new InvariantViolation(`${this.#id}: no answer for ${topic}/${index}`);
      if (answer.errorCode === errorCodes.NONE || !errorRow(answer.errorCode).retriable) return answer;
      await this.#home.broker(leader).pause();
    }
  }

  /** Commits an offset of the group in the transaction. Rejects with `Refused`. */
  async commitOffset(identity: Identity, { topic, index }: KnownPartition, committedOffset: number): Promise<void> {
    const named = { transactionalId: this.#id, ...identity, groupId: this.group };
    if (this.#protocol === 1) {
      const version = someVersion(this.#home.randomness, 0, 4);
      const added = await this.#askCoordinator(addOffsetsToTxn, version, named);
      if (added.errorCode !== errorCodes.NONE) throw new Refused('adding offsets', added.errorCode);
    }
    const [least, most] = this.#protocol === 1 ? [0, 4] : [5, 5];
    const partitions = [{ partitionIndex: index, committedOffset, committedMetadata: '' }];
    const draft = { ...named, memberId: '', topics: [{ name: topic, partitions }] };
    const version = someVersion(this.#home.randomness, least, most);
    for (;;) {
      const { nodeId } = await findCoordinatorOf(this.#home, this.group);
      const response = await this.#home.broker(nodeId).ask(txnOffsetCommit, version, draft);
      const errorCode = response.topics[0]?.partitions[0]?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR;
      if (errorCode === errorCodes.NONE) return;
      if (!errorRow(errorCode).retriable) throw new Refused('an offset', errorCode);
      await this.#home.anyBroker().pause();
    }
  }

  /** Answers the identity to go on with. Rejects with `Refused`. */
  async end(identity: Identity, committed: boolean): Promise<Identity> {
    const response = await this.#askCoordinator(endTxn, this.#endVersion, this.#endDraft(identity, committed));
    const { errorCode, producerId, producerEpoch } = response;
    if (errorCode !== errorCodes.NONE) throw new Refused(committed ? 'a commit' : 'an abort', errorCode);
    return this.#protocol === 1 ? identity : { producerId, producerEpoch };
  }

  /** Sends a commit and does not wait for what becomes of it. */
  async postCommit(identity: Identity): Promise<void> {
    const connection = await (await this.#coordinator()).open();
    connection.request(endTxn, this.#endVersion, this.#endDraft(identity, true)).catch((error: unknown) => {
      if (!(error instanceof ConnectionGone)) this.#home.fail(error as Error);
    });
  }

  /** The group's offset, once no transaction may change it any more. */
  async committedOffset({ topic, index }: KnownPartition): Promise<number> {
    for (;;) {
      const { nodeId } = await findCoordinatorOf(this.#home, this.group);
      const response = await this.#home.broker(nodeId).ask(offsetFetch, 8, {
        groups: [{ groupId: this.group, topics: [{ name: topic, partitionIndexes: [index] }] }],
        requireStable: true,
      });
      const answer = response.groups[0]?.topics[0]?.partitions[0];
      if (answer !== undefined && answer.errorCode === errorCodes.NONE) return answer.committedOffset;
      await this.#home.broker(nodeId).pause();
    }
  }

  get #endVersion(): number {
    return this.#protocol === 1 ? someVersion(this.#home.randomness, 0, 4) : 5;
  }

  #endDraft(identity: Identity, committed: boolean) {
    return { transactionalId: this.#id, ...identity, committed };
  }

  /** Asks the coordinator until it answers and has something else to say than that it is busy. */
  async #askCoordinator<A extends Api>(
    api: A,
    version: number,
    draft: RequestDraft<A>,
    codesOf: (response: ResponseOf<A>) => readonly number[] = (response) => [
      (response as { readonly errorCode: number }).errorCode,
    ],
  ): Promise<ResponseOf<A>> {
    for (;;) {
      const coordinator = await this.#coordinator();
      const response = await coordinator.ask(api, version, draft);
      if (!codesOf(response).some((code) => errorRow(code).retriable)) return response;
      await coordinator.pause();
    }
  }

  async #coordinator(): Promise<Endpoint> {
    for (;;) {
      const draft = { keyType: 1, coordinatorKeys: [this.#id] };
      const response = await this.#home.anyBroker().ask(findCoordinator, 4, draft);
      const found = response.coordinators[0];
      if (found !== undefined && found.errorCode === errorCodes.NONE) return this.#home.broker(found.nodeId);
      await this.#home.anyBroker().pause();
    }
  }
}
