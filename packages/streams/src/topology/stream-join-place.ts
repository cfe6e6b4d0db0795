/** Puts a join of two streams into the graph: an operator and a store for each side, and what both send to. */
import { TopologyError } from '../errors.ts';
import { passOperator } from '../operators/stateless.ts';
import { type JoinSide, joinSideOperator } from '../operators/stream-join.ts';
import { joinRowSerde } from '../state/row-serdes.ts';
import type { WindowDefinition } from '../state/store-definition.ts';
import type { AnySerde } from './node.ts';
import { needSerde, type Place } from './shape.ts';
import type { JoinOptions } from './stream-options.ts';

/** Where the pairs come out. `keepsLeft`, `keepsRight`: whose records go on that met nobody. */
export function joinedPlace(
  places: readonly [Place, Place],
  options: JoinOptions<unknown, unknown, unknown>,
  keepsLeft: boolean,
  keepsRight: boolean,
): Place {
  const [left, right] = places;
  const { blueprint } = left;
  const { name, within, graceMs = 0, with: join } = options;
  blueprint.claim('join', name);
  const { beforeMs, afterMs } = typeof within === 'number' ? { beforeMs: within, afterMs: within } : within;
  for (const each of [beforeMs, afterMs, graceMs]) {
    if (Number.isSafeInteger(each) && each >= 0) continue;
    throw new TopologyError(`join '${name}' has a time of ${each} ms; times are whole numbers from 0 on`);
  }
  const reachMs = beforeMs + afterMs + graceMs;
  const valueSerdeOf = (place: Place, given: unknown): AnySerde =>
    needSerde('value', given as AnySerde | undefined, place.valueSerde, `join '${name}'`);
  const [leftValue, rightValue] = [valueSerdeOf(left, options.value), valueSerdeOf(right, options.otherValue)];
  const storeOf = (place: Place, side: string, value: AnySerde): WindowDefinition => ({
    kind: 'window',
    name: `${name}-${side}`,
    key: needSerde('key', undefined, place.keySerde, `join '${name}'`),
    value: joinRowSerde(value),
    retentionMs: reachMs + 1,
    bucketMs: Math.max(1, reachMs),
    form: `join before=${beforeMs} after=${afterMs}`,
  });
  const [leftStore, rightStore] = [storeOf(left, 'left', leftValue), storeOf(right, 'right', rightValue)];
  const common = { name, graceMs };
  const sides: JoinSide[] = [
    {
      ...{ ...common, own: leftStore, value: leftValue, other: rightStore, backMs: beforeMs, aheadMs: afterMs, join },
      ...{ keepsUnmet: keepsLeft, otherKeepsUnmet: keepsRight },
    },
    {
      ...{ ...common, own: rightStore, value: rightValue, other: leftStore, backMs: afterMs, aheadMs: beforeMs },
      ...{ keepsUnmet: keepsRight, otherKeepsUnmet: keepsLeft, join: (own, found) => join(found, own) },
    },
  ];
  const copartitioned = places.flatMap(({ origins }) => origins);
  const parents = sides.map((side, index) => ({
    node: blueprint.graph.add(joinSideOperator(side), [(places[index] as Place).edge], { copartitioned }),
    port: 0,
  }));
  const node = blueprint.graph.add(passOperator('joined'), parents);
  return { ...left, edge: { node, port: 0 }, valueSerde: undefined, origins: [...new Set(copartitioned)] };
}
