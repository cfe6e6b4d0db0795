/** What a cluster is started with, what it tells its operator, and where its brokers are. It holds no code. */
import type { Platform } from '@millrace/base';
import type { SecurityOptions } from './security/cluster-security.ts';
import type { ListenerOptions } from './security/listener-plan.ts';
import type { ClientMetrics } from './telemetry/client-telemetry.ts';

export interface ClusterOptions {
  /** A name for people. The cluster id that clients see is made once and kept in the data directory. */
  readonly name: string;
  /** Absolute; made if it is absent. The caller sees to it that no other process uses it. */
  readonly dataDirectory: string;
  /** Address to listen on and to advertise; default 127.0.0.1. */
  readonly host?: string | undefined;
  /** The endpoints, at least one, each with its own node id; port 0 is a free one. */
  readonly brokers: readonly BrokerOptions[];
  readonly platform?: Platform | undefined;
  /** Values by Kafka's broker configuration names. */
  readonly configuration?: Readonly<Record<string, string>> | undefined;
  /** Users, and what else of security has no name in Kafka's configuration. */
  readonly security?: SecurityOptions | undefined;
  /**
   * Acknowledges with acks=all, and changes of offsets and groups, only what survives a loss of power; default false:
   * what survives the end of the process, as Apache Kafka does.
   */
  readonly durable?: boolean | undefined;
  /** Most bytes of new records kept in memory; default 64 MiB. */
  readonly tailBytesMax?: number | undefined;
  /** Most bytes of answers that clients have not taken, before less is read from files for them; default 256 MiB. */
  readonly answerBytesMax?: number | undefined;
  /** Most files open at rest; default 512. */
  readonly openFilesMax?: number | undefined;
  /** For tests: memory is overwritten as soon as it may be used again, so that what is used for too long is seen. */
  readonly scribbles?: boolean | undefined;
  /** Given the metrics that clients push, where they are subscribed to. */
  readonly telemetry?: ((report: ClientMetrics) => void) | undefined;
  /** Told of what concerns the operator. */
  readonly report?: ((event: BrokerEvent) => void) | undefined;
}

export interface BrokerOptions {
  readonly nodeId: number;
  /** Of the only listener, which asks nobody who they are, unless there are others. */
  readonly port: number;
  readonly rack?: string | undefined;
  /** In place of those that the configuration `listeners` names; all brokers have listeners of the same names. */
  readonly listeners?: readonly ListenerOptions[] | undefined;
}

export interface BrokerEvent {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
}

export interface BrokerAddress {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}
