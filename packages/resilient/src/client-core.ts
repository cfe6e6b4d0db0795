/** What all producers and consumers of one client share. */
import type { Platform } from '@millrace/base';
import { InvalidOptionError, type TopicLike } from '@millrace/client';
import type { AnswerSource } from './answers/answer-source.ts';
import type { AnswerStore } from './answers/answer-store.ts';
import type { GroupHomes } from './answers/group-homes.ts';
import { type Bondable, Bonds } from './clients/bonds.ts';
import type { ClusterClients } from './clients/cluster-clients.ts';
import type { ClusterIds } from './clients/cluster-ids.ts';
import { FollowedTarget } from './clients/followed-target.ts';
import type { Report } from './report.ts';
import type { Stream } from './stream.ts';

export interface ClientCoreOptions {
  readonly platform: Platform;
  readonly report: Report;
  readonly store: {
    readonly instance: Pick<AnswerStore['instance'], 'key'>;
    readonly homes: Pick<GroupHomes, 'of' | 'set'>;
    readonly clusterIds: Pick<ClusterIds, 'incarnation' | 'idOf'>;
  };
  readonly source: Pick<AnswerSource, 'follow'>;
  readonly clients: ClusterClients;
  readonly answerTimeoutMs: number;
  readonly drainTimeoutMs: number;
}

export class ClientCore {
  readonly options: ClientCoreOptions;
  readonly bonds = new Bonds();
  /** Whose offsets may come into transactions, by the consumer. */
  readonly bondables = new WeakMap<object, Bondable>();
  readonly streams = new Set<Stream>();
  readonly #abort = new AbortController();

  constructor(options: ClientCoreOptions) {
    this.options = options;
  }

  /** Nothing new begins any more. */
  end(reason: Error): void {
    this.#abort.abort(reason);
  }

  get ended(): AbortSignal {
    return this.#abort.signal;
  }

  /**
   * The answers for these topics; `own` are options that the program gives itself. `changed` is called when any came.
   * Rejects as `FollowedTarget.open`.
   */
  follow(
    topics: readonly string[],
    role: 'producer' | 'consumer',
    own: object,
    changed: () => void,
  ): Promise<FollowedTarget> {
    const { source, clients, store, platform, report, answerTimeoutMs } = this.options;
    return FollowedTarget.open({
      ...{ source, clients, platform, report, own, changed },
      key: store.instance.key,
      ids: store.clusterIds,
      wants: topics.map((topic) => ({ topic, role })),
      timeoutMs: answerTimeoutMs,
      signal: this.ended,
    });
  }
}

/** The names of topics, each once. @throws InvalidOptionError */
export function namesOf(topics: readonly TopicLike[] | undefined): string[] {
  const names = [...new Set((topics ?? []).map((each) => (typeof each === 'string' ? each : each.name)))];
  if (names.length === 0) throw new InvalidOptionError('topics', 'is empty; name at least one topic');
  for (const name of names) {
    if (/^[A-Za-z0-9._-]{1,249}$/.test(name)) continue;
    throw new InvalidOptionError('topics', `has ${JSON.stringify(name)}, which is no name of a topic`);
  }
  return names;
}
