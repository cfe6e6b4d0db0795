/**
 * Options declared once: the declaration gives parsing, the help text and the type of the value.
 *
 * A command's options are an object of these; the key in camelCase is the option's name, `dataDir` being `--data-dir`.
 */
import { UsageError } from './usage-error.ts';

/** An option whose value, given or not, is a `T`. */
export interface Option<T> {
  /** `flag` takes no value, `many` may be given more than once. */
  readonly kind: 'flag' | 'one' | 'many';
  /** One letter, for `-p`. */
  readonly short?: string | undefined;
  /** What stands for the value in help: `HOST:PORT`. */
  readonly placeholder?: string | undefined;
  /** One sentence without a full stop. */
  readonly help: string;
  /** The default as help shows it. */
  readonly shownDefault?: string | undefined;
  /**
   * The value from the texts given, in their order (none: the default). A thrown UsageError names what is wrong with
   * the text.
   */
  value(texts: readonly string[]): T;
}

export type Options = Readonly<Record<string, Option<unknown>>>;

/** The values of options as `run` gets them. */
export type Values<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

interface Described {
  readonly help: string;
  readonly short?: string;
}

interface DescribedValue extends Described {
  readonly placeholder: string;
}

/** On or off. */
export function flag(description: Described): Option<boolean> {
  return { kind: 'flag', ...description, value: (texts) => texts.length > 0 };
}

/** A value that `parse` makes of the text; undefined when it is not given. */
export function parsed<T>(description: DescribedValue, parse: (text: string) => T): Option<T | undefined> {
  return {
    kind: 'one',
    ...description,
    value: (texts) => (texts[0] === undefined ? undefined : parse(texts[0])),
  };
}

/** Any text; undefined when it is not given. */
export function text(description: DescribedValue): Option<string | undefined> {
  return parsed(description, (given) => given);
}

/** Gives an option a default. */
export function withDefault<T>(option: Option<T | undefined>, fallback: T, shown = String(fallback)): Option<T> {
  return { ...option, shownDefault: shown, value: (texts) => option.value(texts) ?? fallback };
}

/** A whole number within bounds. */
export function integer(
  description: DescribedValue,
  bounds: { readonly min: number; readonly max?: number },
): Option<number | undefined> {
  const { min, max = Number.MAX_SAFE_INTEGER } = bounds;
  return parsed(description, (given) => {
    const value = Number(given);
    if (/^-?\d+$/.test(given) && value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `from ${min} up` : `from ${min} to ${max}`;
    throw new UsageError(`'${given}' is not a whole number ${range}`);
  });
}

/** One of some words. */
export function choice<const T extends string>(description: Described, choices: readonly T[]): Option<T | undefined> {
  return parsed({ ...description, placeholder: choices.join('|') }, (given) => {
    const found = choices.find((word) => word === given);
    if (found === undefined) throw new UsageError(`'${given}' is none of ${choices.join(', ')}`);
    return found;
  });
}

/** An option that may be given more than once; the values in their order. */
export function many<T>(description: DescribedValue, parse: (text: string) => T): Option<readonly T[]> {
  return { kind: 'many', ...description, value: (texts) => texts.map(parse) };
}

/** `dataDir` as it is written on the command line, without the dashes: `data-dir`. */
export function optionName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
