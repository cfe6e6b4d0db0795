/**
 * The graph of a topology: operators, and who hands records to whom. Untyped; the classes that users see (`Stream`,
 * `Table`) carry the types.
 *
 * Nodes are only ever added, behind their parents, so that their order is one in which records flow.
 */
import type { AnyTopic, Serde } from '@millrace/client';
import type { StoreDefinition } from '../state/store-definition.ts';
import type { Receiver } from '../task/cursor.ts';
import type { OperatorContext } from '../task/operator-context.ts';

/** A serde whatever it reads and writes. */
export type AnySerde = Serde<unknown, unknown>;

/** What a node does with a record in a task. */
export interface Operator {
  /** A word for `describe()`. */
  readonly kind: string;
  /** The user's name, where one was given. */
  readonly name?: string | undefined;
  /** More of it for `describe()`. */
  readonly detail?: string | undefined;
  /** Stores that it works on; operators that share one are always in the same task. */
  readonly stores?: readonly StoreDefinition[] | undefined;
  /** How much earlier than stream time the records may be that it sends, in ms. Default 0. */
  readonly holdsBackMs?: number | undefined;
  /**
   * Makes what is called with each record in one task. `outputs` has a receiver for each port; most have one. It may
   * not keep state of its own: what is to survive belongs into stores.
   */
  connect(context: OperatorContext, outputs: readonly Receiver[]): Receiver;
}

/** Where records come from. */
export interface SourceOperator {
  readonly kind: 'source';
  readonly topic: AnyTopic;
  /** Made and filled by this topology, under `topic.name`. */
  readonly repartition: RepartitionDefinition | undefined;
  /** Event time of a record in ms since 1970; the record's own timestamp when absent. */
  readonly timestampOf: ((value: unknown, record: unknown) => number) | undefined;
}

export interface RepartitionDefinition {
  readonly name: string;
  /** As many as the widest source above it has when absent. */
  readonly partitions: number | undefined;
  /**
   * Whether its records are answers to what its readers asked: they bring no time, and nobody waits for them. Default
   * false.
   */
  readonly isAnswers?: boolean | undefined;
}

export interface Edge {
  readonly node: Node;
  readonly port: number;
}

export interface Node {
  /** Its place in the graph. */
  readonly id: number;
  readonly operator: Operator | SourceOperator;
  readonly parents: readonly Edge[];
  /** Sources that must have as many partitions as each other for this node's sake. */
  readonly copartitioned: readonly Node[];
  /** The repartition topic that it writes to; its reader is another node. */
  readonly writesTo: Node | undefined;
}

export interface NodeOptions {
  readonly copartitioned?: readonly Node[] | undefined;
  readonly writesTo?: Node | undefined;
}

export class Graph {
  readonly nodes: Node[] = [];

  add(operator: Operator | SourceOperator, parents: readonly Edge[], options: NodeOptions = {}): Node {
    const node: Node = {
      id: this.nodes.length,
      operator,
      parents,
      copartitioned: options.copartitioned ?? [],
      writesTo: options.writesTo,
    };
    this.nodes.push(node);
    return node;
  }
}

export function isSource(operator: Operator | SourceOperator): operator is SourceOperator {
  return operator.kind === 'source';
}
