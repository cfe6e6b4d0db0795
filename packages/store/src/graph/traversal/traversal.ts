/**
 * A traversal as it is written, step by step, with Gremlin's names and meaning. Each call answers a new one; nothing is
 * read before `run`.
 */
import type { Edge, Vertex } from '../element.ts';
import { evaluate, type Outcome } from './evaluate.ts';
import { gremlinText } from './gremlin-text.ts';
import { P, type Predicate, type Scalar } from './predicate.ts';
import type { RunOptions } from './run.ts';
import type { MarkedOperator, OrderBy, RepeatStep, Step } from './step.ts';
import type { TraversalSource } from './traversal-source.ts';

type Element = Vertex | Edge;
type AnyTraversal = { readonly steps: readonly Step[] };

export class Traversal<E> {
  readonly steps: readonly Step[];
  readonly #source: TraversalSource | undefined;

  /** Begin with `graph.V()`, or with `__` within other steps. */
  constructor(steps: readonly Step[], source: TraversalSource | undefined) {
    this.steps = steps;
    this.#source = source;
  }

  /** Vertices that edges lead to, with one of these labels or any; one for each edge. */
  out(this: Traversal<Vertex>, ...labels: readonly string[]): Traversal<Vertex> {
    return this.#then({ step: 'out', labels });
  }

  in(this: Traversal<Vertex>, ...labels: readonly string[]): Traversal<Vertex> {
    return this.#then({ step: 'in', labels });
  }

  both(this: Traversal<Vertex>, ...labels: readonly string[]): Traversal<Vertex> {
    return this.#then({ step: 'both', labels });
  }

  outE(this: Traversal<Vertex>, ...labels: readonly string[]): Traversal<Edge> {
    return this.#then({ step: 'outE', labels });
  }

  inE(this: Traversal<Vertex>, ...labels: readonly string[]): Traversal<Edge> {
    return this.#then({ step: 'inE', labels });
  }

  bothE(this: Traversal<Vertex>, ...labels: readonly string[]): Traversal<Edge> {
    return this.#then({ step: 'bothE', labels });
  }

  /** The vertex that an edge leaves. */
  outV(this: Traversal<Edge>): Traversal<Vertex> {
    return this.#then({ step: 'outV' });
  }

  inV(this: Traversal<Edge>): Traversal<Vertex> {
    return this.#then({ step: 'inV' });
  }

  /** The vertex at the end that the traversal did not come from. */
  otherV(this: Traversal<Edge>): Traversal<Vertex> {
    return this.#then({ step: 'otherV' });
  }

  bothV(this: Traversal<Edge>): Traversal<Vertex> {
    return this.#then({ step: 'bothV' });
  }

  /** Those with a property; with a value or predicate, those where it holds. Edges have `weight` and `time` too. */
  has<T extends Element>(this: Traversal<T>, key: string, value?: Scalar | Predicate): Traversal<T> {
    const predicate = typeof value === 'object' || value === undefined ? value : P.eq(value);
    return this.#same({ step: 'has', key, predicate });
  }

  hasNot<T extends Element>(this: Traversal<T>, key: string): Traversal<T> {
    return this.#same({ step: 'hasNot', key });
  }

  hasLabel<T extends Element>(this: Traversal<T>, ...labels: readonly string[]): Traversal<T> {
    return this.#same({ step: 'hasLabel', labels });
  }

  hasId<T extends Element>(this: Traversal<T>, ...ids: readonly string[]): Traversal<T> {
    return this.#same({ step: 'hasId', ids });
  }

  is<T extends Scalar>(this: Traversal<T>, value: Scalar | Predicate): Traversal<T> {
    return this.#same({ step: 'is', predicate: typeof value === 'object' ? value : P.eq(value) });
  }

  /** Those from which a traversal finds something. */
  where(traversal: AnyTraversal): this {
    return this.#same({ step: 'where', steps: traversal.steps });
  }

  not(traversal: AnyTraversal): this {
    return this.#same({ step: 'not', steps: traversal.steps });
  }

  /**
   * Gremlin's `where(P)`: `eq` and `neq` compare with what `as(mark)` marked, `within` and `without` with what
   * `aggregate(mark)` gathered.
   */
  whereMarked(op: MarkedOperator, mark: string): this {
    return this.#same({ step: 'whereMarked', op, mark });
  }

  /**
   * A traversal again and again; `until` and `times` say when it ends, `emit` what comes out underway. Where they stand
   * before it, they are asked before the first time too.
   */
  repeat(traversal: AnyTraversal): this {
    const last = this.steps.at(-1);
    if (last?.step === 'repeat' && last.body.length === 0) return this.#amend({ body: traversal.steps });
    return this.#same({ ...NO_REPEAT, body: traversal.steps });
  }

  times(count: number): this {
    return this.#modulate((isFirst) => ({ times: count, untilFirst: isFirst }));
  }

