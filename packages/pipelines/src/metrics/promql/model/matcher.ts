/**
 * What a selector asks of a label: equality, or a pattern in RE2's syntax, which must match the whole value. Patterns
 * that are words in a row are sets; of others what was answered is kept, since series share most of their values.
 */
import { messageOf } from '@millrace/base';
import { RE2JS } from 're2js';
import { QueryError } from '../query-error.ts';

export type MatchOperator = '=' | '!=' | '=~' | '!~';

export interface Matcher {
  readonly name: string;
  readonly operator: MatchOperator;
  /** The value, or the pattern's text. */
  readonly value: string;
  /** The only values that can match, where they are known: for indexes. */
  readonly values?: ReadonlySet<string> | undefined;
  /** Whether a value is wanted; a label that a series does not have is the empty value. */
  matches(value: string): boolean;
}

/** @throws QueryError `query_invalid` for a pattern that is none */
export function matcher(name: string, operator: MatchOperator, value: string): Matcher {
  switch (operator) {
    case '=':
      return { name, operator, value, values: new Set([value]), matches: (of) => of === value };
    case '!=':
      return { name, operator, value, matches: (of) => of !== value };
    default: {
      const words = wordsOf(value);
      const matches = words === undefined ? patternTest(value) : (of: string) => words.has(of);
      if (operator === '!~') return { name, operator, value, matches: (of) => !matches(of) };
      return { name, operator, value, ...(words !== undefined && { values: words }), matches };
    }
  }
}

/** Whether it can match a series that does not have the label. */
export function matchesEmpty({ matches }: Matcher): boolean {
  return matches('');
}

/** @throws QueryError `query_invalid` */
export function compilePattern(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch (error) {
    throw new QueryError(
      'query_invalid',
      `invalid regular expression ${JSON.stringify(pattern)}: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** Alternatives without any sign that patterns know. */
function wordsOf(pattern: string): ReadonlySet<string> | undefined {
  return /[\\^$.*+?()[\]{}]/.test(pattern) ? undefined : new Set(pattern.split('|'));
}

/** Distinct values of one label whose answer is kept. */
const answersMax = 10_000;

function patternTest(pattern: string): (value: string) => boolean {
  if (pattern === '.*') return () => true;
  if (pattern === '.+') return (value) => value !== '';
  const compiled = compilePattern(pattern);
  const answers = new Map<string, boolean>();
  return (value) => {
    const known = answers.get(value);
    if (known !== undefined) return known;
    const answer = compiled.matches(value);
    if (answers.size < answersMax) answers.set(value, answer);
    return answer;
  };
}
