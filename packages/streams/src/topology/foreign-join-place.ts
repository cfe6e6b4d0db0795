/** Puts a join of two tables by a foreign key into the graph: two topics between them, and the steps on each side. */
import type { AnyTopic, Serde } from '@millrace/client';
import {
  answerOperator,
  askOperator,
  type ForeignJoin,
  resolveOperator,
  rightChangeOperator,
} from '../operators/foreign-join.ts';
import type { TableView } from '../operators/table-join.ts';
import { answerSerde, presenceSerde, questionSerde } from '../state/foreign-join-serdes.ts';
import { type PrefixedKey, prefixedKeySerde, prefixOf } from '../state/prefixed-key.ts';
import type { KeyValueDefinition } from '../state/store-definition.ts';
import type { AnySerde, Node } from './node.ts';
import { needSerde, type Place } from './shape.ts';

/** A table as it is joined. */
export interface JoinedTable {
  readonly place: Place;
  readonly view: TableView;
}

export interface ForeignJoinOptions<R> {
  /** The serde of results, which are kept. */
  readonly value: Serde<R>;
}

type Functions = Pick<ForeignJoin, 'keyOf' | 'join' | 'keepsUnmet'>;

/** Answers where results come out, and the store that keeps them. */
export function foreignJoinPlace(
  left: JoinedTable,
  right: JoinedTable,
  name: string,
  functions: Functions,
  value: AnySerde,
): { readonly place: Place; readonly store: KeyValueDefinition } {
  const { blueprint } = left.place;
  const parts = ['', '-askers', '-changes', '-results'].map((part) => blueprint.claim('join', `${name}${part}`));
  const [, askersName, , resultsName] = parts as [string, string, string, string];
  const user = `join '${name}'`;
  const leftKey = needSerde('key', undefined, left.place.keySerde, user);
  const foreignKey = needSerde('key', undefined, right.place.keySerde, `${user} (its other table)`);
  const rightValue = needSerde('value', undefined, right.place.valueSerde, `${user} (its other table)`);
  const topicOf = (suffix: string, key: AnySerde, of: AnySerde): AnyTopic =>
    ({ name: `millrace.repartition.${blueprint.name}.${name}-${suffix}`, key, value: of }) as AnyTopic;
  const join: ForeignJoin = {
    ...{ ...functions, name, leftKey, foreignKey, left: left.view, right: right.view },
    asked: { kind: 'key-value', name, key: leftKey, value: foreignKey },
    askers: {
      ...{ kind: 'key-value', name: askersName, key: prefixedKeySerde(foreignKey, leftKey), value: presenceSerde },
      prefixOf: (key) => prefixOf(foreignKey, (key as PrefixedKey).first),
    },
    results: { kind: 'key-value', name: resultsName, key: leftKey, value },
    questions: topicOf('questions', foreignKey, questionSerde(leftKey)),
    answers: topicOf('answers', leftKey, answerSerde(foreignKey, rightValue)),
  };
  const node = addNodes(left.place, right.place, join);
  return { place: { ...left.place, edge: { node, port: 0 }, valueSerde: value }, store: join.results };
}

function addNodes(left: Place, right: Place, join: ForeignJoin): Node {
  const { graph } = left.blueprint;
  const source = (topic: AnyTopic, suffix: string, isAnswers: boolean): Node => {
    const repartition = { name: `${join.name}-${suffix}`, partitions: undefined, isAnswers };
    return graph.add({ kind: 'source', topic, repartition, timestampOf: undefined }, []);
  };
  const questions = source(join.questions, 'questions', false);
  const answers = source(join.answers, 'answers', true);
  const ask = graph.add(askOperator(join), [left.edge], { writesTo: questions, copartitioned: left.origins });
  const besideRight = { writesTo: answers, copartitioned: [questions, ...right.origins] };
  graph.add(answerOperator(join), [{ node: questions, port: 0 }], besideRight);
  graph.add(rightChangeOperator(join), [right.edge], besideRight);
  const parents = [ask, answers].map((node) => ({ node, port: 0 }));
  return graph.add(resolveOperator(join), parents, { copartitioned: [answers, ...left.origins] });
}
