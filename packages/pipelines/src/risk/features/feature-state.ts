/**
 * The live state of features: a record an entity, which holds its history. Whatever number of events comes, their
 * entities are read in one batch and written in one batch. Updates go one after the other, and one process writes.
 *
 * A process that dies between the records of a batch leaves some of them without an event; the event comes again, for
 * nobody was told that it is stored, and is counted where it was not.
 */
import { AssertionFailure } from '@millrace/base';
import type { BatchOutcome, RecordKey, RecordStore } from '@millrace/store';
import { evaluateFeatures } from './evaluate-features.ts';
import { checkFeatures, type Feature, FeatureError, type FeatureValues, type RiskEvent } from './feature.ts';
import { History } from './history.ts';

export interface FeatureStateOptions {
  readonly records: RecordStore;
  readonly namespace: string;
  /** The set of the histories. */
  readonly set: string;
  readonly features: readonly Feature[];
}

export interface FeatureUpdate {
  /** Events to count. */
  readonly arrivals: readonly RiskEvent[];
  /** Events, counted now or earlier, whose values are asked for. */
  readonly wanted: readonly RiskEvent[];
  /** No later event is asked for that is older. What no window of such a one has is forgotten. */
  readonly oldestWanted: number;
}

export class FeatureState {
  readonly #options: FeatureStateOptions;
  /** By the field that names an entity: what is kept of events by kind, and the longest window. */
  readonly #kept = new Map<string, { readonly kinds: Map<string, Set<string>>; windowMs: number }>();
  #last: Promise<unknown> = Promise.resolve();

  /** @throws FeatureError */
  constructor(options: FeatureStateOptions) {
    checkFeatures(options.features);
    this.#options = options;
    for (const feature of options.features) {
      if ('ratio' in feature) continue;
      const { entity, kind, aggregate, windowMs } = feature;
      const kept = this.#kept.get(entity) ?? { kinds: new Map<string, Set<string>>(), windowMs: 0 };
      this.#kept.set(entity, kept);
      kept.windowMs = Math.max(kept.windowMs, windowMs);
      const fields = kept.kinds.get(kind) ?? new Set();
      kept.kinds.set(kind, fields);
      if ('field' in aggregate) fields.add(aggregate.field);
    }
  }

  /** The values of `wanted`, in its order, once all of `arrivals` is written. */
  update(update: FeatureUpdate): Promise<FeatureValues[]> {
    const result = this.#last.then(() => this.#update(update));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #update({ arrivals, wanted, oldestWanted }: FeatureUpdate): Promise<FeatureValues[]> {
    const histories = await this.#read([...arrivals, ...wanted]);
    for (const event of arrivals) {
      for (const [entity, { kinds }] of this.#kept) {
        const fields = kinds.get(event.kind);
        const key = keyOf(entity, event);
        if (fields !== undefined && key !== undefined) histories.get(key)?.add(reduced(event, fields));
      }
    }
    const values = wanted.map((event) =>
      evaluateFeatures(this.#options.features, event, (entity) => histories.get(keyOf(entity, event) ?? '')),
    );
    await this.#write(histories, oldestWanted);
    return values;
  }

  async #read(events: readonly RiskEvent[]): Promise<Map<string, History>> {
    const keys = new Set<string>();
    for (const event of events) {
      for (const entity of this.#kept.keys()) {
        const key = keyOf(entity, event);
        if (key !== undefined) keys.add(key);
      }
    }
    const names = [...keys];
    const outcomes = await this.#options.records.batch(names.map((key) => ({ type: 'get', key: this.#keyFor(key) })));
    return new Map(names.map((key, at) => [key, historyIn(outcomes[at])]));
  }

  async #write(histories: ReadonlyMap<string, History>, oldestWanted: number): Promise<void> {
    const changed = [...histories].filter(([, history]) => history.changed);
    const entries = changed.map(([key, history]) => {
      const windowMs = this.#kept.get(key.slice(0, key.indexOf('=')))?.windowMs ?? 0;
      history.forget(oldestWanted - windowMs);
      return { type: 'put', key: this.#keyFor(key), bins: { events: history.encode() } } as const;
    });
    for (const outcome of await this.#options.records.batch(entries)) {
      if (outcome.type === 'error') throw outcome.error;
    }
  }

  #keyFor(key: string): RecordKey {
    const { namespace, set } = this.#options;
    return { namespace, set, key };
  }
}

function historyIn(outcome: BatchOutcome | undefined): History {
  if (outcome?.type === 'error') throw outcome.error;
  if (outcome?.type !== 'get') throw new AssertionFailure('a get has the outcome of one');
  const events = outcome.record?.bins['events'];
  return typeof events === 'string' ? History.decode(events) : new History();
}

function keyOf(entity: string, event: RiskEvent): string | undefined {
  const name = event.fields[entity];
  return name === undefined ? undefined : `${entity}=${name}`;
}

/** An event with those of its fields that the windows of an entity use. @throws FeatureError */
function reduced({ id, kind, time, fields }: RiskEvent, used: ReadonlySet<string>): RiskEvent {
  const kept: Record<string, string | number> = {};
  for (const name of used) {
    const value = fields[name];
    if (value === undefined) continue;
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new FeatureError(`the field ${name} of the event ${id} is ${value}; send a finite number`);
    }
    kept[name] = value;
  }
  return { id, kind, time, fields: kept };
}
