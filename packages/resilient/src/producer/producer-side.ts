/**
 * A plain producer on one cluster, as one of the two sides of a switch. One with a transactional id takes it only when
 * it is started, since that fences whoever has it; until then an ordinary producer shows that the options are right.
 */
import { isMillraceError } from '@millrace/base';
import {
  type Delivery,
  DeliveryError,
  type Producer,
  type ProducerOptions,
  type ProducerRecord,
  type RecordPosition,
  unwrap,
} from '@millrace/client';
import type { ClientLease, ClusterClients } from '../clients/cluster-clients.ts';
import type { Target } from '../clients/target.ts';
import { AmbiguousDeliveryError } from '../errors.ts';

const bufferBytesMaxDefault = 32 * 1024 * 1024;
const batchBytesMaxDefault = 512 * 1024;
/** For the question whether a cluster is there and knows the topics. */
const probeTimeoutMs = 5_000;

export interface ProducerSideOptions {
  readonly clients: ClusterClients;
  readonly target: Target;
  readonly topics: readonly string[];
  /** What the program says itself, which counts more than the answer. */
  readonly own: ProducerOptions;
  /** Told of each delivery. */
  readonly observe: (delivery: Delivery) => void;
}

export class ProducerSide {
  readonly target: Target;
  readonly bufferBytesMax: number;
  readonly batchBytesMax: number;
  readonly #topics: readonly string[];
  readonly #options: ProducerOptions;
  readonly #lease: ClientLease;
  #producer: Producer;
  /** Where the topics went before this side had finished. */
  #forcedTo: string | undefined;
  #closed: Promise<void> | undefined;

  /** @throws InvalidOptionError */
  constructor({ clients, target, topics, own, observe }: ProducerSideOptions) {
    const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)) as ProducerOptions;
    const { onDelivery } = own;
    this.#options = {
      ...target.producer,
      ...given,
      observe: (delivery) => observe(this.#told(delivery)),
      onDelivery: onDelivery && ((delivery) => onDelivery(this.#told(delivery))),
    };
    this.target = target;
    this.#topics = topics;
    this.bufferBytesMax = this.#options.bufferBytesMax ?? bufferBytesMaxDefault;
    this.batchBytesMax = this.#options.batchBytesMax ?? batchBytesMaxDefault;
    this.#lease = clients.acquire(target);
    try {
      this.#producer = this.#lease.client.producer({ ...this.#options, transactionalId: undefined });
    } catch (error) {
      void this.#lease.release();
      throw error;
    }
  }

  get producer(): Producer {
    return this.#producer;
  }

  /** To be called once, before the first record. */
  async start(): Promise<void> {
    if (this.#options.transactionalId === undefined) return;
    const ordinary = this.#producer;
    this.#producer = this.#lease.client.producer(this.#options);
    await ordinary.close();
  }

  /** Rejects with errors as the program is to see them. */
  async send(record: ProducerRecord): Promise<RecordPosition> {
    try {
      return await this.#producer.send(record);
    } catch (error) {
      throw this.translated(error);
    }
  }

  get hasRoom(): boolean {
    return this.#producer.bufferedBytes < this.bufferBytesMax;
  }

  /** Resolves once the cluster answers and knows the topics. Rejects with what is in the way. */
  async reach(signal: AbortSignal): Promise<void> {
    const admin = this.#lease.client.admin();
    try {
      unwrap(await admin.describeTopics(this.#topics, { timeoutMs: probeTimeoutMs, signal }));
    } finally {
      await admin.close();
    }
  }

  /** An error of this side, as the program is to see it. */
  translated(error: unknown): unknown {
    if (this.#forcedTo === undefined || !(error instanceof DeliveryError)) return error;
    return new AmbiguousDeliveryError(error, this.target.cluster.name, this.#forcedTo);
  }

  /** Gives up what is not acknowledged, because the topic is on another cluster now. Rejects as `close` does. */
  abandon(to: string): Promise<void> {
    this.#forcedTo = to;
    return this.close(AbortSignal.abort());
  }

  /**
   * Rejects with `DeliveryError` for records that nobody was told of. Of several calls the first one's signal counts.
   */
  close(signal?: AbortSignal): Promise<void> {
    this.#closed ??= this.#close(signal);
    return this.#closed;
  }

  async #close(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#producer.close({ signal });
    } finally {
      await this.#lease.release();
    }
  }

  #told(delivery: Delivery): Delivery {
    const error = this.translated(delivery.error) as Error | undefined;
    if (error === delivery.error || !isMillraceError(error)) return delivery;
    const { records, ...facts } = delivery;
    return { ...facts, error, records: () => records() };
  }
}
