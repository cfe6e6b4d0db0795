/**
 * Makes principals of the subjects of certificates by `ssl.principal.mapping.rules`: the first rule whose pattern
 * matches the whole subject decides, `DEFAULT` takes the subject as it is, and no match leaves it as it is too.
 *
 * Patterns are RE2's, which match in linear time: a subject is the text of whoever asked for the certificate, and must
 * not be able to hold up the broker where a rule is careless.
 */
import type { Matcher, RE2JS } from 're2js';
import { ConfigurationError } from '../configuration/definition.ts';
import { re2js } from '../on-demand.ts';

export type PrincipalMapping = (subject: string) => string;

interface Rule {
  readonly pattern: RE2JS;
  readonly replacement: string;
  readonly letters: string;
}

const option = 'ssl.principal.mapping.rules';
/** One rule at the start of what is left, and the comma behind it. */
const ruleShape = /^\s*(?:(DEFAULT)|RULE:((?:\\.|[^\\/])*)\/((?:\\.|[^\\/])*)\/([LU]?))\s*(?:,|$)/;

/** Throws `ConfigurationError` for rules that can't be read. */
export function principalMapping(rules: string): PrincipalMapping {
  const parsed: (Rule | 'default')[] = [];
  for (let rest = rules.trim(); rest !== ''; ) {
    const found = ruleShape.exec(rest);
    if (found === null) {
      throw new ConfigurationError(
        option,
        `${option}: '${rest}' does not begin with DEFAULT or RULE:pattern/name/[LU]`,
      );
    }
    const [whole, isDefault, pattern = '', replacement = '', letters = ''] = found;
    parsed.push(isDefault ? 'default' : { pattern: compiled(pattern), replacement, letters });
    rest = rest.slice(whole.length).trim();
  }
  return (subject) => {
    for (const rule of parsed) {
      if (rule === 'default') return subject;
      const match = rule.pattern.matcher(subject);
      if (!match.matches()) continue;
      const name = replaced(rule.replacement, match);
      return rule.letters === 'L' ? name.toLowerCase() : rule.letters === 'U' ? name.toUpperCase() : name;
    }
    return subject;
  };
}

function compiled(pattern: string): RE2JS {
  try {
    return re2js().RE2JS.compile(pattern);
  } catch (error) {
    if (!(error instanceof re2js().RE2JSException)) throw error;
    throw new ConfigurationError(option, `${option}: ${pattern} is no regular expression (${error.message})`);
  }
}

/** A replacement as Java has it, and Kafka: `$1` is a group, unless there is none of that number; `\\` escapes. */
function replaced(replacement: string, match: Matcher): string {
  return replacement.replace(/\\(.)|\$(\d+)/gs, (whole: string, escaped?: string, digits = '') => {
    if (escaped !== undefined) return escaped;
    for (let length = digits.length; length > 0; length--) {
      const group = Number(digits.slice(0, length));
      if (group <= match.groupCount()) return (match.group(group) ?? '') + digits.slice(length);
    }
    return whole;
  });
}
