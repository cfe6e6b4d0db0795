/** What a sidecar is, apart from how it is done. */
import type { ConfigEnrolment, ConfigWant } from '@millrace/api/config';
import type { Platform } from '@millrace/base';
import type { ClusterPlace } from '../clients/target.ts';
import type { Report } from '../report.ts';

export interface SidecarOptions {
  /** What `millrace config enrol` gave: its file, or its content. */
  readonly enrolment: string | ConfigEnrolment;
  /**
   * Where it keeps its key, the signed copies of what it was told, and in `sidecar/` what programs are given; for
   * itself alone: of mode 0700, made if need be.
   */
  readonly directory: string;
  /** What programs do with which topics, at least one. All have to be on one cluster: a sidecar for each. */
  readonly wants: readonly ConfigWant[];
  /** Port on 127.0.0.1 that programs are given as their bootstrap server; 0 chooses a free one. Default 0. */
  readonly port?: number | undefined;
  /** Where it runs: the name of one of the fleet's sites. */
  readonly site?: string | undefined;
  /** How long it waits for its first answers where there are no copies, in ms. Default 30,000. */
  readonly answerTimeoutMs?: number | undefined;
  /** How long requests that are under way may take when a connection is to end, in ms. Default 30,000. */
  readonly drainTimeoutMs?: number | undefined;
  /** Connections of programs at once; more are closed at once. Default 1,000. */
  readonly connectionsMax?: number | undefined;
  /** Bound on requests and on answers, in bytes. Default 100 MiB, which is that of Kafka's brokers. */
  readonly frameBytesMax?: number | undefined;
  /** Told of what goes on in the background and is handled there, for logs. Must not throw. */
  readonly report?: Report | undefined;
  /** Clock, timers, randomness and sockets. Default: the machine's. */
  readonly platform?: Platform | undefined;
}

export interface SidecarStatus {
  readonly application: string;
  readonly instance: string;
  /** What programs take for `bootstrap.servers`. */
  readonly bootstrap: string;
  readonly cluster: ClusterPlace;
  /** The cluster that the topics are wanted on and that it has not gone to yet. */
  readonly goingTo: string | undefined;
  readonly credential: string | undefined;
  /** Of the newest answer that is obeyed. */
  readonly answerVersion: number;
  /** Base URL of the service that tells of changes now. */
  readonly service: string | undefined;
  /** Answers and copies that were refused. */
  readonly untrusted: number;
  /** Of programs, those included that end; `leaving`: those that go an earlier way to the cluster. */
  readonly connections: number;
  readonly leaving: number;
  /** Consumer groups that programs were seen to have offsets of: committed, or read to go on from. */
  readonly groups: readonly string[];
}

/** Stands between programs that know Kafka's protocol and nothing else, and the cluster that their topics are on. */
export interface Sidecar extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly bootstrap: string;
  /** The folder with what programs are given. */
  readonly programDirectory: string;
  status(): SidecarStatus;
  /** For Prometheus, in its text format. */
  metrics(): string;
  /** Accepts nothing new, lets what is under way be answered, and closes. */
  close(): Promise<void>;
}
