/**
 * Makes principals of the subjects of certificates by `ssl.principal.mapping.rules`: the first rule whose pattern
 * matches the whole subject decides, `DEFAULT` takes the subject as it is, and no match leaves it as it is too.
 */
import { ConfigurationError } from '../configuration/definition.ts';

export type PrincipalMapping = (subject: string) => string;

interface Rule {
  readonly pattern: RegExp;
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
    parsed.push(
      isDefault ? 'default' : { pattern: compiled(pattern), replacement: javaReplacement(replacement), letters },
    );
    rest = rest.slice(whole.length).trim();
  }
  return (subject) => {
    for (const rule of parsed) {
      if (rule === 'default') return subject;
      if (!rule.pattern.test(subject)) continue;
      const name = subject.replace(rule.pattern, rule.replacement);
      return rule.letters === 'L' ? name.toLowerCase() : rule.letters === 'U' ? name.toUpperCase() : name;
    }
    return subject;
  };
}

function compiled(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`);
  } catch (error) {
    throw new ConfigurationError(option, `${option}: ${pattern} is no regular expression (${String(error)})`);
  }
}

/** A replacement as JavaScript has it: Java's groups are `$1` too, its escapes are backslashes. */
function javaReplacement(text: string): string {
  return text.replace(/\\(.)|\$(?!\d)/g, (whole, escaped) => {
    const literal = escaped ?? whole;
    return literal === '$' ? '$$' : literal;
  });
}
