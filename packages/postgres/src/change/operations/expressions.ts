/** What of an expression's value changes from call to call. */
import type { Node } from 'libpg-query';
import { nameOfWords } from '../../sql/names.ts';
import type { Certainty, Context } from '../effect.ts';
import { most } from '../effect.ts';

/** Whether an expression has to be evaluated for each row. Functions that aren't known may be. */
export function isVolatile(expression: Node | undefined, context: Context): Certainty {
  if (expression === undefined) return 'no';
  const found: Certainty[] = [];
  walk(expression, (node) => {
    if (!('FuncCall' in node)) return;
    const volatile = context.catalog.isVolatile(nameOfWords(node.FuncCall.funcname));
    found.push(volatile === undefined ? 'maybe' : volatile ? 'yes' : 'no');
  });
  return most(found);
}

/** The column of a condition `column IS NOT NULL`, alone. */
export function notNullColumn(condition: Node | undefined): string | undefined {
  if (condition === undefined || !('NullTest' in condition)) return undefined;
  const { nulltesttype, arg } = condition.NullTest;
  if (nulltesttype !== 'IS_NOT_NULL' || arg === undefined || !('ColumnRef' in arg)) return undefined;
  return nameOfWords(arg.ColumnRef.fields).name;
}

export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  const within = (value: unknown): void => {
    if (Array.isArray(value)) for (const each of value) within(each);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        // Nodes are objects of one property that begins with a capital.
        if (/^[A-Z]/.test(key)) visit({ [key]: inner } as unknown as Node);
        within(inner);
      }
    }
  };
  within(Object.values(node)[0]);
}
