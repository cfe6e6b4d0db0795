/**
 * A rule that takes secrets or personal data out of lines before they are stored. Rules of users are in RE2's syntax,
 * whose time grows with the length of the line only.
 */
import { MillraceError } from '@millrace/base';
import { RE2JS, RE2JSException } from 're2js';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

/** The file of rules. */
export const MaskRules = Type.Object(
  {
    builtIn: Type.Optional(
      Type.Union([Type.Boolean(), Type.Array(Type.String())], {
        description: 'Which of the rules that come with Millrace hold: all (true, the default), none, or those named',
      }),
    ),
    rules: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Type.String({ minLength: 1, maxLength: 60 }),
            pattern: Type.String({ minLength: 1, maxLength: 2_000, description: "In RE2's syntax" }),
            replacement: Type.Optional(
              Type.String({ maxLength: 200, description: 'What stands there instead; $1 is a group. Default [NAME]' }),
            ),
          },
          { additionalProperties: false },
        ),
        { maxItems: 100 },
      ),
    ),
  },
  { additionalProperties: false },
);
export type MaskRules = Static<typeof MaskRules>;

export interface Mask {
  readonly name: string;
  /** The text without what the rule is for; the same text where there is none of it. */
  apply(text: string): string;
}

/** The rules can't be used. */
export class MaskRulesError extends MillraceError {
  readonly code = 'mask_rules';
}

/** Reads the text of a file of rules. @throws MaskRulesError */
export function parseMaskRules(text: string): MaskRules {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw new MaskRulesError(`the rules are not JSON: ${(error as Error).message}`, { cause: error });
  }
  const [issue] = Value.Errors(MaskRules, given);
  if (issue !== undefined) throw new MaskRulesError(`the rules' ${issue.instancePath || 'document'} ${issue.message}`);
  return given as MaskRules;
}

/** A rule of a user as it is applied. @throws MaskRulesError for a pattern that RE2 refuses */
export function maskOf({ name, pattern, replacement }: NonNullable<MaskRules['rules']>[number]): Mask {
  const compiled = compile(name, pattern);
  const instead = replacement ?? `[${name.replaceAll(/[\\$]/g, '')}]`;
  return {
    name,
    apply(text) {
      const matcher = compiled.matcher(text);
      return matcher.find() ? compiled.matcher(text).replaceAll(instead) : text;
    },
  };
}

function compile(name: string, pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new MaskRulesError(`the pattern of the rule ${JSON.stringify(name)} is refused: ${error.message}`, {
      cause: error,
      hint: "Patterns are in RE2's syntax: no look-around, no references back.",
    });
  }
}
