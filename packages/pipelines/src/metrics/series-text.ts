/**
 * A series as one line of text, `name{label="value",...}` with labels ascending: the key of its records. Equal series
 * have equal texts. Names that Prometheus's grammar has no place for are quoted, as Prometheus 3 writes them.
 */
import { Labels, metricNameLabel } from './promql/model/labels.ts';

export function seriesText(labels: Labels): string {
  const name = labels.get(metricNameLabel);
  const parts = name === '' || isLegacyName(name) ? [] : [quoted(name)];
  for (const [label, value] of labels) {
    if (label !== metricNameLabel) parts.push(`${isLabelName(label) ? label : quoted(label)}=${quoted(value)}`);
  }
  return `${isLegacyName(name) ? name : ''}{${parts.join(',')}}`;
}

/** The labels of a text that `seriesText` made; undefined for any other. */
export function parseSeriesText(text: string): Labels | undefined {
  const open = text.indexOf('{');
  if (open < 0 || !text.endsWith('}')) return undefined;
  const pairs: [string, string][] = open > 0 ? [[metricNameLabel, text.slice(0, open)]] : [];
  const part = /(?:([a-zA-Z_]\w*)|("(?:[^"\\]|\\.)*"))(?:=("(?:[^"\\]|\\.)*"))?(?:,|$)/gy;
  const inner = text.slice(open + 1, -1);
  while (part.lastIndex < inner.length) {
    const found = part.exec(inner);
    if (found === null) return undefined;
    const [, plain, inQuotes, value] = found;
    const name = plain ?? unquoted(inQuotes as string);
    if (value !== undefined) pairs.push([name, unquoted(value)]);
    else if (inQuotes !== undefined) pairs.push([metricNameLabel, name]);
    else return undefined;
  }
  return Labels.from(pairs);
}

function isLegacyName(name: string): boolean {
  return /^[a-zA-Z_:][\w:]*$/.test(name);
}

function isLabelName(name: string): boolean {
  return /^[a-zA-Z_]\w*$/.test(name);
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/gs, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}