  until(traversal: AnyTraversal): this {
    return this.#modulate((isFirst) => ({ until: traversal.steps, untilFirst: isFirst }));
  }

  emit(traversal: AnyTraversal = { steps: [] }): this {
    return this.#modulate((isFirst) => ({ emit: traversal.steps, emitFirst: isFirst }));
  }

  /** Each once. */
  dedup(): this {
    return this.#same({ step: 'dedup' });
  }

  limit(count: number): this {
    return this.#same({ step: 'limit', count });
  }

  /** Those that came by nothing twice. */
  simplePath(): this {
    return this.#same({ step: 'simplePath' });
  }

  cyclicPath(): this {
    return this.#same({ step: 'cyclicPath' });
  }

  /** All that each came by, itself included. */
  path(): Traversal<readonly unknown[]> {
    return this.#then({ step: 'path' });
  }

  /** Gathers all that is here, before anything goes on. */
  aggregate(mark: string): this {
    return this.#same({ step: 'aggregate', mark });
  }

  /** What was gathered, as one list. */
  cap(mark: string): Traversal<readonly unknown[]> {
    return this.#then({ step: 'cap', mark });
  }

  as(mark: string): this {
    return this.#same({ step: 'as', mark });
  }

  /** What was marked, of type `T`. */
  select<T>(mark: string): Traversal<T> {
    return this.#then({ step: 'select', mark });
  }

  /** By the value, or by what `by` says; those without the property drop out. */
  order(): this {
    return this.#same({ step: 'order', by: [] });
  }

  /** Belongs to the `order` before it. The first counts most. */
  by(key: string | undefined, direction: 'asc' | 'desc' = 'asc'): this {
    const last = this.steps.at(-1);
    const by: OrderBy = { key, descending: direction === 'desc' };
    if (last?.step !== 'order') return this.#same({ step: 'order', by: [by] });
    return this.#again([...this.steps.slice(0, -1), { step: 'order', by: [...last.by, by] }]);
  }

  /** The values of properties, of all without any name. */
  values(this: Traversal<Element>, ...keys: readonly string[]): Traversal<Scalar> {
    return this.#then({ step: 'values', keys });
  }

  id(this: Traversal<Element>): Traversal<string> {
    return this.#then({ step: 'id' });
  }

  label(this: Traversal<Element>): Traversal<string> {
    return this.#then({ step: 'label' });
  }

  count(): Traversal<number> {
    return this.#then({ step: 'count' });
  }

  /** Nothing where there is nothing; so `min`, `max` and `mean`. */
  sum(this: Traversal<Scalar>): Traversal<number> {
    return this.#then({ step: 'sum' });
  }

  min(this: Traversal<Scalar>): Traversal<Scalar> {
    return this.#then({ step: 'min' });
  }

  max(this: Traversal<Scalar>): Traversal<Scalar> {
    return this.#then({ step: 'max' });
  }

  mean(this: Traversal<Scalar>): Traversal<number> {
    return this.#then({ step: 'mean' });
  }

  /** How often each is here. */
  groupCount(): Traversal<ReadonlyMap<E, number>> {
    return this.#then({ step: 'groupCount' });
  }

  /** As Gremlin's text, which `parseTraversal` reads, and TinkerPop's servers do. */
  toString(): string {
    return gremlinText(this.steps, this.steps[0]?.step === 'V' ? 'g' : '__');
  }

  /** Does it, within its budgets. Throws `invalid_step` before anything is read. */
  run(options: RunOptions = {}): Promise<Outcome<E>> {
    return evaluate<E>(this.#source, this.steps, options);
  }

  #then<T>(step: Step): Traversal<T> {
    return new Traversal<T>([...this.steps, step], this.#source);
  }

  #same(step: Step): this {
    return this.#again([...this.steps, step]);
  }

  #again(steps: readonly Step[]): this {
    return new Traversal<E>(steps, this.#source) as this;
  }

  #modulate(change: (isFirst: boolean) => Partial<RepeatStep>): this {
    const last = this.steps.at(-1);
    if (last?.step === 'repeat') return this.#amend(change(last.body.length === 0));
    return this.#same({ ...NO_REPEAT, ...change(true) });
  }

  #amend(change: Partial<RepeatStep>): this {
    return this.#again([...this.steps.slice(0, -1), { ...(this.steps.at(-1) as RepeatStep), ...change }]);
  }
}

const NO_REPEAT: RepeatStep = {
  step: 'repeat',
  body: [],
  times: undefined,
  until: undefined,
  untilFirst: false,
  emit: undefined,
  emitFirst: false,
};

/** Begins a traversal within another. */
export const __ = new Traversal<Vertex>([], undefined);
/** The same within traversals over edges and over values. */
export const __edges = new Traversal<Edge>([], undefined);
export const __values = new Traversal<Scalar>([], undefined);
