/**
 * Test scripts in the language of Prometheus's own tests: `load` puts series there, `eval` asks and says what is
 * expected, `clear` takes all away. An empty line ends a command, and so does a comment, which
 * begins with `#`.
 */
import assert from 'node:assert/strict';
import type { SeriesLoad } from '../notation/load-series.ts';
import { notedNumber } from '../notation/noted-number.ts';
import { type NotedSeries, parseSeriesLine, splitLabels } from '../notation/series-notation.ts';
import { parseDuration } from '../syntax/duration-text.ts';
import { unquoted } from '../syntax/string-literal.ts';

export interface LoadCommand extends SeriesLoad {
  readonly kind: 'load';
}

export interface Expectation {
  readonly kind: 'ordered' | 'fail' | 'warn' | 'no_warn' | 'info' | 'no_info';
  matches(text: string): boolean;
}

export interface EvalCommand {
  readonly kind: 'eval';
  readonly line: number;
  readonly query: string;
  readonly isInstant: boolean;
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  readonly expectations: readonly Expectation[];
  readonly result: 'series' | { readonly scalar: number } | { readonly text: string };
  readonly series: readonly NotedSeries[];
  /** Of an instant query whose result is a range. */
  readonly range?: { readonly startMs: number; readonly stepMs: number } | undefined;
}

export type Command = LoadCommand | EvalCommand | { readonly kind: 'clear' };

export function parseScript(text: string): Command[] {
  const lines = text.split('\n').map((line) => (line.trim().startsWith('#') ? '' : line.trim()));
  const commands: Command[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string;
    if (line === '') continue;
    const first = at;
    const block: string[] = [];
    while (at + 1 < lines.length && lines[at + 1] !== '') {
      at++;
      block.push(lines[at] as string);
    }
    if (line === 'clear') {
      commands.push({ kind: 'clear' });
      at = first;
    } else if (line.startsWith('load')) commands.push(parseLoad(line, block));
    else commands.push(parseEval(line, block, first + 1));
  }
  return commands;
}

function parseLoad(line: string, block: readonly string[]): LoadCommand {
  const [, native, step = ''] = /^load(_with_nhcb)?\s+(.+)$/.exec(line) ?? [];
  const startOffsets = new Map<string, (number | undefined)[]>();
  const series: NotedSeries[] = [];
  for (const each of block) {
    const [, of, offsets] = /^(\S+)@st\s+(.*)$/.exec(each) ?? [];
    if (of === undefined) series.push(parseSeriesLine(each));
    else startOffsets.set(splitLabels(of).labels.key, parseOffsets(offsets as string));
  }
  return { kind: 'load', stepMs: milliseconds(step), series, startOffsets, withNative: native !== undefined };
}

/** `_x2 -1m 30s+10sx3` */
function parseOffsets(text: string): (number | undefined)[] {
  const offsets: (number | undefined)[] = [];
  for (const each of text.split(/\s+/)) {
    const [, blanks] = /^_(?:x(\d+))?$/.exec(each) ?? [];
    if (each.startsWith('_')) {
      for (let count = Number(blanks ?? 1); count > 0; count--) offsets.push(undefined);
      continue;
    }
    const [, sign, duration, stepSign, step, times] = /^([-+]?)(\w+?)(?:([-+])(\w+?))?(?:x(\d+))?$/.exec(each) ?? [];
    let offset = milliseconds(duration as string) * (sign === '-' ? -1 : 1);
    const increase = step === undefined ? 0 : milliseconds(step) * (stepSign === '-' ? -1 : 1);
    for (let count = Number(times ?? 0); count >= 0; count--) {
      offsets.push(offset);
      offset += increase;
    }
  }
  return offsets;
}

function parseEval(line: string, block: readonly string[], number: number): EvalCommand {
  const instant = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(.+?))?\s+(.+)$/.exec(line);
  const range = /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)$/.exec(line);
  assert(instant !== null || range !== null, `line ${number} can be read: ${line}`);
  const [, modifier, from = '', to = from, step = '1m'] = range ?? [undefined, instant?.[1], instant?.[2]];
  const expectations: Expectation[] = [];
  if (modifier !== undefined) expectations.push({ kind: modifier as Expectation['kind'], matches: () => true });
  const series: NotedSeries[] = [];
  let result: EvalCommand['result'] = 'series';
  let ofRange: EvalCommand['range'];
  for (const each of block) {
    const [, start, , every] = /^expect range vector from (\S+) to (\S+) step (\S+)$/.exec(each) ?? [];
    if (start !== undefined) ofRange = { startMs: milliseconds(start), stepMs: milliseconds(every as string) };
    else if (each.startsWith('expect string ')) result = { text: unquoted(each.slice(14).trim()) ?? '' };
    else if (/^expect\s/.test(each)) expectations.push(parseExpectation(each));
    else if (/^[-+]?(?:[\d.][\w.+-]*|inf|nan)$/i.test(each)) result = { scalar: notedNumber(each) };
    else series.push(parseSeriesLine(each));
  }
  return {
    kind: 'eval',
    line: number,
    query: (range?.[5] ?? instant?.[3]) as string,
    isInstant: instant !== null,
    startMs: milliseconds(from),
    endMs: milliseconds(to),
    stepMs: milliseconds(step),
    expectations,
    result,
    series,
    range: ofRange,
  };
}

function parseExpectation(line: string): Expectation {
  const [, kind, how, text = ''] = /^expect\s+(\w+)(?:\s+(regex|msg):(.+))?$/.exec(line) ?? [];
  const wanted = text.trim();
  const pattern = how === 'regex' ? new RegExp(wanted) : undefined;
  return {
    kind: kind as Expectation['kind'],
    matches: (found) => how === undefined || (pattern === undefined ? found === wanted : pattern.test(found)),
  };
}

function milliseconds(text: string): number {
  const seconds = parseDuration(text);
  assert(seconds !== undefined, `${JSON.stringify(text)} is a duration`);
  return Math.round(seconds * 1000);
}
