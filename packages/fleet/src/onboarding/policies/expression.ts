/**
 * CEL expressions of policies: read, and checked without being evaluated. What they name must be there, so that a
 * slip of the pen is told when a policy is declared, not when the first request comes.
 *
 * Takes no longer than the bounds on length and depth allow. Evaluating is another thing: `policy-evaluator.ts`.
 */
import { celEnv, parse } from '@bufbuild/cel';
import { PolicyView } from '@millrace/api/fleet';
import { messageOf, nearest } from '@millrace/base';
import type { TSchema } from 'typebox';

export const expressionLengthMax = 10_000;
const depthMax = 40;
/** Each level multiplies the work by the length of a list. */
const loopsMax = 2;

type Parsed = ReturnType<typeof parse>;
type Expr = Parsed['expr'];

/** Functions as the language has them, and as operators are called in its syntax trees. */
const functions = new Set([...celEnv().funcs].map(({ name }) => name));
const operators = new Set(['_&&_', '_||_', '!_', '_?_:_', '_[_]', '@in', '@not_strictly_false', '-_', '_==_', '_!=_']);
const typeNames = new Set(['bool', 'bytes', 'double', 'int', 'list', 'map', 'null_type', 'string', 'type', 'uint']);

/** Throws an Error with a sentence for people. */
export function parseExpression(text: string): Parsed {
  if (text.length > expressionLengthMax) throw new Error(`has more than ${expressionLengthMax} characters`);
  if (nesting(text) > depthMax) throw new Error(`has brackets that are nested more than ${depthMax} deep`);
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof RangeError) throw new Error('is too deep to be read', { cause: error });
    const [reason] = messageOf(error).split('\n');
    throw new Error(`is no CEL expression: ${reason}`, { cause: error });
  }
}

/** What is wrong with an expression, as sentences without a subject; empty when it may be declared. */
export function expressionIssues(text: string): string[] {
  let expr: Expr;
  try {
    ({ expr } = parseExpression(text));
  } catch (error) {
    return [messageOf(error)];
  }
  const issues = new Set<string>();
  try {
    walk(expr, { names: new Map(Object.entries(PolicyView.properties)), loops: 0, issues });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return ['is too deep to be read'];
  }
  return [...issues];
}

interface Scope {
  /** What is known of a name's value; undefined: it may be anything. */
  readonly names: ReadonlyMap<string, TSchema | undefined>;
  readonly loops: number;
  readonly issues: Set<string>;
}

/** Answers what is known of the value. */
function walk(expr: Expr | undefined, scope: Scope): TSchema | undefined {
  if (expr === undefined) return undefined;
  const { exprKind } = expr;
  switch (exprKind.case) {
    case 'identExpr':
      return schemaOfName(exprKind.value.name, scope);
    case 'selectExpr':
      return schemaOfField(walk(exprKind.value.operand, scope), exprKind.value.field, scope);
    case 'callExpr': {
      const { function: name, target, args } = exprKind.value;
      if (!functions.has(name) && !operators.has(name)) scope.issues.add(`calls ${name}, which there is not`);
      if (target !== undefined) walk(target, scope);
      const [first] = args.map((each) => walk(each, scope));
      return name === '_[_]' ? elementOf(first) : undefined;
    }
    case 'listExpr':
      for (const element of exprKind.value.elements) walk(element, scope);
      return undefined;
    case 'structExpr':
      for (const { keyKind, value } of exprKind.value.entries) {
        if (keyKind.case === 'mapKey') walk(keyKind.value, scope);
        walk(value, scope);
      }
      return undefined;
    case 'comprehensionExpr':
      walkLoop(exprKind.value, scope);
      return undefined;
    default:
      return undefined;
  }
}

type Loop = Extract<NonNullable<Expr>['exprKind'], { case: 'comprehensionExpr' }>['value'];

function walkLoop(loop: Loop, scope: Scope): void {
  const { iterVar, iterVar2, accuVar, iterRange, accuInit, loopCondition, loopStep, result } = loop;
  if (scope.loops === loopsMax) scope.issues.add(`has loops that are nested more than ${loopsMax} deep`);
  const element = elementOf(walk(iterRange, scope));
  walk(accuInit, scope);
  const names = new Map(scope.names).set(iterVar, element).set(iterVar2, undefined).set(accuVar, undefined);
  const inner = { ...scope, names, loops: scope.loops + 1 };
  for (const part of [loopCondition, loopStep]) walk(part, inner);
  walk(result, { ...inner, loops: scope.loops });
}

function schemaOfName(name: string, { names, issues }: Scope): TSchema | undefined {
  if (names.has(name)) return names.get(name);
  if (!typeNames.has(name)) issues.add(unknown(name, [...names.keys()], 'names'));
  return undefined;
}

function schemaOfField(operand: TSchema | undefined, field: string, { issues }: Scope): TSchema | undefined {
  const { properties } = (operand ?? {}) as { properties?: Readonly<Record<string, TSchema>> };
  if (properties === undefined) return undefined;
  const schema = Object.hasOwn(properties, field) ? properties[field] : undefined;
  if (schema === undefined) issues.add(unknown(field, Object.keys(properties), 'names the field'));
  return schema;
}

function elementOf(list: TSchema | undefined): TSchema | undefined {
  return (list as { items?: TSchema } | undefined)?.items;
}

function unknown(name: string, known: readonly string[], verb: string): string {
  const meant = nearest(name, known);
  const advice = meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`;
  return `${verb} ${name}, which there is not; ${advice}`;
}

/** Brackets in texts count too: nobody needs so many. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of text) {
    if ('([{'.includes(character)) deepest = Math.max(deepest, ++depth);
    else if (')]}'.includes(character)) depth--;
  }
  return deepest;
}
