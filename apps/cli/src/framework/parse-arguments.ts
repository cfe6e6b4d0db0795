/**
 * From words on the command line to a command's operands and option values.
 *
 * `--name VALUE`, `--name=VALUE`, `-n VALUE`, `-nVALUE`, flags in one word (`-eq`), `--` before operands that begin
 * with a dash; `-` alone is an operand. A value may begin with a dash (`--from -10`). Options and operands mix in any
 * order.
 */
import { nearest } from '@millrace/base';
import type { Command } from './command.ts';
import { flag, type Option, optionName } from './option.ts';
import { UsageError } from './usage-error.ts';

/** Options that every command has. */
export const everyCommandsOptions = {
  json: flag({ help: 'Print JSON on stdout, and an error as one line of JSON on stderr' }),
  help: flag({ help: 'Show this help', short: 'h' }),
} as const;

export interface ParsedArguments {
  readonly help: boolean;
  readonly json: boolean;
  readonly options: Readonly<Record<string, unknown>>;
  readonly operands: readonly string[];
}

/**
 * Reads the words after the command's name. With `--help` among them nothing else is checked.
 *
 * @throws UsageError that names the word at fault.
 */
export function parseArguments(command: Command, words: readonly string[]): ParsedArguments {
  const scan = new Scan(command, words);
  scan.run();
  if (scan.texts.has('help')) return { help: true, json: false, options: {}, operands: [] };
  if (scan.problem !== undefined) throw scan.problem;
  const options: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(command.options)) {
    options[key] = optionValue(command, key, option, scan.texts.get(key) ?? []);
  }
  checkOperands(command, scan.operands);
  return { help: false, json: scan.texts.has('json'), options, operands: scan.operands };
}

/** Whether the words ask for JSON, for errors that come before they are parsed. */
export function asksForJson(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return words.slice(0, end < 0 ? undefined : end).includes('--json');
}

class Scan {
  readonly texts = new Map<string, string[]>();
  readonly operands: string[] = [];
  /** The first one; kept, so that `--help` wins over it. */
  problem: UsageError | undefined;
  readonly #command: Command;
  readonly #words: string[];
  readonly #keys = new Map<string, string>();
  readonly #options: Record<string, Option<unknown>>;

  constructor(command: Command, words: readonly string[]) {
    this.#command = command;
    this.#words = [...words];
    this.#options = { ...command.options, ...everyCommandsOptions };
    for (const [key, option] of Object.entries(this.#options)) {
      this.#keys.set(`--${optionName(key)}`, key);
      if (option.short !== undefined) this.#keys.set(`-${option.short}`, key);
    }
  }

  run(): void {
    for (let word = this.#words.shift(); word !== undefined; word = this.#words.shift()) {
      if (word === '--') {
        this.operands.push(...this.#words);
        return;
      }
      if (word.startsWith('--')) this.#long(word);
      else if (word.startsWith('-') && word !== '-') this.#short(word);
      else this.operands.push(word);
    }
  }

  #long(word: string): void {
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    const key = this.#keys.get(name);
    if (key === undefined) return this.#unknown(name);
    const inline = equals < 0 ? undefined : word.slice(equals + 1);
    if (this.#options[key]?.kind !== 'flag') return this.#take(key, name, inline);
    if (inline !== undefined) return this.#fail(`${name} takes no value, and got '${inline}'`);
    this.#add(key, '');
  }

  #short(word: string): void {
    for (let index = 1; index < word.length; index++) {
      const name = `-${word[index]}`;
      const key = this.#keys.get(name);
      if (key === undefined) return this.#unknown(word.length === 2 ? word : `${name} in ${word}`);
      if (this.#options[key]?.kind !== 'flag') {
        const rest = word.slice(index + 1);
        return this.#take(key, name, rest === '' ? undefined : rest.replace(/^=/, ''));
      }
      this.#add(key, '');
    }
  }

  #take(key: string, name: string, inline: string | undefined): void {
    const option = this.#options[key] as Option<unknown>;
    const given = inline ?? this.#words.shift();
    if (given === undefined) return this.#fail(`${name} needs a value: ${name} ${option.placeholder ?? 'VALUE'}`);
    if (option.kind === 'one' && this.texts.has(key)) return this.#fail(`${name} is given more than once`);
    this.#add(key, given);
  }

  #add(key: string, given: string): void {
    const texts = this.texts.get(key);
    if (texts === undefined) this.texts.set(key, [given]);
    else texts.push(given);
  }

  #unknown(name: string): void {
    const meant = nearest(
      name,
      [...this.#keys.keys()].filter((known) => known.startsWith('--')),
    );
    const question = meant === undefined ? '' : `; did you mean ${meant}?`;
    this.#fail(`unknown option ${name}${question}`);
  }

  #fail(message: string): void {
    this.problem ??= usageError(this.#command, message);
  }
}

function optionValue(command: Command, key: string, option: Option<unknown>, texts: readonly string[]): unknown {
  try {
    return option.value(texts);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw usageError(command, `--${optionName(key)}: ${error.message}`);
  }
}

function checkOperands(command: Command, given: readonly string[]): void {
  const needed = command.operands.filter((operand) => operand.optional === undefined);
  const missing = needed[given.length];
  if (missing !== undefined) throw usageError(command, `${missing.name} is missing: ${missing.help}`);
  const unlimited = command.operands.at(-1)?.many === true;
  const extra = given[command.operands.length];
  if (!unlimited && extra !== undefined) {
    throw usageError(command, `'${extra}' is one argument too many`);
  }
}

/** A wrong call of this command, with the way to its help. */
export function usageError(command: Pick<Command, 'name'>, message: string): UsageError {
  return new UsageError(message, { hint: `See \`millrace ${command.name} --help\`.` });
}
