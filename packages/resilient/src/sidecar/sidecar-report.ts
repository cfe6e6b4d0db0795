/**
 * What a sidecar tells the config service. Records and errors are not counted, since nobody decodes them: producers are
 * told of by the bytes that Produce brings, consumers by those of the records that Fetch does; where several topics
 * have one role, each is told an equal share.
 */
import type { ConfigReport, ConfigWant, StreamReport } from '@millrace/api/config';
import { fetch, produce } from '@millrace/wire';
import type { Target } from '../clients/target.ts';
import type { SidecarMeasures } from './sidecar-measures.ts';

type Role = StreamReport['role'];

const apis = { producer: produce.name, consumer: fetch.name } as const;

export class SidecarReport {
  static readonly library: ConfigReport['library'] = { name: '@millrace/resilient sidecar', version: '0.1.0' };
  readonly #measures: SidecarMeasures;
  #at: number;
  readonly #seen: Record<Role, { readonly bytes: number; readonly mark: Float64Array }> = {
    producer: { bytes: 0, mark: new Float64Array() },
    consumer: { bytes: 0, mark: new Float64Array() },
  };

  /** `now`: monotonic, in ms. */
  constructor(measures: SidecarMeasures, now: number) {
    this.#measures = measures;
    this.#at = now;
  }

  /** Since the last time. `inUse`: credentials of all connections, those included that are about to end. */
  streams(
    wants: readonly ConfigWant[],
    target: Pick<Target, 'cluster' | 'version' | 'credential'>,
    inUse: readonly string[],
    now: number,
  ): StreamReport[] {
    const seconds = Math.max(0.001, (now - this.#at) / 1000);
    this.#at = now;
    const countOf = (role: Role): number => wants.filter((want) => want.role === role).length;
    const rates = {
      producer: this.#rates('producer', seconds, countOf('producer')),
      consumer: this.#rates('consumer', seconds, countOf('consumer')),
    };
    const otherCredentials = inUse.filter((id) => id !== target.credential);
    return wants.map(({ topic, role }) => ({
      ...{ topic, role, cluster: target.cluster.name, answerVersion: target.version },
      ...(target.credential === undefined ? {} : { credential: target.credential }),
      ...(otherCredentials.length === 0 ? {} : { otherCredentials }),
      ...rates[role],
      strays: [],
    }));
  }

  #rates(role: Role, seconds: number, topics: number) {
    const { requestBytes, answerBytes, latencies } = this.#measures.of(apis[role]);
    const bytes = role === 'producer' ? requestBytes : answerBytes;
    const { bytes: before, mark } = this.#seen[role];
    this.#seen[role] = { bytes, mark: latencies.mark() };
    return {
      bytesPerSecond: (bytes - before) / seconds / Math.max(1, topics),
      latencyMs: { p50: latencies.since(mark, 0.5), p99: latencies.since(mark, 0.99) },
    };
  }
}
