/** JSON from outside to a value, nested no deeper than what reads it later can recurse into. */
import { messageOf } from '@millrace/base';
import { invalidSchema } from '../registry-error.ts';

/** Arrays and objects within each other. */
const depthMax = 200;

/** @throws RegistryError `invalid_schema` */
export function parseJsonText(text: string): unknown {
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth--;
    if (depth > depthMax) throw invalidSchema(`it nests deeper than ${depthMax} levels`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidSchema(`it is not JSON: ${messageOf(error)}`, error);
  }
}
