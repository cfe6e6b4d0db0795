/** The steps of a traversal as plain values, by Gremlin's names. */
import type { Direction } from '../element.ts';
import type { Predicate } from './predicate.ts';

export type Step =
  | { readonly step: 'V'; readonly ids: readonly string[] }
  | { readonly step: 'out' | 'in' | 'both'; readonly labels: readonly string[] }
  | { readonly step: 'outE' | 'inE' | 'bothE'; readonly labels: readonly string[] }
  | { readonly step: 'outV' | 'inV' | 'otherV' | 'bothV' }
  | { readonly step: 'has'; readonly key: string; readonly predicate: Predicate | undefined }
  | { readonly step: 'hasNot'; readonly key: string }
  | { readonly step: 'hasLabel'; readonly labels: readonly string[] }
  | { readonly step: 'hasId'; readonly ids: readonly string[] }
  | { readonly step: 'is'; readonly predicate: Predicate }
  | { readonly step: 'where' | 'not'; readonly steps: readonly Step[] }
  /** `eq` and `neq` compare with what `as` has marked, `within` and `without` with what `aggregate` has gathered. */
  | { readonly step: 'whereMarked'; readonly op: MarkedOperator; readonly mark: string }
  | RepeatStep
  | Named<'dedup' | 'simplePath' | 'cyclicPath' | 'path' | 'id' | 'label' | 'groupCount'>
  | Named<'count' | 'sum' | 'min' | 'max' | 'mean'>
  | { readonly step: 'limit'; readonly count: number }
  | (Named<'aggregate' | 'cap' | 'as' | 'select'> & { readonly mark: string })
  | { readonly step: 'order'; readonly by: readonly OrderBy[] }
  | { readonly step: 'values'; readonly keys: readonly string[] };

/** Steps that are a name alone, each a type of its own. */
type Named<N extends string> = N extends string ? { readonly step: N } : never;

export type MarkedOperator = 'eq' | 'neq' | 'within' | 'without';

export interface RepeatStep {
  readonly step: 'repeat';
  readonly body: readonly Step[];
  readonly times: number | undefined;
  readonly until: readonly Step[] | undefined;
  /** Whether it is asked before the body (`until().repeat()`), and not after it. The same of `emit`. */
  readonly untilFirst: boolean;
  /** An empty list emits everything. */
  readonly emit: readonly Step[] | undefined;
  readonly emitFirst: boolean;
}

export interface OrderBy {
  /** A property, or undefined for the value itself. */
  readonly key: string | undefined;
  readonly descending: boolean;
}

/** What a step is handed, or hands on. */
export type Kind = 'nothing' | 'vertex' | 'edge' | 'value' | 'path' | 'list' | 'map';

export const HOPS = {
  out: ['out'],
  in: ['in'],
  both: ['out', 'in'],
  outE: ['out'],
  inE: ['in'],
  bothE: ['out', 'in'],
} as const satisfies { readonly [step: string]: readonly Direction[] };

export function isHop(step: Step): step is Extract<Step, { step: keyof typeof HOPS }> {
  return step.step in HOPS;
}

/** The traversals within a step. */
export function nestedOf(step: Step): readonly (readonly Step[])[] {
  if (step.step === 'where' || step.step === 'not') return [step.steps];
  if (step.step !== 'repeat') return [];
  return [
    step.body,
    ...(step.until === undefined ? [] : [step.until]),
    ...(step.emit === undefined ? [] : [step.emit]),
  ];
}

/** Whether the way of each traverser has to be known. */
export function needsPaths(steps: readonly Step[]): boolean {
  return steps.some(
    (step) =>
      ['path', 'simplePath', 'cyclicPath', 'select'].includes(step.step) ||
      (step.step === 'whereMarked' && (step.op === 'eq' || step.op === 'neq')) ||
      nestedOf(step).some(needsPaths),
  );
}
