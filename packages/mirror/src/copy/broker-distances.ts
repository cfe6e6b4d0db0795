/**
 * How far away the brokers of a cluster are that are written to. It is asked over a connection of its own, since over
 * one with batches on it a question waits for them; the connection is closed after the answers.
 */
import { isMillraceError } from '@millrace/base';
import type { Cluster } from '@millrace/client/protocol';
import { apiVersions } from '@millrace/wire';
import { RoundTrip } from './round-trip.ts';

/** A round trip that is longer binds what a connection carries, more than a broker does. */
const farMsMin = 20;
const againAfterFailureMs = 10_000;
/** The last version that asks for nothing but the versions. */
const apiVersionsMax = 2;

export class BrokerDistances {
  readonly #cluster: Cluster;
  readonly #signal: AbortSignal;
  readonly #trips = new Map<number, RoundTrip>();
  readonly #failedAt = new Map<number, number>();

  /** Asks nothing any more once `signal` is aborted. */
  constructor(cluster: Cluster, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#signal = signal;
  }

  /** Whether the broker is known to be far. To be asked often: that is when it is measured, now and then. */
  isFar(nodeId: number): boolean {
    let trip = this.#trips.get(nodeId);
    if (trip === undefined) {
      trip = new RoundTrip();
      this.#trips.set(nodeId, trip);
    }
    const now = this.#cluster.settings.platform.clock.monotonic();
    const failedAt = this.#failedAt.get(nodeId) ?? Number.NEGATIVE_INFINITY;
    if (trip.isDue(now) && now - failedAt >= againAfterFailureMs && !this.#signal.aborted) {
      trip.begin();
      this.#measure(nodeId, trip).catch((error: unknown) => {
        if (!isMillraceError(error)) throw error;
        // Writing to it tells of it.
        const failed = this.#cluster.settings.platform.clock.monotonic();
        trip.end(undefined, failed);
        this.#failedAt.set(nodeId, failed);
      });
    }
    return trip.farMs >= farMsMin;
  }

  async #measure(nodeId: number, trip: RoundTrip): Promise<void> {
    const { pool, settings } = this.#cluster;
    const { clock } = settings.platform;
    const purpose = this.#cluster.newPurpose('mirror');
    try {
      const connection = await pool.connect(nodeId, purpose);
      do {
        const sentAt = clock.monotonic();
        await connection.request(
          apiVersions,
          { clientSoftwareName: '', clientSoftwareVersion: '' },
          { versionMax: apiVersionsMax },
        );
        const now = clock.monotonic();
        trip.end(now - sentAt, now);
      } while (trip.isDue(clock.monotonic()) && !this.#signal.aborted);
    } finally {
      pool.release(purpose);
    }
  }
}
