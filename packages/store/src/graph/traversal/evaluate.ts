/**
 * Does a traversal, step after step over all items at once, so that a hop is one batched read whatever there is. So
 * items come in no order that counts, unless `order` gave them one.
 */
import type { Vertex } from '../element.ts';
import { DEFAULT_VERTEX_LABEL } from '../element.ts';
import { GraphError } from '../graph-error.ts';
import { kindAfter } from './check-steps.ts';
import {
  dedup,
  elements,
  filterElements,
  filterMarked,
  filterPaths,
  limit,
  markedOn,
  propertiesOf,
  propertyOf,
} from './filters.ts';
import {
  asOrigins,
  type FoundEdge,
  type Frontier,
  identity,
  keep,
  NextFrontier,
  type Trail,
  wayOf,
} from './frontier.ts';
import { ends, hop, start } from './hops.ts';
import { holds } from './predicate.ts';
import { GroupedItems, order, reduce } from './reductions.ts';
import { repeat } from './repeat.ts';
import { type Gathered, Run, type RunOptions, type Shortage } from './run.ts';
import { type Kind, needsPaths, type Step } from './step.ts';
import type { TraversalSource } from './traversal-source.ts';

/** What was found, and whether that is all. */
export type Outcome<E> = {
  readonly results: readonly E[];
  /** Batches that were read, and the records asked for in them. */
  readonly reads: { readonly batches: number; readonly records: number };
} & (
  | { readonly complete: true; readonly why?: undefined }
  /** A budget was too small: there may be more, and what counts or sums may be too small. */
  | { readonly complete: false; readonly why: Shortage }
);

/** What steps have seen that stand in a repetition: it lasts over its rounds. */
export type Scope = Map<Step, Set<unknown>>;

export async function evaluate<E>(
  source: TraversalSource | undefined,
  steps: readonly Step[],
  options: RunOptions,
): Promise<Outcome<E>> {
  kindAfter(steps, 'nothing');
  if (source === undefined)
    throw new GraphError('invalid_step', 'a traversal that begins with __ stands within another');
  const run = new Run(source, steps, options);
  const none: Frontier = { kind: 'nothing', items: [], trails: needsPaths(steps) ? [] : undefined, origins: undefined };
  const last = await takeSteps(run, steps, none, new Map());
  const results = (await resolved(run, last)) as readonly E[];
  const reads = run.records.reads;
  const [why] = run.shortages;
  return why === undefined ? { results, reads, complete: true } : { results, reads, complete: false, why };
}

export async function takeSteps(run: Run, steps: readonly Step[], from: Frontier, scope: Scope): Promise<Frontier> {
  let frontier = from;
  for (const [index, step] of steps.entries()) {
    const next = steps[index + 1];
    const enough = next?.step === 'limit' && frontier.origins === undefined ? next.count : undefined;
    frontier = await takeStep(run, step, frontier, scope, enough);
  }
  return frontier;
}

async function takeStep(
  run: Run,
  step: Step,
  from: Frontier,
  scope: Scope,
  enough: number | undefined,
): Promise<Frontier> {
  switch (step.step) {
    case 'V': {
      const begun = await start(run, step.ids, enough);
      return from.trails === undefined
        ? begun
        : { ...begun, trails: begun.items.map((item) => trailOf(item, 'vertex')) };
    }
    case 'out':
    case 'in':
    case 'both':
    case 'outE':
    case 'inE':
    case 'bothE':
      return hop(run, step, from, enough);
    case 'outV':
    case 'inV':
    case 'otherV':
    case 'bothV':
      return ends(step.step, from);
    case 'has':
    case 'hasNot':
    case 'hasLabel':
    case 'hasId':
      return filterElements(run, step, from);
    case 'is':
      return keep(from, (item) => holds(step.predicate, item as string));
    case 'where':
    case 'not':
      return filterByTraversal(run, step.steps, from, step.step === 'where');
    case 'whereMarked':
      return filterMarked(run, step, from);
    case 'repeat':
      return repeat(run, step, from, scope);
    case 'dedup': {
      const seen = scope.get(step) ?? new Set();
      scope.set(step, seen);
      return dedup(from, seen);
    }
    case 'limit':
      return limit(from, step.count);
    case 'simplePath':
    case 'cyclicPath':
      return filterPaths(from, step.step === 'simplePath');
    case 'order':
      return order(run, step.by, from);
    case 'count':
    case 'sum':
    case 'min':
    case 'max':
    case 'mean':
    case 'groupCount':
      return reduce(step.step, from);
    default:
      return mapItems(run, step, from);
  }
}

