/**
 * What a client is, apart from how it is done: the place where producers, consumers and admins of one cluster come
 * from.
 */
import type { Platform } from '@millrace/base';
import type { Admin } from './admin.ts';
import type { Consumer, ConsumerOptions, PatternConsumerOptions } from './consumer.ts';
import type { Producer, ProducerOptions } from './producer.ts';
import type { SecurityOptions } from './security.ts';
import type { TopicLike } from './topic.ts';

export interface ClientOptions {
  /**
   * Where to begin: `host:port`, several of them in a list or separated by commas. A function is asked whenever none of
   * the brokers that are known answers, so that all of them may be replaced under a client that runs.
   */
  readonly bootstrap: string | readonly string[] | (() => string | readonly string[]);
  /** How this program calls itself to brokers, for their logs and quotas. Default `millrace`. */
  readonly clientId?: string | undefined;
  /** The rack or zone that this program runs in, so that consumers may read from followers there (KIP-392). */
  readonly rack?: string | undefined;
  /** Clock, timers, randomness and sockets. Default: the machine's. */
  readonly platform?: Platform | undefined;
  /** Bound on one request, in ms. Default 30,000. */
  readonly requestTimeoutMs?: number | undefined;
  /**
   * Bound on a call that names none of its own, retries included, in ms. Default twice `requestTimeoutMs`, so that a
   * broker that does not answer leaves time to ask another (KIP-266).
   */
  readonly callTimeoutMs?: number | undefined;
  /** Bound on opening a connection, in ms. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** A connection that was not used for so long is closed, in ms; the next use opens another. Default 540,000. */
  readonly connectionIdleMaxMs?: number | undefined;
  /** First pause before a retry, in ms; it doubles up to `retryBackoffMaxMs`, with jitter. Default 100. */
  readonly retryBackoffMs?: number | undefined;
  /** Default 1,000. */
  readonly retryBackoffMaxMs?: number | undefined;
  /** What is known of a topic is asked for again after this time, in ms. Default 300,000. */
  readonly metadataMaxAgeMs?: number | undefined;
  /**
   * How long a topic that no broker knows is asked for again, since it may just have been created, in ms. Default
   * 5,000.
   */
  readonly unknownTopicTimeoutMs?: number | undefined;
  /** Whether writing to an unknown topic lets a broker that is so configured create it. Default true. */
  readonly autoCreateTopics?: boolean | undefined;
  /** Largest response accepted from a broker, in bytes; a larger one breaks the connection. Default 256 MiB. */
  readonly frameBytesMax?: number | undefined;
  /** TLS and login. Default: neither. */
  readonly security?: SecurityOptions | undefined;
  /**
   * Whether brokers of the cluster with this id may be used, which Kafka gave it: asked for each connection before
   * anything else is, which takes one more request. One that may not fails with `WrongClusterError`, and others are
   * tried. Must not throw. Default: all may.
   */
  readonly acceptsCluster?: ((clusterId: string) => boolean) | undefined;
  /**
   * Whether brokers whose operators ask for it are told how this client does (KIP-714): latencies, pauses, connections;
   * nothing of records. Default true.
   */
  readonly telemetry?: boolean | undefined;
  /** Told of what goes on in the background and is handled there, for logs. Must not throw. */
  readonly report?: ((event: ClientEvent) => void) | undefined;
}

/** Something that happened in the background. */
export interface ClientEvent {
  readonly level: 'info' | 'warn' | 'error';
  readonly event:
    | 'connected'
    | 'connection_lost'
    | 'connect_failed'
    | 'metadata_failed'
    | 'produce_retried'
    | 'producer_epoch_bumped'
    | 'producer_fenced'
    | 'transaction_aborted'
    | 'fetch_failed'
    | 'offset_reset'
    | 'group_joined'
    | 'group_left'
    | 'group_rebalance'
    | 'coordinator_lost'
    | 'commit_failed'
    | 'throttled'
    | 'telemetry_failed';
  /** A sentence for a person. */
  readonly message: string;
  readonly error?: Error | undefined;
}

/** A client of one cluster. Connects when first needed; what it makes shares its metadata. */
export interface Client extends AsyncDisposable {
  producer(options?: ProducerOptions): Producer;
  /** Topics that match a pattern have bytes for keys and values. */
  consumer(options: PatternConsumerOptions): Consumer<string>;
  consumer<const T extends readonly TopicLike[]>(options: ConsumerOptions<T>): Consumer<T[number]>;
  admin(): Admin;
  /**
   * The id under which brokers know the metrics of this client, and so of all that it made (KIP-714), for their logs
   * and dashboards: 22 characters of base64url, the same until it is closed. Connects if need be. Rejects with
   * `InvalidOptionError` when `telemetry` is false, `UnsupportedApiError` where brokers take no metrics,
   * `RequestTimeoutError`.
   */
  clientInstanceId(options?: {
    readonly timeoutMs?: number | undefined;
    readonly signal?: AbortSignal | undefined;
  }): Promise<string>;
  /** Closes all that this client made, then its connections. */
  close(): Promise<void>;
}
