/** The filters of a request, as texts, to a query of the store. */
import { ProblemError } from '@millrace/api';
import { type Severity, severities } from '../line/severity.ts';
import type { LineQuery } from '../store/line-query.ts';
import { termsOf } from '../store/line-words.ts';
import type { LinePlace } from '../store/log-store.ts';

export interface GivenFilters {
  readonly text?: string | undefined;
  readonly label?: string | undefined;
  readonly severity?: string | undefined;
  readonly template?: string | undefined;
}

/** `idsOf` answers all ids that a template's lines may have. @throws ProblemError */
export function parseQuery(given: GivenFilters, idsOf: (template: string) => readonly string[]): LineQuery {
  const { text, label, severity, template } = given;
  return {
    ...(text === undefined ? {} : { terms: termsOf(text) }),
    ...(label === undefined ? {} : { labels: labelsOf(label) }),
    ...(severity === undefined ? {} : { severities: severitiesOf(severity) }),
    ...(template === undefined ? {} : { templates: new Set([template, ...idsOf(template)]) }),
  };
}

function labelsOf(text: string): Record<string, string> {
  const pairs = text.split(',').map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw invalid('label', `has ${JSON.stringify(pair)}, which is no KEY=VALUE`);
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs);
}

function severitiesOf(text: string): Set<Severity> {
  const chosen = new Set<Severity>();
  for (const word of text.split(',')) {
    const isOrWorse = word.endsWith('+');
    const at = severities.indexOf((isOrWorse ? word.slice(0, -1) : word) as Severity);
    if (at < 0) throw invalid('severity', `has ${JSON.stringify(word)}; there are ${severities.join(', ')}`);
    for (const each of isOrWorse ? severities.slice(at) : severities.slice(at, at + 1)) chosen.add(each);
  }
  return chosen;
}

export function cursorOf({ time, partition, offset }: LinePlace): string {
  return `${time}.${partition}.${offset}`;
}

/** @throws ProblemError */
export function parseCursor(text: string): LinePlace {
  const [, time, partition, offset] = /^(-?\d+)\.(\d+)\.(\d+)$/.exec(text) ?? [];
  if (time === undefined) throw invalid('cursor', 'is none that was answered; begin without one');
  return { time: Number(time), partition: Number(partition), offset: Number(offset) };
}

function invalid(field: string, message: string): ProblemError {
  return new ProblemError('invalid_request', `${field} ${message}`, { issues: [{ field: `/${field}`, message }] });
}
