/**
 * Templates of labels and annotations, that part of Go's which rules use: `{{ $labels.name }}`, `{{ $value }}`, and
 * functions behind bars, as in `{{ $value | humanizePercentage }}` and `{{ $value | printf "%.2f" }}`. There are no
 * conditions, loops or queries in them.
 */
import { answerNumber } from '../model/number-text.ts';
import { formatPrintf } from './printf.ts';

export interface TemplateValues {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

type Value = string | number;
type TemplateFunction = (value: Value) => Value;

const functions: Readonly<Record<string, TemplateFunction>> = {
  humanize: (value) => humanize(Number(value), 1000, ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y']),
  humanize1024: (value) => humanize(Number(value), 1024, ['', 'ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi']),
  humanizeDuration: (value) => humanizeDuration(Number(value)),
  humanizePercentage: (value) => `${precise(Number(value) * 100)}%`,
  humanizeTimestamp: (value) =>
    new Date(Number(value) * 1000).toISOString().replace('T', ' ').replace('Z', ' +0000 UTC'),
  title: (value) => String(value).replace(/\b\p{L}/gu, (letter) => letter.toUpperCase()),
  toLower: (value) => String(value).toLowerCase(),
  toUpper: (value) => String(value).toUpperCase(),
};

const action = /\{\{-?\s*([^{}]*?)\s*-?\}\}/g;
const variable = /^\$(?:value|labels\.([a-zA-Z_]\w*)|labels)$/;
const printf = /^printf\s+"((?:[^"\\]|\\.)*)"(?:\s+(\S+))?$/;

/** What is wrong with a template, if anything. */
export function checkTemplate(template: string): string | undefined {
  for (const [all, inner = ''] of template.matchAll(action)) {
    const [first = '', ...rest] = inner.split('|').map((part) => part.trim());
    const isKnown = isValue(first) || printf.test(first) || functions[first.split(/\s+/)[0] ?? ''] !== undefined;
    const unknown = isKnown ? rest.find((part) => functions[part] === undefined && !printf.test(part)) : first;
    if (unknown !== undefined) return `${all} has ${JSON.stringify(unknown)}, which templates here do not know`;
  }
  return template.replaceAll(action, '').includes('{{') ? 'an action is not closed' : undefined;
}

/** @param template one that `checkTemplate` finds nothing wrong with */
export function expandTemplate(template: string, values: TemplateValues): string {
  return template.replace(action, (_, inner: string) => {
    const parts = inner.split('|').map((part) => part.trim());
    let value: Value = '';
    for (const [index, part] of parts.entries()) value = step(part, index === 0 ? undefined : value, values);
    return typeof value === 'number' ? answerNumber(value) : value;
  });
}

function step(part: string, piped: Value | undefined, values: TemplateValues): Value {
  if (piped === undefined && isValue(part)) return readValue(part, values);
  const [, format, formatted] = printf.exec(part) ?? [];
  const [name = '', called] = part.split(/\s+/);
  const argument = format === undefined ? called : formatted;
  const value = argument === undefined ? (piped ?? '') : readValue(argument, values);
  if (format !== undefined) return formatPrintf(format.replace(/\\(.)/g, '$1'), value);
  return functions[name]?.(value) ?? '';
}

function isValue(text: string): boolean {
  return variable.test(text) || /^".*"$/.test(text);
}

function readValue(text: string, { labels, value }: TemplateValues): Value {
  const [isVariable, label] = variable.exec(text) ?? [];
  if (isVariable === undefined) return text.replace(/^"(.*)"$/, '$1');
  if (label !== undefined) return labels[label] ?? '';
  return isVariable === '$value' ? value : JSON.stringify(labels);
}

function humanize(value: number, base: number, units: readonly string[]): string {
  if (value === 0 || !Number.isFinite(value)) return precise(value);
  const small = ['', 'm', 'u', 'n', 'p', 'f', 'a', 'z', 'y'];
  let rest = value;
  let power = 0;
  if (Math.abs(value) >= 1 || base === 1024) {
    while (Math.abs(rest) >= base && power < units.length - 1) {
      rest /= base;
      power++;
    }
    return `${precise(rest)}${units[power]}`;
  }
  while (Math.abs(rest) < 1 && power < small.length - 1) {
    rest *= 1000;
    power++;
  }
  return `${precise(rest)}${small[power]}`;
}

function humanizeDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return precise(seconds);
  if (Math.abs(seconds) < 1) return seconds === 0 ? '0s' : `${humanize(seconds, 1000, [])}s`;
  if (Math.abs(seconds) < 60) return `${precise(seconds)}s`;
  const whole = Math.floor(Math.abs(seconds));
  const parts = [Math.floor(whole / 86_400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60];
  const first = parts.findIndex((part) => part > 0);
  const text = parts.slice(first).map((part, index) => `${part}${'dhms'[first + index]}`);
  return `${seconds < 0 ? '-' : ''}${text.join(' ')}`;
}

/** Four digits that count. */
function precise(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : answerNumber(value);
}
