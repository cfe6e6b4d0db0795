/** What a program is answered as its topics move, without a service. */
import type { ConfigAnswer } from '@millrace/api/config';
import { answerOf } from '@millrace/resilient/testing/answer-signer';
import type { ClientCoreOptions, KnownAnswer } from '@millrace/resilient/testing/switch-parts';
import type { SimCluster } from '../oracle/sim-cluster.ts';
import type { ClusterName } from './relay-scenario.ts';

export const group = 'relay';
export const topics = { producer: 'out', consumer: 'in' } as const;
type Role = keyof typeof topics;

const standard = {
  'auto.offset.reset': 'earliest',
  'isolation.level': 'read_committed',
  'fetch.max.wait.ms': '50',
  'session.timeout.ms': '6000',
  'heartbeat.interval.ms': '300',
  'request.timeout.ms': '3000',
  'socket.connection.setup.timeout.ms': '2000',
  'retry.backoff.ms': '10',
  'retry.backoff.max.ms': '200',
  'metadata.max.age.ms': '5000',
  'delivery.timeout.ms': '600000',
};

export interface RelayPlace {
  readonly name: ClusterName;
  readonly generation: number;
  /** Of a consumer: the generation that the group's offsets were translated for. */
  readonly translated?: number | undefined;
}

export class RelayAnswers {
  readonly #clusters: Readonly<Record<ClusterName, SimCluster>>;
  readonly #known: Readonly<Record<Role, KnownAnswer & { readonly listeners: Set<() => void> }>>;
  readonly #now: () => number;
  #version = 0;

  constructor(clusters: Readonly<Record<ClusterName, SimCluster>>, now: () => number) {
    this.#clusters = clusters;
    this.#now = now;
    const known = (role: Role) => ({
      ...{ want: { topic: topics[role], role }, from: 'service' as const, problem: undefined },
      answer: this.#answer(role, { name: 'east', generation: 0 }, {}),
      listeners: new Set<() => void>(),
    });
    this.#known = { producer: known('producer'), consumer: known('consumer') };
  }

  /** As a client follows them. */
  get source(): ClientCoreOptions['source'] {
    return {
      follow: async ({ role }, changed, _timeoutMs, signal) => {
        const known = this.#known[role];
        known.listeners.add(changed);
        signal.addEventListener('abort', () => known.listeners.delete(changed), { once: true });
        return known;
      },
    };
  }

  tell(role: Role, place: RelayPlace, settings: Readonly<Record<string, string>>): void {
    const known = this.#known[role];
    known.answer = this.#answer(role, place, settings);
    for (const changed of [...known.listeners]) changed();
  }

  #answer(
    role: Role,
    { name, generation, translated }: RelayPlace,
    settings: Readonly<Record<string, string>>,
  ): ConfigAnswer {
    const { host, brokers } = this.#clusters[name];
    const all = Object.entries({ ...standard, ...settings });
    const now = this.#now();
    return answerOf({
      ...{ topic: topics[role], role, version: ++this.#version, issuedAt: now, asOf: now, expiresAt: now + 1e9 },
      cluster: { name, id: null, generation, rule: 'the seed' },
      bootstrap: brokers.map(({ port }) => `${host}:${port}`).join(','),
      settings: Object.fromEntries(all.map(([key, value]) => [key, { value, rule: 'the seed' }])),
      ...(translated === undefined ? {} : { groups: { [group]: translated } }),
    });
  }
}
