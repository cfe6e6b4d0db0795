/**
 * The one definition of features: what is counted, of whom, over how long. The live state and replays of the past both
 * evaluate it, so that neither can drift from the other.
 *
 * A window of an event at time t holds what happened after `t - windowMs` and up to the event itself, which is in it.
 * Events come in the order of time, then labels before others, then ids. What stands behind an event is unseen by it.
 */
import { MillraceError } from '@millrace/base';

/** Something that happened, or a label: that something became known, at the time when it did. */
export interface RiskEvent {
  /** Unlike those of all other events. An event that comes again counts once. */
  readonly id: string;
  /** Such as `payment`; `label` goes before other kinds of the same time. */
  readonly kind: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Numbers are finite. What names an entity is text. */
  readonly fields: Readonly<Record<string, string | number>>;
}

/** `sum`, `mean` and `decay` are of a number's field, `distinct` of a text's. A mean of nothing is 0. */
export type Aggregate =
  | { readonly type: 'count' }
  | { readonly type: 'sum' | 'mean'; readonly field: string }
  | { readonly type: 'distinct'; readonly field: string }
  /** A sum in which a value counts half after `halfLifeMs`. */
  | { readonly type: 'decay'; readonly field: string; readonly halfLifeMs: number };

export interface WindowFeature {
  readonly name: string;
  /** The field that names the entity, such as `card`. */
  readonly entity: string;
  /** Only events of this kind are in the window. */
  readonly kind: string;
  readonly aggregate: Aggregate;
  /** From one minute to 90 days. */
  readonly windowMs: number;
}

/** The quotient of two window features; 0 where the lower one is 0. */
export interface RatioFeature {
  readonly name: string;
  readonly ratio: readonly [over: string, under: string];
}

export type Feature = WindowFeature | RatioFeature;

/** By the name of the feature. One of an entity that the event does not name is not there. */
export type FeatureValues = Readonly<Record<string, number>>;

/** Features that can't be computed as they are defined, or an event that can't be counted. */
export class FeatureError extends MillraceError {
  readonly code = 'invalid_feature';
}

const windowMsMin = 60_000;
const windowMsMax = 90 * 86_400_000;

/** @throws FeatureError */
export function checkFeatures(features: readonly Feature[]): void {
  const windows = new Set<string>();
  const names = new Set<string>();
  for (const feature of features) {
    const { name } = feature;
    if (names.has(name)) throw new FeatureError(`two features are named ${name}; name one of them anew`);
    names.add(name);
    if ('ratio' in feature) continue;
    windows.add(name);
    const { windowMs, aggregate } = feature;
    if (!(windowMs >= windowMsMin && windowMs <= windowMsMax)) {
      throw new FeatureError(`the window of ${name} is ${windowMs} ms; give it one from a minute to 90 days`);
    }
    if (aggregate.type === 'decay' && !(aggregate.halfLifeMs > 0)) {
      throw new FeatureError(`the half-life of ${name} is ${aggregate.halfLifeMs} ms; give it one above 0`);
    }
  }
  for (const feature of features) {
    const missing = 'ratio' in feature && feature.ratio.find((name) => !windows.has(name));
    if (missing) throw new FeatureError(`${feature.name} is a ratio of ${missing}, which is no feature with a window`);
  }
}

/** Order of events: negative where `a` goes first. */
export function compareEvents(a: Pick<RiskEvent, 'id' | 'kind' | 'time'>, b: typeof a): number {
  if (a.time !== b.time) return a.time - b.time;
  if (a.kind !== b.kind && (a.kind === 'label' || b.kind === 'label')) return a.kind === 'label' ? -1 : 1;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}
