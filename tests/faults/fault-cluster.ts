/** A cluster whose brokers can be harmed, and the two that there are: Apache Kafka, and the embedded broker. */
import type { TcpProxy } from './tcp-proxy.ts';

export type EngineName = 'kafka' | 'embedded';

/** A process of the cluster: one broker of Apache Kafka, or the embedded broker with all that it shows. */
export interface FaultServer {
  readonly name: string;
  /** Ends it at once (SIGKILL). */
  kill(): Promise<void>;
  /** Ends it as an operator would (SIGTERM). */
  stop(): Promise<void>;
  /** Starts it again where it was, and waits until it serves. */
  start(): Promise<void>;
  /** Halts it (SIGSTOP). */
  pause(): void;
  resume(): void;
}

export interface FaultCluster extends AsyncDisposable {
  readonly engine: EngineName;
  readonly bootstrap: string;
  readonly brokerIds: readonly number[];
  readonly servers: readonly FaultServer[];
  /** By the port of the broker that each stands before. */
  readonly proxies: ReadonlyMap<number, TcpProxy>;
}

/** What both are configured with: everything that times out does so soon. */
export const soonSettings: Readonly<Record<string, string>> = {
  'group.min.session.timeout.ms': '500',
  'group.consumer.min.heartbeat.interval.ms': '100',
  'group.consumer.heartbeat.interval.ms': '300',
  'group.consumer.min.session.timeout.ms': '500',
  'group.consumer.session.timeout.ms': '3000',
  'group.initial.rebalance.delay.ms': '0',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '300',
  'min.insync.replicas': '2',
  'default.replication.factor': '3',
  'replica.lag.time.max.ms': '3000',
};
