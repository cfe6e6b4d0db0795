/** Puts an aggregate in windows of any kind into the graph: what comes out of it. */
import type { WindowDefinition } from '../state/store-definition.ts';
import type { AnySerde, Operator } from './node.ts';
import type { Place } from './shape.ts';
import { Stream } from './stream.ts';
import { windowedKey } from './windowed-key.ts';
import type { Windowed, Windows } from './windows.ts';

/** Results by window, and the records that came too late for theirs. */
export interface WindowResults<K, V, A> {
  readonly results: Stream<Windowed<K>, A>;
  readonly late: Stream<K, V>;
}

/** `value` is the serde of results. */
export function windowResults<K, V, A>(
  place: Place,
  windows: Windows,
  store: WindowDefinition,
  value: AnySerde,
  operator: Operator,
): WindowResults<K, V, A> {
  const node = place.blueprint.graph.add(operator, [place.edge], { copartitioned: place.origins });
  const keySerde = windowedKey(store.key, windows) as AnySerde;
  return {
    results: new Stream({ ...place, edge: { node, port: 0 }, keySerde, valueSerde: value }),
    late: new Stream({ ...place, edge: { node, port: 1 } }),
  };
}
