/** Random small graphs and traversals over them, of which every order of work finds the same. */
import { type EdgeUpsert, edgeId, P, type Predicate, Traversal, type VertexUpsert } from '@millrace/store';
import fc from 'fast-check';

export interface RandomGraph {
  readonly vertices: readonly (VertexUpsert & { readonly label: string })[];
  readonly edges: readonly EdgeUpsert[];
}

const ids = ['a', 'b', 'c', 'd', 'e', 'f', "it's"];
const labels = ['knows', 'uses'];

export const randomGraph: fc.Arbitrary<RandomGraph> = fc.record({
  vertices: fc.tuple(
    ...ids.map((id, n) =>
      fc
        .record({
          label: fc.constantFrom('person', 'device'),
          age: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
          name: fc.constantFrom('Ada', 'Bob', undefined),
        })
        .map(({ label, age, name }) => ({
          id,
          label,
          properties: { n, ...(age !== undefined && { age }), ...(name !== undefined && { name }) },
        })),
    ),
  ),
  edges: fc
    .array(
      fc.record({
        from: fc.constantFrom(...ids),
        label: fc.constantFrom(...labels),
        to: fc.constantFrom(...ids),
        key: fc.constantFrom('', '', 'k'),
        weight: fc.option(
          fc.integer({ min: 0, max: 6 }).map((halves) => halves / 2),
          { nil: undefined },
        ),
        time: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
      }),
      { maxLength: 12 },
    )
    .map((edges) => [...new Map(edges.map((edge) => [edgeId(edge), edge])).values()]),
});

type Grown = { readonly traversal: Traversal<never>; readonly kind: 'vertex' | 'edge' | 'value' | 'end' };
type Grow = (grown: Traversal<never>) => Grown;

const some = fc.constantFrom<string[][]>([], ['knows'], ['uses'], ['uses', 'knows']);
const ofAge = fc.constantFrom<Predicate[]>(
  ...[P.gt(1), P.lte(2), P.neq(3), P.within(0, 1), P.without(2), P.between(1, 3), P.inside(0, 3), P.outside(1, 2)],
);
const ofName = fc.constantFrom<Predicate[]>(P.eq('Ada'), P.startingWith('B'), P.containing('d'), P.endingWith('a'));

/** Methods by name: what a step takes is right by how it is made here. */
function does(name: string, kind: Grown['kind'], ...args: readonly unknown[]): Grow {
  return (grown) => {
    const methods = grown as unknown as { readonly [name: string]: (...args: readonly unknown[]) => Traversal<never> };
    const next = methods[name]?.(...args);
    if (next === undefined) throw new Error(`there is no step ${name}`);
    return { traversal: next, kind };
  };
}

const begun = new Traversal<never>([], undefined);

function within(...steps: readonly Grow[]): Traversal<never> {
  return steps.reduce((grown, step) => step(grown).traversal, begun);
}

const hop: fc.Arbitrary<Grow> = fc
  .tuple(fc.constantFrom('out', 'in', 'both'), some)
  .map(([name, own]) => does(name, 'vertex', ...own));
const toEdges: fc.Arbitrary<Grow> = fc
  .tuple(fc.constantFrom('outE', 'inE', 'bothE'), some)
  .map(([name, own]) => does(name, 'edge', ...own));

const vertexFilter: fc.Arbitrary<Grow> = fc.oneof(
  ofAge.map((predicate) => does('has', 'vertex', 'age', predicate)),
  ofName.map((predicate) => does('has', 'vertex', 'name', predicate)),
  fc.constantFrom(
    does('has', 'vertex', 'name'),
    does('hasNot', 'vertex', 'age'),
    does('hasLabel', 'vertex', 'person'),
    does('hasId', 'vertex', 'a', "it's"),
    does('simplePath', 'vertex'),
    does('cyclicPath', 'vertex'),
  ),
);

const condition: fc.Arbitrary<Traversal<never>> = fc.oneof(
  fc.tuple(hop, vertexFilter).map((steps) => within(...steps)),
  hop.map((step) => within(step)),
  fc.tuple(hop, fc.integer({ min: 0, max: 3 })).map(([step, count]) => {
    return within(step, does('count', 'value'), does('is', 'value', P.gte(count)));
  }),
  hop.map((step) => within(does('outE', 'edge'), does('has', 'edge', 'weight', P.gt(1)), does('inV', 'vertex'), step)),
);

