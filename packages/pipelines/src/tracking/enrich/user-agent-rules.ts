/**
 * User agents by rules in the form of uap-core: three lists of regular expressions, the first that matches decides, and
 * replacements that take its groups. Compiled when first used.
 */

/** A file of rules, as uap-core's `docs/specification.md` describes it. */
export interface UserAgentRules {
  readonly user_agent_parsers: readonly Rule[];
  readonly os_parsers: readonly Rule[];
  readonly device_parsers: readonly Rule[];
}

type Rule = { readonly regex: string; readonly regex_flag?: string } & { readonly [replacement: string]: string };

export interface UserAgent {
  readonly browser: Versioned;
  readonly os: Versioned;
  readonly device: { readonly family: string; readonly brand: string | undefined; readonly model: string | undefined };
}

/** `family` is `Other` for what no rule knows. */
export interface Versioned {
  readonly family: string;
  /** Major, minor, patch, and for systems a fourth; undefined from the first on that is not known. */
  readonly version: readonly (string | undefined)[];
}

/** What a rule answers, its replacements in the order of the groups that they default to. */
type Parser = (userAgent: string) => (string | undefined)[] | undefined;

const other: Versioned = { family: 'Other', version: [] };

export class UserAgentParser {
  readonly #browser: Parser;
  readonly #os: Parser;
  readonly #device: Parser;

  constructor(rules: UserAgentRules) {
    this.#browser = parserOf(rules.user_agent_parsers, ['family', 'v1', 'v2', 'v3']);
    this.#os = parserOf(rules.os_parsers, ['os', 'os_v1', 'os_v2', 'os_v3', 'os_v4']);
    this.#device = parserOf(rules.device_parsers, ['device', 'brand', 'model']);
  }

  parse(userAgent: string): UserAgent {
    const browser = this.#browser(userAgent);
    const os = this.#os(userAgent);
    const [family = 'Other', brand, model] = this.#device(userAgent) ?? [];
    return { browser: versioned(browser), os: versioned(os), device: { family, brand, model } };
  }
}

function versioned(found: (string | undefined)[] | undefined): Versioned {
  if (found === undefined) return other;
  const [family = 'Other', ...version] = found;
  return { family, version };
}

/** Group 1 stands for the first name, and so on; of devices group 1 is also the model, and there is no brand. */
function groupOf(names: readonly string[], index: number): number | undefined {
  if (names[0] !== 'device') return index + 1;
  return index === 1 ? undefined : 1;
}

function parserOf(rules: readonly Rule[], names: readonly string[]): Parser {
  const compiled = rules.map((rule) => ({
    expression: new RegExp(rule.regex, rule.regex_flag === 'i' ? 'i' : ''),
    replacements: names.map((name) => rule[`${name}_replacement`]),
  }));
  return (userAgent) => {
    for (const { expression, replacements } of compiled) {
      const groups = expression.exec(userAgent);
      if (groups === null) continue;
      return names.map((_, index) => {
        const replacement = replacements[index];
        const group = groupOf(names, index);
        const text =
          replacement === undefined
            ? group === undefined
              ? undefined
              : groups[group]
            : replacement.replaceAll(/\$(\d)/g, (_all, number: string) => groups[Number(number)] ?? '');
        return text?.trim() || undefined;
      });
    }
    return undefined;
  };
}
