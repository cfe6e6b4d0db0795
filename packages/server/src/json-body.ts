/**
 * Bytes of a body to a JSON value: strict UTF-8, nested no deeper than what recursion can take later, without names
 * that would reach prototypes, and an error that says where the text stops being JSON.
 */
import { ProblemError } from '@millrace/api';
import { messageOf } from '@millrace/base';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Arrays and objects within each other. What serialises, compares or checks a value recurses, and V8's stack has an
 * end.
 */
export const jsonDepthMax = 64;

/** @throws ProblemError `malformed_request` */
export function parseJsonBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw new ProblemError('malformed_request', 'the body is empty; send JSON');
  if (isDeeperThan(bytes, jsonDepthMax)) {
    throw new ProblemError('malformed_request', `the body nests deeper than ${jsonDepthMax} levels; flatten it`);
  }
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (error) {
    throw new ProblemError('malformed_request', 'the body is not valid UTF-8; JSON must be', { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ProblemError('malformed_request', `the body is not valid JSON: ${messageOf(error)}`, { cause: error });
  }
  // Written with an escape it is the same name.
  if ((text.includes('__proto__') || text.includes('\\u')) && namesPrototype(value)) {
    throw new ProblemError('malformed_request', 'the body has a member named __proto__; give it another name');
  }
  return value;
}

/** Whoever copies such a member by assignment replaces the prototype of the copy. */
function namesPrototype(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(namesPrototype);
}

const quote = 0x22;
const backslash = 0x5c;
/** `[` and `{`, and `]` and `}`, differ only in this bit. */
const braceBit = 0x20;
const opening = 0x7b;
const closing = 0x7d;

function isDeeperThan(bytes: Uint8Array, depthMax: number): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (inText) {
      if (byte === backslash) at++;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if ((byte | braceBit) === opening) {
      if (++depth > depthMax) return true;
    } else if ((byte | braceBit) === closing) depth--;
  }
  return false;
}
