/** A cluster of Apache Kafka, as those who use it see it, whether it was started here or runs elsewhere. */
import type { ListenerName } from './broker-configuration.ts';

/** One broker. In clusters started here it is a controller as well. */
export interface KafkaBroker {
  readonly nodeId: number;
  readonly rack: string | undefined;
  /** Process id while it runs, paused or not. */
  readonly pid: number | undefined;
  readonly state: 'running' | 'paused' | 'down';
  /** `127.0.0.1:port` by listener. */
  readonly addresses: ReadonlyMap<ListenerName, string>;
  /** Where its Java writes; over restarts the same file, appended to. */
  readonly logFile: string;
}

/** A running cluster. */
export interface KafkaCluster extends AsyncDisposable {
  readonly name: string;
  readonly clusterId: string;
  /** Whether its brokers can be stopped, killed, paused and started; else those calls throw `kafka_not_ours`. */
  readonly isOurs: boolean;
  /** By node id ascending; none that are known when it is not ours. */
  readonly brokers: readonly KafkaBroker[];
  readonly listeners: readonly ListenerName[];
  /** Bootstrap servers at a listener, separated by commas; default the first listener. */
  bootstrap(listener?: ListenerName): string;
  /** Shuts a broker down as an operator would (SIGTERM), its leaderships moved away first. */
  stopBroker(nodeId: number): Promise<void>;
  /** Ends a broker at once (SIGKILL). */
  killBroker(nodeId: number): Promise<void>;
  /** Starts a broker that is down, and waits until the cluster counts it among its brokers. */
  startBroker(nodeId: number): Promise<void>;
  /** Halts a broker (SIGSTOP): its connections stay open and nothing answers. */
  pauseBroker(nodeId: number): void;
  resumeBroker(nodeId: number): void;
  /** Ends all brokers, cleanly where the directory is to stay; removes the directory where it was made for this. */
  close(): Promise<void>;
}
