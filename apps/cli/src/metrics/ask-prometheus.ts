/** Asks a server in Prometheus's HTTP dialect. */
import { ServerUnreachableError } from '@millrace/api';
import { MillraceError, messageOf } from '@millrace/base';
import type { RuleReport } from '@millrace/pipelines';
import type { FoundServer } from '../server/find-server.ts';

/** A number with its time in seconds, or a histogram. */
export type Sample = readonly [number, string];

export interface HistogramSample {
  readonly count: string;
  readonly sum: string;
}

export interface AnsweredSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: Sample;
  readonly values?: readonly Sample[];
  readonly histogram?: readonly [number, HistogramSample];
  readonly histograms?: readonly (readonly [number, HistogramSample])[];
}

export type AnswerData =
  | { readonly resultType: 'vector'; readonly result: readonly AnsweredSeries[] }
  | { readonly resultType: 'matrix'; readonly result: readonly AnsweredSeries[] }
  | { readonly resultType: 'scalar'; readonly result: Sample }
  | { readonly resultType: 'string'; readonly result: Sample };

export interface PrometheusAnswer {
  readonly data: AnswerData;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

interface Refusal {
  readonly status: 'error';
  readonly errorType: string;
  readonly error: string;
}

/** The query was refused, or failed. */
class MetricsQueryError extends MillraceError {
  readonly code = 'metrics_query_failed';
  /** As Prometheus names it: `bad_data`, `execution`, `timeout`, ... */
  readonly errorType: string;

  constructor({ error, errorType }: Refusal) {
    super(error);
    this.errorType = errorType;
  }
}

/** @throws MetricsQueryError, ServerUnreachableError */
export function askPrometheus(
  server: FoundServer,
  path: 'query' | 'query_range',
  fields: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<PrometheusAnswer> {
  const given = Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined);
  return ask(server, path, { method: 'POST', body: new URLSearchParams(given) }, signal);
}

/** The groups of rules that the server evaluates. @throws MetricsQueryError, ServerUnreachableError */
export async function askRules(server: FoundServer, signal: AbortSignal): Promise<readonly RuleReport[]> {
  const { data } = await ask<{ readonly data: { readonly groups: readonly RuleReport[] } }>(
    server,
    'rules',
    {},
    signal,
  );
  return data.groups;
}

async function ask<T extends object>(
  { url, token }: FoundServer,
  path: string,
  how: RequestInit,
  signal: AbortSignal,
): Promise<T> {
  let answer: T | Refusal;
  try {
    const response = await fetch(new URL(`/prometheus/api/v1/${path}`, url), {
      ...how,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal,
    });
    answer = (await response.json()) as T | Refusal;
  } catch (error) {
    signal.throwIfAborted();
    throw new ServerUnreachableError(url, messageOf(error instanceof Error ? (error.cause ?? error) : error), error);
  }
  if ('error' in answer) throw new MetricsQueryError(answer);
  return answer;
}
