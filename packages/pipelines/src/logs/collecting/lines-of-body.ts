/**
 * The lines of a body: text, JSON objects one a line, or a JSON array of either. Lines of text that are one stack trace
 * are one record.
 */
import { ProblemError } from '@millrace/api';
import type { Joining } from '../line/join-lines.ts';
import { LineJoiner } from '../line/line-joiner.ts';
import { lineOfObject } from '../line/line-of-object.ts';
import { type LogLine, lineOfText } from '../line/log-line.ts';

const linesMax = 100_000;
/** Arrays and objects within each other. */
const depthMax = 64;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `[` and `{`; what closes them has the code after the next. */
const BRACKET = 0x5b;
const BRACE = 0x7b;

/** How a body is read. */
export interface Reading {
  readonly isJson: boolean;
  readonly joining: Joining;
  readonly labels: Readonly<Record<string, string>>;
  readonly now: number;
}

/** @throws ProblemError */
export function linesOf(text: string, { isJson, joining, labels, now }: Reading): LogLine[] {
  const given = isJson && text.trimStart().startsWith('[') ? elementsOf(text) : text.split('\n');
  if (given.length > linesMax) {
    throw new ProblemError('invalid_request', `these are more than ${linesMax} lines; send fewer at a time`);
  }
  const joiner = new LineJoiner(joining);
  const lines = given.flatMap((each): LogLine[] => {
    const object = typeof each === 'string' ? objectOf(each) : each;
    if (object !== undefined) return joiner.add({ line: lineOfObject(object, labels, now), text: '', isWhole: true });
    const line = (each as string).replace(/\r$/, '');
    if (line.trim() === '') return [];
    return joiner.add({ line: lineOfText(line, labels, now), text: line, isBare: true });
  });
  return [...lines, ...joiner.flush()];
}

type JsonObject = Readonly<Record<string, unknown>>;

function elementsOf(text: string): readonly (string | JsonObject)[] {
  if (depthOf(text) > depthMax) {
    throw new ProblemError('malformed_request', `the body nests deeper than ${depthMax} levels; flatten it`);
  }
  let elements: unknown;
  try {
    elements = JSON.parse(text);
  } catch (error) {
    throw new ProblemError('malformed_request', `the body is not JSON: ${(error as Error).message}`, { cause: error });
  }
  return (elements as unknown[]).map((each, index) => {
    if (typeof each === 'string' || (typeof each === 'object' && each !== null && !Array.isArray(each))) {
      return each as string | JsonObject;
    }
    throw new ProblemError('invalid_request', `element ${index} is neither a text nor an object; nothing was stored`);
  });
}

/** A line that only looks like an object is a text, and so is one that nests deeper than what recursion can take. */
function objectOf(line: string): JsonObject | undefined {
  if (!line.startsWith('{') || depthOf(line) > depthMax) return undefined;
  try {
    return JSON.parse(line) as JsonObject;
  } catch {
    return undefined;
  }
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inText) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) inText = false;
    } else if (code === QUOTE) inText = true;
    else if (code === BRACKET || code === BRACE) deepest = Math.max(deepest, ++depth);
    else if (code === BRACKET + 2 || code === BRACE + 2) depth--;
  }
  return deepest;
}