const repetition: fc.Arbitrary<Grow> = fc
  .record({
    body: fc.array(fc.oneof(hop, vertexFilter), { maxLength: 1 }),
    hop,
    times: fc.integer({ min: 1, max: 3 }),
    until: condition,
    emit: fc.constantFrom('no', 'all', 'some'),
    emitted: condition,
    end: fc.constantFrom('times', 'until', 'none'),
    endFirst: fc.boolean(),
    emitFirst: fc.boolean(),
  })
  .map((made) => (grown: Traversal<never>): Grown => {
    const { end, emit, endFirst, emitFirst } = made;
    // Without times only what comes by nothing twice has an end.
    const bound = end === 'times' ? [] : [does('simplePath', 'vertex')];
    const body = within(made.hop, ...made.body, ...bound);
    const emits: Grow[] =
      emit === 'no' && end !== 'none' ? [] : [does('emit', 'vertex', ...(emit === 'some' ? [made.emitted] : []))];
    const ends: Grow[] =
      end === 'times'
        ? [does('times', 'vertex', made.times)]
        : end === 'until'
          ? [does('until', 'vertex', made.until)]
          : [];
    const before = [...(endFirst ? ends : []), ...(emitFirst ? emits : [])];
    const after = [...(endFirst ? [] : ends), ...(emitFirst ? [] : emits)];
    const steps = [...before, does('repeat', 'vertex', body), ...after];
    return { traversal: steps.reduce((so, step) => step(so).traversal, grown), kind: 'vertex' };
  });

const vertexStep: fc.Arbitrary<Grow> = fc.oneof(
  { arbitrary: hop, weight: 4 },
  { arbitrary: vertexFilter, weight: 3 },
  { arbitrary: toEdges, weight: 2 },
  { arbitrary: repetition, weight: 2 },
  {
    arbitrary: fc
      .tuple(fc.constantFrom('where', 'not'), condition)
      .map(([name, nested]) => does(name, 'vertex', nested)),
    weight: 2,
  },
  {
    arbitrary: fc.tuple(hop, fc.constantFrom('neq', 'eq')).map(([step, op]) => (grown: Traversal<never>) => {
      const marked = step(grown.as('m').as('m2')).traversal;
      return { traversal: marked.whereMarked(op as 'neq', 'm'), kind: 'vertex' as const };
    }),
    weight: 1,
  },
  {
    arbitrary: fc.tuple(hop, fc.constantFrom('within', 'without')).map(([step, op]) => (grown: Traversal<never>) => {
      const gathered = step(grown.aggregate('x')).traversal;
      return { traversal: gathered.whereMarked(op as 'within', 'x'), kind: 'vertex' as const };
    }),
    weight: 1,
  },
);

const edgeStep: fc.Arbitrary<Grow> = fc.oneof(
  fc.constantFrom('outV', 'inV', 'otherV', 'bothV').map((name) => does(name, 'vertex')),
  fc.constantFrom(P.gt(1), P.lt(2.5), P.eq(1)).map((predicate) => does('has', 'edge', 'weight', predicate)),
  fc.constantFrom(does('hasNot', 'edge', 'time'), does('hasLabel', 'edge', 'uses'), does('has', 'edge', 'time', 2)),
);

const end: { readonly [kind in 'vertex' | 'edge']: fc.Arbitrary<Grow> } = {
  vertex: fc.constantFrom<Grow>(
    ...['id', 'label', 'path', 'count', 'dedup', 'groupCount'].map((name) => does(name, 'end')),
    ...[[], ['age'], ['name', 'n']].map((keys) => does('values', 'end', ...keys)),
    ...['sum', 'min', 'max', 'mean', 'groupCount', 'order', 'dedup', 'count'].map((name): Grow => {
      return (grown) => does(name, 'end')(does('values', 'value', 'age')(grown).traversal);
    }),
    (grown) => does('values', 'end', 'n')(grown.order().by('n', 'desc').limit(3)),
    (grown) => does('values', 'end', 'n')(grown.order().by('age').by('n')),
    (grown) => does('select', 'end', 's')(does('out', 'vertex')(grown.as('s')).traversal),
    (grown) => does('cap', 'end', 'y')(grown.aggregate('y')),
  ),
  edge: fc.constantFrom<Grow>(
    ...['id', 'label', 'path', 'count', 'dedup'].map((name) => does(name, 'end')),
    ...[[], ['weight'], ['time', 'weight']].map((keys) => does('values', 'end', ...keys)),
    ...['sum', 'min', 'max', 'mean'].map((name): Grow => {
      return (grown) => does(name, 'end')(does('values', 'value', 'weight')(grown).traversal);
    }),
  ),
};

export const randomTraversal: fc.Arbitrary<Traversal<never>> = fc
  .record({
    ids: fc.subarray([...ids, 'nobody'], { maxLength: 3 }),
    vertexSteps: fc.array(vertexStep, { minLength: 4, maxLength: 4 }),
    edgeSteps: fc.array(edgeStep, { minLength: 4, maxLength: 4 }),
    length: fc.integer({ min: 0, max: 4 }),
    ends: fc.record({ vertex: end.vertex, edge: end.edge }),
  })
  .map((made) => {
    let grown: Grown = { traversal: new Traversal<never>([{ step: 'V', ids: made.ids }], undefined), kind: 'vertex' };
    for (let at = 0; at < made.length; at++) {
      const step = grown.kind === 'edge' ? made.edgeSteps[at] : made.vertexSteps[at];
      if (step !== undefined) grown = step(grown.traversal);
    }
    return made.ends[grown.kind as 'vertex' | 'edge'](grown.traversal).traversal;
  });
