/** Whether the parts of an expression go together: types of operands and arguments, and what operators may be told. */
import { metricNameLabel } from '../model/labels.ts';
import { matchesEmpty } from '../model/matcher.ts';
import { type Binary, bare, type Call, type Expression, type ValueType } from './expression.ts';
import { argumentType, functionSignatures } from './functions.ts';
import { syntaxError } from './tokens.ts';

const typeNames: Readonly<Record<ValueType, string>> = {
  scalar: 'scalar',
  vector: 'instant vector',
  matrix: 'range vector',
  string: 'string',
};

const setOperators = new Set(['and', 'or', 'unless']);
const comparisons = new Set(['==', '!=', '>', '<', '>=', '<=']);

export function isSetOperator(operator: string): boolean {
  return setOperators.has(operator);
}

export function isComparison(operator: string): boolean {
  return comparisons.has(operator);
}

/** What an expression that was checked evaluates to. */
export function typeOf(expression: Expression): ValueType {
  switch (expression.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'selector':
    case 'aggregation':
      return 'vector';
    case 'range':
    case 'subquery':
      return 'matrix';
    case 'call':
      return functionSignatures.get(expression.name)?.returns ?? 'vector';
    case 'unary':
    case 'parenthesised':
      return typeOf(expression.inner);
    case 'binary':
      return typeOf(expression.left) === 'scalar' && typeOf(expression.right) === 'scalar' ? 'scalar' : 'vector';
  }
}

/** @throws QueryError `query_invalid`, with line and column */
export function checkExpression(expression: Expression, text: string): void {
  const refuse = (at: Expression, what: string): never => {
    throw syntaxError(text, at.from, what);
  };
  const check = (each: Expression): void => {
    switch (each.kind) {
      case 'number':
      case 'string':
        return;
      case 'parenthesised':
        return check(each.inner);
      case 'unary': {
        check(each.inner);
        const type = typeOf(each.inner);
        if (type === 'scalar' || type === 'vector') return;
        const wanted = 'unary expression only allowed on expressions of type scalar or instant vector';
        return refuse(each, `${wanted}, got ${JSON.stringify(typeNames[type])}`);
      }
      case 'selector':
        if (each.matchers.every(matchesEmpty)) {
          refuse(each, 'vector selector must contain at least one non-empty matcher');
        }
        return;
      case 'range':
        return check(each.selector);
      case 'subquery': {
        check(each.inner);
        const type = typeOf(each.inner);
        if (type !== 'vector') refuse(each, `subquery is only allowed on instant vector, got ${type} instead`);
        return;
      }
      case 'aggregation': {
        check(each.inner);
        want(each.inner, 'vector', 'aggregation expression');
        if (each.param === undefined) return;
        check(each.param);
        return want(each.param, each.operator === 'count_values' ? 'string' : 'scalar', 'aggregation parameter');
      }
      case 'binary':
        check(each.left);
        check(each.right);
        return checkBinary(each, refuse);
      case 'call':
        return checkCall(each, check, want, refuse);
    }
  };
  const want = (each: Expression, type: ValueType, where: string): void => {
    const found = typeOf(each);
    if (found !== type) refuse(each, `expected type ${typeNames[type]} in ${where}, got ${typeNames[found]}`);
  };
  check(expression);
}

type Refuse = (at: Expression, what: string) => never;

function checkBinary(binary: Binary, refuse: Refuse): void {
  const { operator, left, right, isBool, matching } = binary;
  const types = [typeOf(left), typeOf(right)];
  for (const [index, type] of types.entries()) {
    if (type === 'scalar' || type === 'vector') continue;
    refuse(index === 0 ? left : right, 'binary expression must contain only scalar and instant vector types');
  }
  const isScalar = types.every((type) => type === 'scalar');
  const areVectors = types.every((type) => type === 'vector');
  if (isBool && !isComparison(operator)) refuse(binary, 'bool modifier can only be used on comparison operators');
  if (isComparison(operator) && isScalar && !isBool)
    refuse(binary, 'comparisons between scalars must use BOOL modifier');
  const both = matching.on ? matching.labels.find((label) => matching.include.includes(label)) : undefined;
  if (both !== undefined) {
    refuse(binary, `label ${JSON.stringify(both)} must not occur in ON and GROUP clause at once`);
  }
  const fills = matching.fillLeft !== undefined || matching.fillRight !== undefined;
  if (!areVectors) {
    if (matching.labels.length > 0 || matching.on)
      refuse(binary, 'vector matching only allowed between instant vectors');
    if (fills) refuse(binary, 'filling in missing series only allowed between instant vectors');
    if (isSetOperator(operator)) {
      refuse(binary, `set operator ${JSON.stringify(operator)} not allowed in binary scalar expression`);
    }
  } else if (isSetOperator(operator)) {
    if (matching.many !== undefined) refuse(binary, `no grouping allowed for ${JSON.stringify(operator)} operation`);
    if (fills) refuse(binary, 'filling in missing series not allowed for set operators');
  }
}

function checkCall(
  call: Call,
  check: (each: Expression) => void,
  want: (each: Expression, type: ValueType, where: string) => void,
  refuse: Refuse,
): void {
  const { name, args } = call;
  const signature = functionSignatures.get(name);
  if (signature === undefined) return refuse(call, `unknown function with name ${JSON.stringify(name)}`);
  const { countMin, countMax } = signature;
  if (args.length < countMin || args.length > countMax) {
    const bound = countMin === countMax ? '' : args.length < countMin ? 'at least ' : 'at most ';
    const wanted = `${bound}${args.length < countMin ? countMin : countMax}`;
    refuse(call, `expected ${wanted} argument(s) in call to ${JSON.stringify(name)}, got ${args.length}`);
  }
  for (const [index, arg] of args.entries()) {
    if (name === 'info' && index === 1) {
      checkInfoSelector(arg, refuse);
      continue;
    }
    check(arg);
    want(arg, argumentType(signature, index), `call to function ${JSON.stringify(name)}`);
  }
}

/** It picks labels, and may match whatever it likes. */
function checkInfoSelector(arg: Expression, refuse: Refuse): void {
  const selector = bare(arg);
  if (selector.kind !== 'selector') return refuse(arg, 'expected label selectors only');
  const hasName = selector.name !== '' && selector.matchers.at(-1)?.name === metricNameLabel;
  if (hasName) refuse(arg, 'expected label selectors only, got vector selector instead');
}
