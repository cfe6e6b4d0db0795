/**
 * The clusters that a platform works on, whoever runs them: embedded ones in this process, Apache Kafka's processes, or
 * clusters that run elsewhere. Nothing that takes a fleet knows which of them it has.
 */
import type { ClientOptions } from '@millrace/client';

/** A cluster of a running fleet. */
export interface RunningCluster {
  readonly name: string;
  readonly site?: string | undefined;
  readonly environment?: string | undefined;
  /** Null while nobody has reached it yet. */
  readonly clusterId: string | null;
  /** `host:port,host:port`. */
  readonly bootstrap: string;
  /** The like by the names of listeners; at least one. */
  readonly listeners: Readonly<Record<string, string>>;
  /** None while nobody has reached it yet. */
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  /** Why it could not be reached when the fleet was opened; clients reach it as soon as it is there. */
  readonly problem?: string | undefined;
  /** How clients in this process reach it. */
  readonly client: ClientOptions;
  /**
   * How those in other processes do, by the names that Java's clients use; secrets are references (`env:NAME`,
   * `file:PATH`). Absent where the bootstrap servers say it all.
   */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

/** Clusters that are opened and closed as one. */
export interface RunningFleet extends AsyncDisposable {
  /** In the order in which they were asked for, at least one. */
  readonly clusters: readonly RunningCluster[];
  /** Stops what runs here, cleanly, and lets go of the rest; when some clusters fail to stop, the others still do. */
  close(): Promise<void>;
}

/** Makes a fleet of clusters and the ways to close them, all of which are gone even when some fail. */
export function fleetOf(clusters: readonly RunningCluster[], closings: readonly (() => Promise<void>)[]): RunningFleet {
  const close = async (): Promise<void> => {
    const outcomes = await Promise.allSettled(closings.map((closing) => closing()));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  };
  return { clusters, close, [Symbol.asyncDispose]: close };
}
