/**
 * What is known of one cluster's brokers from what passes: where each is, and which versions it has. Addresses are
 * hints: a broker that is not where it was is looked for anew.
 */
import type { ApiVersionsResponse } from '@millrace/wire';
import type { Address, NamedBroker } from './named-brokers.ts';
import { commonVersions } from './passable-versions.ts';

export class BrokerDirectory {
  #addresses = new Map<number, Address>();
  /** By node id; `any` for who was asked as anybody. */
  readonly #versions = new Map<number | 'any', ApiVersionsResponse>();

  get addresses(): readonly Address[] {
    return [...this.#addresses.values()];
  }

  address(nodeId: number): Address | undefined {
    return this.#addresses.get(nodeId);
  }

  /** `isComplete`: the cluster has no others. */
  learn(brokers: readonly NamedBroker[], isComplete: boolean): void {
    if (isComplete) {
      this.#addresses = new Map();
      for (const nodeId of this.#versions.keys()) {
        if (nodeId !== 'any' && !brokers.some((broker) => broker.nodeId === nodeId)) this.#versions.delete(nodeId);
      }
    }
    for (const { nodeId, host, port } of brokers) this.#addresses.set(nodeId, { host, port });
  }

  learnVersions(nodeId: number | undefined, versions: ApiVersionsResponse): void {
    this.#versions.set(nodeId ?? 'any', versions);
  }

  /** Of a broker, or of one that is not known those that all have; undefined while nobody was asked. */
  versions(nodeId: number | undefined): ApiVersionsResponse | undefined {
    const known = this.#versions.get(nodeId ?? 'any');
    if (known !== undefined) return known;
    const all = [...this.#versions.values()];
    const newest = all.at(-1);
    return newest && { ...newest, apiKeys: commonVersions(all.map(({ apiKeys }) => apiKeys)) };
  }
}
