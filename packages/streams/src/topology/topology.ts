/** Where a topology begins: its name and its sources. */
import { type AnyTopic, topic as describeTopic, type KeyOf, type TopicLike, type ValueOf } from '@millrace/client';
import { TopologyError } from '../errors.ts';
import { describe } from './describe.ts';
import { type AnySerde, Graph, type SourceOperator } from './node.ts';
import { Blueprint } from './shape.ts';
import { Stream } from './stream.ts';
import type { Table } from './table.ts';

export interface SourceOptions<T extends TopicLike> {
  /** Event time of a record in ms since 1970. Default: the record's own timestamp. */
  readonly timestamp?: ((value: ValueOf<T>, record: { readonly timestamp: number }) => number) | undefined;
}

/**
 * A job's work, from the topics that it reads to those that it writes. It is data: `startJob` runs it on a cluster,
 * `testDriver` without one. Its name is the job's: of its consumer group, and in the names of its topics.
 */
export class Topology {
  readonly name: string;
  readonly #blueprint: Blueprint;

  /** Not for callers: `topology()` makes it. */
  constructor(name: string) {
    this.#blueprint = new Blueprint(name, new Graph());
    this.name = name;
  }

  /** What the runtime and the driver work by. */
  get graph(): Graph {
    return this.#blueprint.graph;
  }

  /** The records of a topic. The same topic can be a source once. */
  source<const T extends TopicLike>(topic: T, options: SourceOptions<T> = {}): Stream<KeyOf<T>, ValueOf<T>> {
    const described: AnyTopic = typeof topic === 'string' ? describeTopic(topic as string) : (topic as AnyTopic);
    const { sources, graph } = this.#blueprint;
    if (sources.has(described.name)) {
      throw new TopologyError(
        `topic ${described.name} is a source already; use the stream that the first call answered`,
      );
    }
    const timestampOf = options.timestamp as SourceOperator['timestampOf'];
    const node = graph.add({ kind: 'source', topic: described, repartition: undefined, timestampOf }, []);
    sources.set(described.name, node);
    return new Stream({
      blueprint: this.#blueprint,
      edge: { node, port: 0 },
      keySerde: described.key as AnySerde,
      valueSerde: described.value as AnySerde,
      origins: [node],
    });
  }

  /** The newest value of each key of a topic; null deletes. `name` is that of its store. */
  table<const T extends TopicLike>(
    topic: T,
    name: string,
    options: SourceOptions<T> = {},
  ): Table<KeyOf<T>, NonNullable<ValueOf<T>>> {
    return this.source(topic, options).toTable(name);
  }

  /** The topology as text, the same for the same calls: to look at, and to compare with an earlier one. */
  describe(): string {
    return describe(this.name, this.#blueprint.graph);
  }
}

/** Begins a topology. The name: 1 to 100 letters, digits, '-' or '_'. Throws `TopologyError`. */
export function topology(name: string): Topology {
  return new Topology(name);
}
