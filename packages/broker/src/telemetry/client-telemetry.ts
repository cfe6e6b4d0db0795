/**
 * Metrics that clients push (KIP-714): what each client instance is asked for, when it may come again, and what
 * arrives. Instances are remembered for a while after they were heard of last, at most `instancesMax`; nothing outlives
 * a restart.
 */
import { type Clock, isMillraceError, messageOf, type Randomness, randomUuidBytes } from '@millrace/base';
import { compressionOfId, crc32c, decompress, errorCodes } from '@millrace/wire';
import type { ClientTraits, MetricSubscriptions, WantedMetrics } from './metric-subscriptions.ts';
import { otlpMetricNames } from './otlp-metric-names.ts';

/** A report of one client instance. */
export interface ClientMetrics {
  readonly nodeId: number;
  readonly clientInstanceId: string;
  readonly clientId: string | null;
  readonly clientHost: string;
  readonly clientSoftwareName: string;
  readonly clientSoftwareVersion: string;
  readonly principal: string;
  /** Whether the client is closing, and this its last report. */
  readonly terminating: boolean;
  readonly receivedAtMs: number;
  readonly metricNames: readonly string[];
  /** `MetricsData` of OTLP, not compressed. The receiver's own. */
  readonly otlp: Uint8Array;
}

/** A client as its connection and request show it. */
export type ReportingClient = Omit<
  ClientMetrics,
  'clientInstanceId' | 'terminating' | 'receivedAtMs' | 'metricNames' | 'otlp'
> & { readonly clientPort: number };

export interface ClientTelemetryOptions {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly subscriptions: MetricSubscriptions;
  /** The largest report, in bytes, compressed or not. */
  readonly bytesMax: number;
  /** Where reports go. What it throws is reported, and the client told that its report was not taken. */
  readonly sink: ((report: ClientMetrics) => void) | undefined;
  readonly report: (event: { readonly level: 'error'; readonly message: string }) => void;
}

/** What a client instance is to do. */
export interface SubscriptionAnswer extends WantedMetrics {
  readonly clientInstanceId: string;
  readonly subscriptionId: number;
}

export interface Push {
  readonly clientInstanceId: string;
  readonly subscriptionId: number;
  readonly terminating: boolean;
  readonly compressionType: number;
  readonly metrics: Uint8Array;
}

interface Instance {
  readonly wanted: WantedMetrics;
  readonly subscriptionId: number;
  readonly version: number;
  /** When it asked and pushed last, monotonic. */
  askedMs: number;
  pushedMs: number;
  heardMs: number;
  terminating: boolean;
  /** Whether its last push was refused for a reason that new subscriptions remove. */
  mustAsk: boolean;
}

const instancesMax = 16_384;
const rememberedMsMin = 60_000;
const reservedIds: ReadonlySet<string> = new Set(['AAAAAAAAAAAAAAAAAAAAAA', 'AAAAAAAAAAAAAAAAAAAAAQ']);
const never = Number.NEGATIVE_INFINITY;

export class ClientTelemetry {
  readonly #options: ClientTelemetryOptions;
  /** The one that was heard of last at the end. */
  readonly #instances = new Map<string, Instance>();

  constructor(options: ClientTelemetryOptions) {
    this.#options = options;
  }

  get subscriptions(): MetricSubscriptions {
    return this.#options.subscriptions;
  }

  get bytesMax(): number {
    return this.#options.bytesMax;
  }

  /** What a client is asked for, or the error code that refuses to say; an instance without an id gets one. */
  subscribe(asked: string, client: ReportingClient): SubscriptionAnswer | number {
    const clientInstanceId = reservedIds.has(asked) ? this.#newId() : asked;
    const now = this.#options.clock.monotonic();
    const instance = this.#heard(clientInstanceId, client, now);
    const since = now - Math.max(instance.askedMs, instance.pushedMs);
    if (since < instance.wanted.intervalMs && !instance.mustAsk) return errorCodes.THROTTLING_QUOTA_EXCEEDED;
    instance.askedMs = now;
    instance.mustAsk = false;
    return { clientInstanceId, subscriptionId: instance.subscriptionId, ...instance.wanted };
  }

