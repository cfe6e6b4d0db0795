/** What a client that configures itself is, apart from how it is done. */
import type { ConfigEnrolment } from '@millrace/api/config';
import type { Platform } from '@millrace/base';
import type { Consumer, GroupConsumerOptions, Producer, ProducerOptions, TopicLike } from '@millrace/client';
import type { Report } from './report.ts';

export interface ResilientClientOptions {
  /** What `millrace config enrol` gave: its file, or its content. */
  readonly enrolment: string | ConfigEnrolment;
  /**
   * Where this instance keeps its key and the signed copies of what it was told, for itself alone: of mode 0700, made
   * if need be. Of the processes of an application each has its own.
   */
  readonly directory: string;
  /** Where this program runs: the name of one of the fleet's sites. Decides between clusters that both have a topic. */
  readonly site?: string | undefined;
  /**
   * How long a producer or consumer waits for its first answer where there is no copy of one, in ms. Default 30,000.
   */
  readonly answerTimeoutMs?: number | undefined;
  /**
   * How long a cluster that a topic has left may take to acknowledge what it was sent before, in ms. Default 30,000.
   * What it has not by then fails with `AmbiguousDeliveryError`.
   */
  readonly drainTimeoutMs?: number | undefined;
  /** Told of what goes on in the background and is handled there, for logs. Must not throw. */
  readonly report?: Report | undefined;
  /** Clock, timers, randomness and sockets. Default: the machine's. */
  readonly platform?: Platform | undefined;
}

/** What a program says itself counts more than what the service answers, and is reported as straying from it. */
export type ResilientProducerOptions = Omit<ProducerOptions, 'observe'> &
  (
    | { readonly topic: TopicLike; readonly topics?: undefined }
    /** Several, which are on one cluster and go to another together: of a transaction, say. */
    | { readonly topics: readonly TopicLike[]; readonly topic?: undefined }
  );

export type ResilientConsumerOptions<T extends readonly TopicLike[]> = GroupConsumerOptions<T> & {
  /**
   * The generation of the topics since which there is such a group: how often they had moved to another cluster when
   * its first member began. A member whose directory knows nothing of the group takes it for as old as the topics, and
   * begins behind a move only once the group's offsets were translated. May stay when the topics move again.
   * Default 0.
   */
  readonly newSince?: number | undefined;
};

/** One topic of one producer or consumer. */
export interface StreamStatus {
  readonly topic: string;
  readonly role: 'producer' | 'consumer';
  readonly group: string | undefined;
  readonly cluster: string;
  readonly generation: number;
  /** Of the answer that is obeyed; of those that are known when it is waited for another. */
  readonly answerVersion: number;
  readonly answerFrom: 'disk' | 'service';
  readonly answerExpiresAt: number;
  readonly credential: string | undefined;
  /** The cluster that it is wanted on and has not gone to yet. */
  readonly goingTo: string | undefined;
  readonly records: number;
  readonly errors: number;
  readonly lag: number | undefined;
  readonly switches: number;
  readonly longestPauseMs: number;
}

export interface ResilientStatus {
  readonly application: string;
  readonly instance: string;
  /** Base URL of the service that tells of changes now. */
  readonly service: string | undefined;
  /** Answers and copies that were refused. */
  readonly untrusted: number;
  /** Answers that were older than ones seen, and passed over. */
  readonly older: number;
  readonly streams: readonly StreamStatus[];
}

/** A client of whatever cluster its topics are on. */
export interface ResilientClient extends AsyncDisposable {
  /**
   * A producer of a topic, or of several that stay together. Rejects with `ConfigUnavailableError`,
   * `ConfigRefusedError`, `TopicsApartError`, `UnfitAnswerError`, `InvalidOptionError`.
   */
  producer(options: ResilientProducerOptions): Promise<Producer>;
  /** A member of a group. Rejects as `producer` does. */
  consumer<const T extends readonly TopicLike[]>(options: ResilientConsumerOptions<T>): Promise<Consumer<T[number]>>;
  status(): ResilientStatus;
  /** For Prometheus, in its text format. */
  metrics(): string;
  /** For OpenTelemetry: the body of an OTLP export, to be posted to `/v1/metrics` as `application/x-protobuf`. */
  otlpMetrics(): Uint8Array;
  /** Closes all that this client made, then what is below. */
  close(): Promise<void>;
}
