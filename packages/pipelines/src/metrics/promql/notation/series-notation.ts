/**
 * A series as tests write it: its labels, then its samples at the times of a step. `1 2+3x2 _ stale` is 1, then
 * 2, 5 and 8, nothing, and a stale marker.
 */
import assert from 'node:assert/strict';
import { added, subtracted } from '../histogram/arithmetic.ts';
import { Labels, metricNameLabel } from '../model/labels.ts';
import type { NativeHistogram } from '../model/native-histogram.ts';
import { tokensOf } from '../syntax/tokens.ts';
import { type NotedHistogram, parseHistogram } from './histogram-notation.ts';
import { notedNumber } from './noted-number.ts';

export type NotedSample = number | 'stale' | NotedHistogram | undefined;

export interface NotedSeries {
  readonly labels: Labels;
  readonly samples: readonly NotedSample[];
}

export function parseSeriesLine(line: string): NotedSeries {
  const { labels, rest } = splitLabels(line.trim());
  return { labels, samples: parseSamples(rest) };
}

/** The labels at the beginning of a line, and what comes behind them. */
export function splitLabels(line: string): { readonly labels: Labels; readonly rest: string } {
  const [name = ''] = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line) ?? [];
  const pairs: [string, string][] = name === '' ? [] : [[metricNameLabel, name]];
  let rest = line.slice(name.length);
  if (rest.startsWith('{') && !rest.startsWith('{{')) {
    const end = closingBrace(rest);
    const tokens = tokensOf(rest.slice(1, end)).filter((token) => token.kind !== 'end');
    for (let at = 0; at < tokens.length; ) {
      const key = textOf(tokens[at]);
      const next = tokens[at + 1];
      const isNameAlone = next === undefined || (next.kind === 'sign' && next.text === ',');
      pairs.push(isNameAlone ? [metricNameLabel, key] : [key, textOf(tokens[at + 2])]);
      at += isNameAlone ? 2 : 4;
    }
    rest = rest.slice(end + 1);
  }
  return { labels: Labels.from(pairs), rest };
}

function textOf(token: ReturnType<typeof tokensOf>[number] | undefined): string {
  assert(token !== undefined && 'text' in token, 'a label has a name and a value');
  return token.text;
}

function closingBrace(text: string): number {
  for (let at = 0, quote = ''; at < text.length; at++) {
    const character = text[at] as string;
    if (quote !== '') {
      if (character === '\\' && quote !== '`') at++;
      else if (character === quote) quote = '';
    } else if (/["'`]/.test(character)) quote = character;
    else if (character === '}') return at;
  }
  throw new Error(`no closing brace in ${text}`);
}

const histogram = String.raw`\{\{([^}]*)\}\}(?:([-+])\{\{([^}]*)\}\})?(?:x(\d+))?`;
const number = String.raw`([-+]?(?:\d[\d_.]*(?:[eE][-+]?\d+)?|\.\d+|[iI]nf|[nN]a[nN]))`;
const increased = String.raw`(?:([-+](?:\d[\d.]*(?:[eE][-+]?\d+)?|[iI]nf|\.\d+)))?(?:x(\d+))?`;
const item = new RegExp(String.raw`${histogram}|(_|stale)(?:x(\d+))?|${number}${increased}`, 'gy');

function parseSamples(text: string): NotedSample[] {
  const samples: NotedSample[] = [];
  const rest = text.trim();
  let at = 0;
  while (at < rest.length) {
    item.lastIndex = at;
    const match = item.exec(rest);
    assert(match !== null, `samples can be read at ${JSON.stringify(rest.slice(at))}`);
    const [all, first, sign, step, times, word, wordTimes, value, increase, valueTimes] = match;
    if (first !== undefined) samples.push(...histograms(parseHistogram(first), sign, step, times));
    else if (word === '_') for (let count = Number(wordTimes ?? 1); count > 0; count--) samples.push(undefined);
    else if (word === 'stale') for (let count = Number(wordTimes ?? 0); count >= 0; count--) samples.push('stale');
    else {
      let next = notedNumber(value as string);
      for (let count = Number(valueTimes ?? 0); count >= 0; count--) {
        samples.push(next);
        next += increase === undefined ? 0 : notedNumber(increase);
      }
    }
    at += all.length;
    while (rest[at] === ' ' || rest[at] === '\t') at++;
  }
  return samples;
}

function histograms(
  first: NotedHistogram,
  sign: string | undefined,
  step: string | undefined,
  times: string | undefined,
): NotedHistogram[] {
  const result = [first];
  const increase = step === undefined ? undefined : parseHistogram(step).histogram;
  let current: NativeHistogram = first.histogram;
  for (let count = Number(times ?? 0); count > 0; count--) {
    if (increase !== undefined) {
      const next = (sign === '-' ? subtracted : added)(current, increase);
      assert(next !== undefined, 'histograms of a row have the same kind of bounds');
      current = { ...next.histogram, resetHint: first.histogram.resetHint };
    }
    result.push({ histogram: current, hasHint: first.hasHint });
  }
  return result;
}
