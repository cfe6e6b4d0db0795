/** A traversal as Gremlin's text, as any TinkerPop server takes it (language `gremlin-lang`). */
import type { Predicate, Scalar } from './predicate.ts';
import type { OrderBy, RepeatStep, Step } from './step.ts';

export function gremlinText(steps: readonly Step[], from: 'g' | '__' = 'g'): string {
  return [from, ...steps.map(stepText)].join('.');
}

function stepText(step: Step): string {
  switch (step.step) {
    case 'V':
    case 'hasId':
      return call(step.step, step.ids.map(literal));
    case 'out':
    case 'in':
    case 'both':
    case 'outE':
    case 'inE':
    case 'bothE':
    case 'hasLabel':
      return call(step.step, step.labels.map(literal));
    case 'has':
      return call('has', [literal(step.key), ...(step.predicate === undefined ? [] : [predicateText(step.predicate)])]);
    case 'hasNot':
      return call('hasNot', [literal(step.key)]);
    case 'is':
      return call('is', [predicateText(step.predicate)]);
    case 'where':
    case 'not':
      return call(step.step, [gremlinText(step.steps, '__')]);
    case 'whereMarked':
      return call('where', [`P.${step.op}(${literal(step.mark)})`]);
    case 'repeat':
      return repeatText(step);
    case 'limit':
      return call('limit', [String(step.count)]);
    case 'aggregate':
    case 'cap':
    case 'as':
    case 'select':
      return call(step.step, [literal(step.mark)]);
    case 'order':
      return ['order()', ...step.by.map(byText)].join('.');
    case 'values':
      return call('values', step.keys.map(literal));
    default:
      return call(step.step, []);
  }
}

function repeatText({ body, times, until, untilFirst, emit, emitFirst }: RepeatStep): string {
  const ends =
    times === undefined ? until && call('until', [gremlinText(until, '__')]) : call('times', [String(times)]);
  const emits = emit && call('emit', emit.length === 0 ? [] : [gremlinText(emit, '__')]);
  const parts = [
    untilFirst ? ends : undefined,
    emitFirst ? emits : undefined,
    call('repeat', [gremlinText(body, '__')]),
    untilFirst ? undefined : ends,
    emitFirst ? undefined : emits,
  ];
  return parts.filter((part) => part !== undefined).join('.');
}

function byText({ key, descending }: OrderBy): string {
  return call('by', [...(key === undefined ? [] : [literal(key)]), descending ? 'Order.desc' : 'Order.asc']);
}

function predicateText(predicate: Predicate): string {
  switch (predicate.op) {
    case 'within':
    case 'without':
      return `P.${predicate.op}(${predicate.values.map(literal).join()})`;
    case 'between':
    case 'inside':
    case 'outside':
      return `P.${predicate.op}(${literal(predicate.low)},${literal(predicate.high)})`;
    case 'startingWith':
    case 'endingWith':
    case 'containing':
      return `TextP.${predicate.op}(${literal(predicate.value)})`;
    default:
      return `P.${predicate.op}(${literal(predicate.value)})`;
  }
}

function call(name: string, args: readonly string[]): string {
  return `${name}(${args.join()})`;
}

/** JSON's escapes are Gremlin's. A whole number beyond 32 bits has to say that it is a long one there. */
function literal(value: Scalar): string {
  if (typeof value === 'number' && Number.isSafeInteger(value) && Math.abs(value) >= 2 ** 31) return `${value}L`;
  return JSON.stringify(value);
}