  /** Takes a report; resolves with an error code. */
  async push(push: Push, client: ReportingClient): Promise<number> {
    if (reservedIds.has(push.clientInstanceId)) return errorCodes.INVALID_REQUEST;
    const instance = this.#heard(push.clientInstanceId, client, this.#options.clock.monotonic());
    const refusal = this.#refusal(push, instance);
    instance.terminating = push.terminating;
    instance.mustAsk =
      refusal === errorCodes.UNKNOWN_SUBSCRIPTION_ID || refusal === errorCodes.UNSUPPORTED_COMPRESSION_TYPE;
    if (refusal !== errorCodes.NONE || push.metrics.length === 0) return refusal;
    return this.#take(push, client);
  }

  #refusal(push: Push, instance: Instance): number {
    if (instance.terminating) return errorCodes.INVALID_REQUEST;
    const now = this.#options.clock.monotonic();
    const isDue = instance.askedMs > instance.pushedMs || now - instance.pushedMs >= instance.wanted.intervalMs;
    if (!isDue && !push.terminating) return errorCodes.THROTTLING_QUOTA_EXCEEDED;
    if (isDue) instance.pushedMs = now;
    if (push.subscriptionId !== instance.subscriptionId) return errorCodes.UNKNOWN_SUBSCRIPTION_ID;
    if (push.compressionType < 0 || push.compressionType > 4) return errorCodes.UNSUPPORTED_COMPRESSION_TYPE;
    return push.metrics.length > this.#options.bytesMax ? errorCodes.TELEMETRY_TOO_LARGE : errorCodes.NONE;
  }

  async #take(push: Push, client: ReportingClient): Promise<number> {
    const { bytesMax, clock, sink } = this.#options;
    let otlp: Uint8Array;
    let metricNames: readonly string[];
    try {
      otlp = await decompress(compressionOfId(push.compressionType), push.metrics, bytesMax);
      metricNames = otlpMetricNames(otlp);
    } catch (error) {
      if (isMillraceError(error, 'decompressed_too_large')) return errorCodes.TELEMETRY_TOO_LARGE;
      if (isMillraceError(error)) return errorCodes.INVALID_RECORD;
      throw error;
    }
    const { clientPort: _, ...facts } = client;
    const { clientInstanceId, terminating } = push;
    const receivedAtMs = clock.now();
    try {
      // Not compressed, it is a view of the request, which would be pinned whole.
      sink?.({ ...facts, clientInstanceId, terminating, receivedAtMs, metricNames, otlp: Uint8Array.from(otlp) });
    } catch (error) {
      const message = `metrics of client ${client.clientId ?? '(unnamed)'} could not be passed on: ${messageOf(error)}`;
      this.#options.report({ level: 'error', message });
      return errorCodes.INVALID_RECORD;
    }
    return errorCodes.NONE;
  }

  /**
   * The instance as it is asked now; a new one if it is unknown, or was silent for long, or other metrics are wanted.
   */
  #heard(id: string, client: ReportingClient, now: number): Instance {
    const known = this.#instances.get(id);
    this.#instances.delete(id);
    const remembered = known && now - known.heardMs <= Math.max(rememberedMsMin, 3 * known.wanted.intervalMs);
    const instance =
      remembered && known.version === this.subscriptions.version ? known : this.#makeInstance(id, client);
    instance.heardMs = now;
    this.#instances.set(id, instance);
    if (this.#instances.size > instancesMax) {
      for (const oldest of this.#instances.keys()) {
        this.#instances.delete(oldest);
        break;
      }
    }
    return instance;
  }

  #makeInstance(id: string, client: ReportingClient): Instance {
    const traits: ClientTraits = {
      client_instance_id: id,
      client_id: client.clientId ?? '',
      client_software_name: client.clientSoftwareName,
      client_software_version: client.clientSoftwareVersion,
      client_source_address: client.clientHost,
      client_source_port: String(client.clientPort),
    };
    const wanted = this.subscriptions.wantedOf(traits);
    // The same at every broker of the cluster, and another as soon as something else is wanted.
    const text = `${id} ${wanted.intervalMs} ${wanted.prefixes.join(',')}`;
    const subscriptionId = crc32c(Buffer.from(text)) | 0;
    const { version } = this.subscriptions;
    const times = { askedMs: never, pushedMs: never, heardMs: never };
    return { wanted, subscriptionId, version, ...times, terminating: false, mustAsk: false };
  }

  #newId(): string {
    for (;;) {
      const id = Buffer.from(randomUuidBytes(this.#options.randomness)).toString('base64url');
      if (!this.#instances.has(id)) return id;
    }
  }
}
