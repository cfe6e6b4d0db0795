/**
 * Checks values from outside against a schema, and says in words what is wrong with each field. TypeBox compiles the
 * check; where code generation is forbidden (a browser's content security policy) it interprets the schema instead.
 */
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import { IsDateTime, Set as setFormat } from 'typebox/format';

export interface Issue {
  /** JSON Pointer (RFC 6901) to the field; empty for the value itself. */
  readonly field: string;
  /** What is wrong, to be read after the field's name: "is required", "must be a string". */
  readonly message: string;
}

export interface Checker<S extends TSchema> {
  readonly schema: S;
  check(value: unknown): value is Static<S>;
  /** Everything wrong with the value, one entry a field, at most 20; empty exactly when `check` answers true. */
  issues(value: unknown): Issue[];
  /** The value with text turned into the numbers and booleans that the schema asks for: for query strings and paths. */
  convert(value: unknown): unknown;
}

const issuesMax = 20;

// RFC 3339 has seconds that `Date` does not (23:59:60), and RFC 9557 adds names of zones. Nobody here could go on.
setFormat('date-time', (text) => IsDateTime(text) && !Number.isNaN(Date.parse(text)));

/** Compiles a schema; do it once, at start, for it takes milliseconds. */
export function compileChecker<S extends TSchema>(schema: S): Checker<S> {
  const validator = Compile(schema);
  return {
    schema,
    check: (value): value is Static<S> => validator.Check(value),
    convert: (value) => validator.Convert(value),
    issues: (value) => {
      if (validator.Check(value)) return [];
      const byField = new Map<string, Issue>();
      for (const error of validator.Errors(value)) {
        for (const issue of issuesOf(error)) {
          if (byField.size < issuesMax && !byField.has(issue.field)) byField.set(issue.field, issue);
        }
      }
      return [...byField.values()];
    },
  };
}

function issuesOf(error: TLocalizedValidationError): Issue[] {
  const field = error.instancePath;
  switch (error.keyword) {
    case 'required':
      return error.params.requiredProperties.map((name) => ({
        field: `${field}/${pointerToken(name)}`,
        message: 'is required',
      }));
    case 'boolean':
      return [{ field, message: 'is not known here' }];
    case 'additionalProperties':
      return [];
    case 'type':
      return [{ field, message: `must be ${[error.params.type].flat().map(withArticle).join(' or ')}` }];
    case 'enum':
      return [{ field, message: `must be one of ${error.params.allowedValues.map((one) => String(one)).join(', ')}` }];
    case 'minLength':
      return [{ field, message: error.params.limit === 1 ? 'must not be empty' : error.message }];
    case 'format':
      return [{ field, message: `must be ${formatNames[error.params.format] ?? error.params.format}` }];
    default:
      return [{ field, message: error.message }];
  }
}

const formatNames: Record<string, string> = {
  'date-time': 'a time as in RFC 3339, for example 2026-01-31T12:00:00.000Z',
  uuid: 'a UUID',
  uri: 'an absolute URL',
};

function withArticle(type: string): string {
  if (type === 'null') return 'null';
  return /^[aeio]/.test(type) ? `an ${type}` : `a ${type}`;
}

function pointerToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
