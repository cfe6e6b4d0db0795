/** The values of features as of an event, from the histories of its entities. A pure function, live and in replays. */
import type { Feature, FeatureValues, RiskEvent, WindowFeature } from './feature.ts';
import type { History } from './history.ts';

/** `historyOf`: that of the entity that the event names in a field. It holds the event itself. */
export function evaluateFeatures(
  features: readonly Feature[],
  event: RiskEvent,
  historyOf: (entity: string) => History | undefined,
): FeatureValues {
  const values: Record<string, number> = {};
  for (const feature of features) {
    if ('ratio' in feature) continue;
    const history = historyOf(feature.entity);
    if (history !== undefined) values[feature.name] = windowValue(feature, event, history);
  }
  for (const feature of features) {
    if (!('ratio' in feature)) continue;
    const [over, under] = feature.ratio.map((name) => values[name]);
    if (over !== undefined && under !== undefined) values[feature.name] = under === 0 ? 0 : over / under;
  }
  return values;
}

function windowValue({ aggregate, kind, windowMs }: WindowFeature, event: RiskEvent, history: History): number {
  const seen = new Set<string | number>();
  let count = 0;
  let sum = 0;
  for (let at = history.placeAfter(event) - 1; at >= 0; at--) {
    const past = history.events[at] as RiskEvent;
    const age = event.time - past.time;
    if (age >= windowMs) break;
    if (past.kind !== kind) continue;
    const value = aggregate.type === 'count' ? 1 : past.fields[aggregate.field];
    if (value === undefined) continue;
    count++;
    if (aggregate.type === 'distinct') seen.add(value);
    else if (aggregate.type === 'decay') sum += Number(value) * 2 ** (-age / aggregate.halfLifeMs);
    else sum += Number(value);
  }
  if (aggregate.type === 'distinct') return seen.size;
  if (aggregate.type === 'mean') return count === 0 ? 0 : sum / count;
  return sum;
}