type MapStep = Extract<Step, { step: 'values' | 'id' | 'label' | 'path' | 'aggregate' | 'cap' | 'as' | 'select' }>;

async function mapItems(run: Run, step: MapStep, from: Frontier): Promise<Frontier> {
  switch (step.step) {
    case 'aggregate':
      run.gathered.set(step.mark, {
        kind: from.kind,
        items: [...(run.gathered.get(step.mark)?.items ?? []), ...from.items],
      });
      return from;
    case 'as':
      return { ...from, trails: from.trails?.map((trail) => ({ ...trail, marks: [...trail.marks, step.mark] })) };
    case 'select':
      return selected(step.mark, from);
    case 'cap':
      return capped(run, step.mark, from);
    case 'path': {
      const next = new NextFrontier('path', from);
      for (const [index, trail] of (from.trails ?? []).entries()) next.add(index, wayOf(trail));
      return next.frontier;
    }
    case 'id': {
      const next = new NextFrontier('value', from);
      for (const [index, item] of from.items.entries()) next.add(index, identity(item, from.kind));
      return next.frontier;
    }
    case 'label':
    case 'values': {
      const next = new NextFrontier('value', from);
      const element = await elements(run, from);
      for (const index of from.items.keys()) {
        const found = element(index);
        if (found === undefined) continue;
        if (step.step === 'label') next.add(index, found.label);
        else if (step.keys.length === 0) for (const value of propertiesOf(found)) next.add(index, value);
        else
          for (const key of step.keys) {
            const value = propertyOf(found, key);
            if (value !== undefined) next.add(index, value);
          }
      }
      return next.frontier;
    }
  }
}

function selected(mark: string, from: Frontier): Frontier {
  const kind = from.trails?.map((trail) => markedOn(trail, mark)?.kind).find((each) => each !== undefined);
  const next = new NextFrontier(kind ?? from.kind, from);
  for (const [index, trail] of (from.trails ?? []).entries()) {
    const marked = markedOn(trail, mark);
    if (marked !== undefined) next.add(index, marked.item);
  }
  return next.frontier;
}

/** One list for all, or for each origin. */
function capped(run: Run, mark: string, { trails, origins }: Frontier): Frontier {
  const gathered: Gathered = run.gathered.get(mark) ?? { kind: 'value', items: [] };
  const items = Array.from({ length: origins?.count ?? 1 }, () => gathered);
  return {
    kind: 'list',
    items,
    trails: trails && items.map((item) => trailOf(item, 'list')),
    origins: origins && { of: items.map((_, index) => index), count: origins.count },
  };
}

export async function filterByTraversal(
  run: Run,
  steps: readonly Step[],
  from: Frontier,
  wanted: boolean,
): Promise<Frontier> {
  const { origins } = await takeSteps(run, steps, asOrigins(from), new Map());
  const found = new Set(origins?.of);
  return keep(from, (_, index) => found.has(index) === wanted);
}

function trailOf(item: unknown, kind: Kind): Trail {
  return { item, kind, marks: [], before: undefined };
}

/** Items as users see them: vertices are read, those that were not in one batch. */
async function resolved(run: Run, { kind, items }: Frontier): Promise<readonly unknown[]> {
  const wanted = new Set<string>();
  for (const item of items) vertexIds(item, kind, wanted);
  const known = await run.read(wanted, true);
  return items.map((item) => shown(item, kind, known));
}

function vertexIds(item: unknown, kind: Kind, into: Set<string>): void {
  if (kind === 'vertex') into.add(item as string);
  else if (kind === 'path') for (const each of item as Trail[]) vertexIds(each.item, each.kind, into);
  else if (kind === 'list') for (const each of (item as Gathered).items) vertexIds(each, (item as Gathered).kind, into);
  else if (item instanceof GroupedItems) for (const key of item.keys()) vertexIds(key, item.kind, into);
}

function shown(item: unknown, kind: Kind, known: ReadonlyMap<string, Vertex | undefined>): unknown {
  if (kind === 'vertex') return known.get(item as string) ?? { id: item, label: DEFAULT_VERTEX_LABEL, properties: {} };
  if (kind === 'edge') {
    const { foundAt: _, ...edge } = item as FoundEdge;
    return edge;
  }
  if (kind === 'path') return (item as Trail[]).map((each) => shown(each.item, each.kind, known));
  if (kind === 'list') return (item as Gathered).items.map((each) => shown(each, (item as Gathered).kind, known));
  if (item instanceof GroupedItems)
    return new Map([...item].map(([key, count]) => [shown(key, item.kind, known), count]));
  return item;
}
