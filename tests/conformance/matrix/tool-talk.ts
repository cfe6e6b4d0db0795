/**
 * What Kafka's tools say, step by step, in a form that brokers can be compared by: one line each, with single spaces,
 * names without what makes them unique, addresses as the brokers that have them, and neither ids nor times.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KafkaTool, ProgramResult, ToolOptions } from '@millrace/engines';
import { javaSettingsOf } from '../drivers/java-settings.ts';
import { javaTools } from './java-tools.ts';
import type { Access, BrokerKind, Place } from './place.ts';
import type { Scope } from './scope.ts';
import { settled } from './settled.ts';

/** Of a tool that said one line, that line. */
export type Said = string | readonly string[];

export interface StepOptions extends Pick<ToolOptions, 'input' | 'stopAfterMs'> {
  /** Who asks, and where; default: over PLAINTEXT. */
  readonly access?: Access;
  /** Lines that count; default: all. */
  readonly only?: RegExp;
  /** Asked again until it is accepted, or for 15 s: the brokers of a cluster learn of changes one by one. */
  readonly until?: (lines: readonly string[]) => boolean;
  /** Whether lines are sorted, since their order means nothing. */
  readonly sorted?: boolean;
}

export class ToolTalk {
  readonly seen: Record<string, Said> = {};
  readonly #place: Place;
  readonly #scope: Scope;

  constructor(place: Place, scope: Scope) {
    this.#place = place;
    this.#scope = scope;
  }

  /** Runs a tool and notes what it said; `at` is the last word of `args` unless that has one of its own. */
  async say(step: string, tool: KafkaTool, args: readonly string[], options: StepOptions = {}): Promise<string[]> {
    const ask = async (): Promise<string[]> => this.linesOf(await this.run(tool, args, options), options);
    const { until = () => true } = options;
    const lines = await settled(ask, until);
    this.note(step, lines);
    return lines;
  }

  /** Keeps it under the step's name. */
  note(step: string, lines: readonly string[]): void {
    this.seen[step] = lines.length === 1 ? (lines[0] ?? '') : lines;
  }

  /** Runs a tool. `AT` among its words is where bootstrap servers go, which are the last words without it. */
  async run(tool: KafkaTool, args: readonly string[], options: StepOptions = {}): Promise<ProgramResult> {
    const { access, input, stopAfterMs } = options;
    const at = ['--bootstrap-server', this.#place.bootstrap(access?.listener)];
    const words = args.includes(AT) ? args.flatMap((word) => (word === AT ? at : [word])) : [...args, ...at];
    const settings = access && { clientConfiguration: await javaSettingsOf(this.#place, { access }) };
    return await (await javaTools()).run(tool, words, { input, stopAfterMs, ...settings });
  }

  /** What it wrote to stdout, then to stderr, then how it ended if not well. Logs and stack traces are left out. */
  linesOf({ code, stdout, stderr }: ProgramResult, { only, sorted = false }: StepOptions = {}): string[] {
    const written = `${stdout}\n${stderr}`.split('\n').filter((line) => !unheard.test(line));
    const plain = namedErrors(written.map((line) => this.#plain(line)));
    const lines = plain.filter((line) => line !== '' && (only?.test(line) ?? true));
    return [...(sorted ? lines.sort() : lines), ...(code === 0 ? [] : [`exit code ${code}`])];
  }

  /** A file that ends with the scope; its path. */
  async file(content: unknown): Promise<string> {
    const path = join(await this.#scope.directory(), 'input.json');
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  #plain(line: string): string {
    let text = line.replace(/^\[[\d ,:-]+\] /, '').replaceAll(/\s+/g, ' ');
    for (const [index, address] of this.#place.bootstrap().split(',').entries()) {
      const id = this.#place.brokerIds[index];
      const [, port = ''] = address.split(':');
      text = text.replaceAll(address, `broker-${id}`).replaceAll(`127.0.0.1 ${port}`, `broker-${id}`);
    }
    return text
      .replaceAll(`-${this.#scope.name('').slice(1)}`, '')
      .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
      .replaceAll(/(?<![\w-])(?=[\w-]*[A-Z\d])(?=[\w-]*[a-z])[\w-]{22}(?![\w(-])/g, 'ID')
      .replaceAll(/\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d([.,]\d+)?Z?/g, 'TIME')
      .replaceAll(/\b1[6-9]\d{11}\b/g, 'TIME')
      .replaceAll(ofBrokers, '')
      .replace(/,(?=$)/, '')
      .replaceAll(' sensitive=false', '')
      .replaceAll(/(?<="log_dirs":\[)[^\]]*/g, 'DIRECTORIES')
      .replace(/(?<= Isr: )[\d,]+/, (ids) => ids.split(',').sort().join())
      .replace(/\bbroker-(\d) \(\1\)/, 'a broker')
      .trim();
  }
}

/** Topics have what their brokers have, which is not the same for all places. */
const ofBrokers = /(?<=Configs: .*)\b(min\.insync\.replicas=1|segment\.index\.bytes=\d+)(,|$)/g;

/** Stack traces, logs, and what the console consumer has to say about its protocol. */
const unheard =
  /^\tat |^\t\.\.\. |^\[\S+ \S+\] (WARN |ERROR (?!.*errors\.\w+Exception: ))|^The consumer rebalance protocol/;

/** What goes with an exception that says more. */
const besides = /^\(org\.apache|^Error while executing .* (command with args|: \(why\)$)|^Error: .*\(why\)$/;

const exception = /(?:\w+\.)+errors\.(\w+Exception): (.+)$/;

/** Errors by the names of their exceptions, once: their texts are the brokers' business. */
function namedErrors(lines: readonly string[]): string[] {
  const texts = lines.flatMap((line) => exception.exec(line)?.[2] ?? []);
  const named = lines.map((line) => {
    const [, name] = exception.exec(line) ?? [];
    return name ?? texts.reduce((told, text) => told.replaceAll(text, '(why)'), line);
  });
  return named.filter((line, at) => !besides.test(line) && (!line.endsWith('Exception') || named.indexOf(line) === at));
}

type Steps = Readonly<Record<string, Said>>;

/** What is seen on each kind of broker, where only some steps differ. */
export function apartFrom(
  common: Steps,
  differing: Readonly<Record<BrokerKind, Steps>>,
): Readonly<Record<BrokerKind, Steps>> {
  return { embedded: { ...common, ...differing.embedded }, kafka: { ...common, ...differing.kafka } };
}

/** Among the words of a tool: where its `--bootstrap-server` goes. */
export const AT = '--bootstrap-server HERE';

/** A behaviour's try that talks with tools; it shows all that was seen. */
export function talking(talk: (tools: ToolTalk, scope: Scope, place: Place) => Promise<unknown>) {
  return async (place: Place, scope: Scope): Promise<unknown> => {
    const tools = new ToolTalk(place, scope);
    await talk(tools, scope, place);
    return tools.seen;
  };
}
