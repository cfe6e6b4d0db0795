/** What a connection is given, what one of its requests is given, and who watches it. */
import type { ConnectTls, Platform } from '@millrace/base';
import type { FrameMemory } from '@millrace/wire';
import type { SaslCredentials } from '../security/sasl-credentials.ts';

/** Told of what connections do, for counters. Called for each request, so it must be cheap; must not throw. */
export interface ConnectionObserver {
  /** A request was answered after `latencyMs`, at the monotonic time `at`. */
  answered(api: string, nodeId: number, latencyMs: number, at: number): void;
  /** The broker asked for a pause of `throttleMs`. */
  throttled(api: string, broker: string, throttleMs: number): void;
}

export interface ConnectionOptions {
  readonly platform: Platform;
  readonly host: string;
  readonly port: number;
  /** -1 while it is not known. */
  readonly nodeId?: number | undefined;
  readonly clientId: string;
  readonly connectTimeoutMs: number;
  /** Bound on requests that name none of their own. */
  readonly requestTimeoutMs: number;
  readonly frameBytesMax: number;
  readonly tls?: ConnectTls | undefined;
  readonly sasl?: SaslCredentials | undefined;
  /** Whether a broker of the cluster with this id may be used. Default: each. */
  readonly acceptsCluster?: ((clusterId: string) => boolean) | undefined;
  readonly observer?: ConnectionObserver | undefined;
  /** Where answers come to lie; whoever asked for one may give it back. Default: each has memory of its own. */
  readonly memory?: FrameMemory | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RequestOptions {
  readonly timeoutMs?: number | undefined;
  /** Highest version to use, where a later one means something else. */
  readonly versionMax?: number | undefined;
}
