/** Applies all rules to a line: its body, and every text in its labels and attributes, however deep. */
import type { LogLine } from '../line/log-line.ts';
import { builtInMasks } from './built-in-masks.ts';
import { type Mask, type MaskRules, MaskRulesError, maskOf } from './mask-rule.ts';

const knownMax = 10_000;

export class Masker {
  readonly #masks: readonly Mask[];
  readonly #known = new Map<string, string>();
  /** How many texts each rule has changed. */
  readonly counts = new Map<string, number>();

  /** Rules of users come first. @throws MaskRulesError */
  constructor(rules: MaskRules = {}) {
    this.#masks = [...(rules.rules ?? []).map(maskOf), ...chosen(rules.builtIn ?? true)];
  }

  line(line: LogLine): LogLine {
    const body = this.text(line.body);
    const message = body === line.body ? line.message : messageStart(line, body);
    return {
      ...line,
      body,
      message,
      labels: this.#labels(line.labels),
      ...(line.attributes === undefined
        ? {}
        : { attributes: this.#values(line.attributes) as Record<string, unknown> }),
    };
  }

  text(text: string): string {
    let masked = text;
    for (const mask of this.#masks) {
      const next = mask.apply(masked);
      if (next !== masked) this.counts.set(mask.name, (this.counts.get(mask.name) ?? 0) + 1);
      masked = next;
    }
    return masked;
  }

  /** Labels are few, and the same again and again. */
  #labels(labels: LogLine['labels']): LogLine['labels'] {
    const masked: Record<string, string> = {};
    for (const name of Object.keys(labels)) {
      const value = labels[name] as string;
      const key = `${name}\n${value}`;
      let known = this.#known.get(key);
      if (known === undefined) {
        known = this.#values(value, name) as string;
        if (this.#known.size >= knownMax) this.#known.clear();
        this.#known.set(key, known);
      }
      masked[name] = known;
    }
    return masked;
  }

  #values(value: unknown, name?: string): unknown {
    if (typeof value === 'string') {
      // A name may tell what its value is: `{"password": "..."}`.
      const told = name === undefined ? '' : `${name}=`;
      return told !== '' && this.text(`${told}${value}`) === `${told}[secret]` ? '[secret]' : this.text(value);
    }
    if (Array.isArray(value)) return value.map((each) => this.#values(each, name));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, this.#values(each, key)]));
  }
}

/** Nothing before the message is masked as a rule; where it is, the whole line counts as the message. */
function messageStart({ body, message }: LogLine, masked: string): number | undefined {
  return message !== undefined && masked.startsWith(body.slice(0, message)) ? message : undefined;
}

function chosen(builtIn: boolean | readonly string[]): readonly Mask[] {
  if (typeof builtIn === 'boolean') return builtIn ? builtInMasks : [];
  return builtIn.map((name) => {
    const found = builtInMasks.find((each) => each.name === name);
    if (found !== undefined) return found;
    const names = builtInMasks.map((each) => each.name).join(', ');
    throw new MaskRulesError(`no rule ${JSON.stringify(name)} comes with Millrace; there are ${names}`);
  });
}
