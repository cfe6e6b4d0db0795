/** Whether steps fit each other, found out before anything is read. */
import { GraphError } from '../graph-error.ts';
import type { Kind, Step } from './step.ts';

/** What steps hand on that are handed `from`. Throws `invalid_step`. */
export function kindAfter(steps: readonly Step[], from: Kind, marks = new Map<string, Kind>()): Kind {
  return steps.reduce((kind, step) => kindAfterStep(step, kind, marks), from);
}

function kindAfterStep(step: Step, kind: Kind, marks: Map<string, Kind>): Kind {
  switch (step.step) {
    case 'V':
      return required(step, kind, ['nothing'], 'vertex');
    case 'out':
    case 'in':
    case 'both':
      return required(step, kind, ['vertex'], 'vertex');
    case 'outE':
    case 'inE':
    case 'bothE':
      return required(step, kind, ['vertex'], 'edge');
    case 'outV':
    case 'inV':
    case 'otherV':
    case 'bothV':
      return required(step, kind, ['edge'], 'vertex');
    case 'has':
    case 'hasNot':
    case 'hasLabel':
    case 'hasId':
      return required(step, kind, ['vertex', 'edge'], kind);
    case 'values':
    case 'id':
    case 'label':
      return required(step, kind, ['vertex', 'edge'], 'value');
    case 'is':
      return required(step, kind, ['value'], kind);
    case 'sum':
    case 'min':
    case 'max':
    case 'mean':
      return required(step, kind, ['value'], 'value');
    case 'count':
      return 'value';
    case 'path':
      return 'path';
    case 'groupCount':
      return required(step, kind, ['vertex', 'edge', 'value'], 'map');
    case 'repeat':
      return afterRepeat(step, kind, marks);
    case 'where':
    case 'not':
      if (step.steps.length === 0) throw invalid(`${step.step}() takes a traversal with a step at least`);
      kindAfter(step.steps, kind, new Map(marks));
      return kind;
    case 'limit':
      if (!Number.isSafeInteger(step.count) || step.count < 0) throw invalid(`limit() takes a whole number from 0 on`);
      return kind;
    case 'order':
      return afterOrder(step, kind);
    default:
      return afterMark(step, kind, marks);
  }
}

type MarkStep = Extract<Step, { mark: string } | { step: 'dedup' | 'simplePath' | 'cyclicPath' }>;

function afterMark(step: MarkStep, kind: Kind, marks: Map<string, Kind>): Kind {
  switch (step.step) {
    case 'as':
      marks.set(step.mark, kind);
      return kind;
    case 'select': {
      const marked = marks.get(step.mark);
      if (marked === undefined) throw invalid(`select('${step.mark}') needs as('${step.mark}') before it`);
      return marked;
    }
    case 'whereMarked':
      if ((step.op === 'eq' || step.op === 'neq') && !marks.has(step.mark)) {
        throw invalid(`where(${step.op}('${step.mark}')) needs as('${step.mark}') before it`);
      }
      return kind;
    case 'cap':
      return 'list';
    default:
      return kind;
  }
}

function afterRepeat(step: Extract<Step, { step: 'repeat' }>, kind: Kind, marks: Map<string, Kind>): Kind {
  if (step.body.length === 0) throw invalid('repeat() takes a traversal with a step at least');
  const { times, until } = step;
  if (times !== undefined && until !== undefined) throw invalid('repeat() takes times() or until(), not both');
  if (times !== undefined && !(Number.isSafeInteger(times) && times >= 1)) {
    throw invalid(`times() takes a whole number from 1 on, not ${times}`);
  }
  const after = kindAfter(step.body, kind, marks);
  if (after !== kind)
    throw invalid(`repeat() hands on what it is handed: here a ${kind}, and its traversal a ${after}`);
  const barrier = step.body.find(({ step: name }) => BARRIERS.has(name));
  if (barrier !== undefined) throw invalid(`${barrier.step}() can not stand in repeat()`);
  for (const condition of [until, step.emit]) if (condition !== undefined) kindAfter(condition, kind, new Map(marks));
  return kind;
}

/** Steps that need all there is: in a repetition it would not be clear of what. */
const BARRIERS = new Set(['order', 'count', 'sum', 'min', 'max', 'mean', 'groupCount', 'cap', 'limit', 'V']);

function afterOrder({ by }: Extract<Step, { step: 'order' }>, kind: Kind): Kind {
  if (kind === 'value') {
    if (by.some(({ key }) => key !== undefined)) throw invalid('order() of values takes no property');
  } else if (kind !== 'vertex' && kind !== 'edge')
    throw invalid(`order() is of vertices, edges and values, not of a ${kind}`);
  return kind;
}

function required(step: Step, kind: Kind, kinds: readonly Kind[], after: Kind): Kind {
  if (kinds.includes(kind)) return after;
  throw invalid(
    `${step.step}() works on a ${kinds.join(' or a ')}, and stands behind ${kind === 'nothing' ? kind : `a ${kind}`}`,
  );
}

function invalid(message: string): GraphError {
  return new GraphError('invalid_step', message);
}
