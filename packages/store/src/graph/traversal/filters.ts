/** Steps that let some items pass. */
import type { Value } from '../../records/value.ts';
import type { Vertex } from '../element.ts';
import { type FoundEdge, type Frontier, identity, keep, type Trail, wayOf } from './frontier.ts';
import { holds } from './predicate.ts';
import type { Run } from './run.ts';
import type { Step } from './step.ts';

type ElementStep = Extract<Step, { step: 'has' | 'hasNot' | 'hasLabel' | 'hasId' }>;

export async function filterElements(run: Run, step: ElementStep, from: Frontier): Promise<Frontier> {
  if (step.step === 'hasId') {
    const ids = new Set(step.ids);
    return keep(from, (item) => ids.has(from.kind === 'edge' ? String(identity(item, 'edge')) : (item as string)));
  }
  const element = await elements(run, from);
  return keep(from, (_, index) => {
    const found = element(index);
    if (found === undefined) return false;
    if (step.step === 'hasLabel') return step.labels.includes(found.label);
    const value = propertyOf(found, step.key);
    if (step.step === 'hasNot') return value === undefined;
    return value !== undefined && (step.predicate === undefined || holds(step.predicate, value));
  });
}

/** What stands at an index of a frontier of vertices or edges; undefined for a vertex that is not there. */
export async function elements(
  run: Run,
  { kind, items }: Frontier,
): Promise<(index: number) => Vertex | FoundEdge | undefined> {
  if (kind === 'edge') return (index) => items[index] as FoundEdge;
  const known = await run.read(items as readonly string[]);
  return (index) => known.get(items[index] as string);
}

export function propertyOf(element: Vertex | FoundEdge, key: string): Value | undefined {
  if ('from' in element && key === 'weight') return element.weight;
  if ('from' in element && key === 'time') return element.time;
  return Object.hasOwn(element.properties, key) ? element.properties[key] : undefined;
}

export function propertiesOf(element: Vertex | FoundEdge): Value[] {
  const own = 'from' in element ? [element.weight, element.time] : [];
  return [...own, ...Object.values(element.properties)].filter((value) => value !== undefined);
}

/** What came by nothing twice, or by something. */
export function filterPaths(from: Frontier, simple: boolean): Frontier {
  return keep(from, (_, index) => {
    const way = wayOf(from.trails?.[index] as Trail);
    const seen = new Set(way.map(({ item, kind }) => `${kind} ${typeof item} ${String(identity(item, kind))}`));
    return (seen.size === way.length) === simple;
  });
}

export function filterMarked(run: Run, step: Extract<Step, { step: 'whereMarked' }>, from: Frontier): Frontier {
  const { op, mark } = step;
  if (op === 'within' || op === 'without') {
    const gathered = new Set((run.gathered.get(mark)?.items ?? []).map((item) => identity(item, from.kind)));
    return keep(from, (item) => gathered.has(identity(item, from.kind)) === (op === 'within'));
  }
  return keep(from, (item, index) => {
    const marked = markedOn(from.trails?.[index] as Trail, mark);
    if (marked === undefined) return false;
    const same = marked.kind === from.kind && identity(marked.item, marked.kind) === identity(item, from.kind);
    return same === (op === 'eq');
  });
}

/** The last item of a way that has a mark. */
export function markedOn(trail: Trail, mark: string): Trail | undefined {
  for (let each: Trail | undefined = trail; each !== undefined; each = each.before) {
    if (each.marks.includes(mark)) return each;
  }
  return undefined;
}

/** Each once, of those that came from the same origin. `seen` has those of before. */
export function dedup(from: Frontier, seen: Set<unknown>): Frontier {
  const { origins } = from;
  if (origins === undefined) {
    return keep(from, (item) => {
      const before = seen.size;
      return seen.add(identity(item, from.kind)).size > before;
    });
  }
  return keep(from, (item, index) => {
    const before = seen.size;
    return seen.add(`${origins.of[index]} ${typeof item} ${String(identity(item, from.kind))}`).size > before;
  });
}

export function limit(from: Frontier, count: number): Frontier {
  const { origins } = from;
  if (origins === undefined) return from.items.length <= count ? from : keep(from, (_, index) => index < count);
  const had = new Uint32Array(origins.count);
  return keep(from, (_, index) => {
    const origin = origins.of[index] as number;
    had[origin] = (had[origin] as number) + 1;
    return (had[origin] as number) <= count;
  });
}
