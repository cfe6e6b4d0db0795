/** Asks a server in Prometheus's HTTP dialect. */
import { ServerUnreachableError } from '@millrace/api';
import { MillraceError, messageOf } from '@millrace/base';
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
export async function askPrometheus(
  { url, token }: FoundServer,
  path: 'query' | 'query_range',
  fields: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<PrometheusAnswer> {
  const given = Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined);
  let answer: PrometheusAnswer | Refusal;
  try {
    const response = await fetch(new URL(`/prometheus/api/v1/${path}`, url), {
      method: 'POST',
      body: new URLSearchParams(given),
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal,
    });
    answer = (await response.json()) as PrometheusAnswer | Refusal;
  } catch (error) {
    signal.throwIfAborted();
    throw new ServerUnreachableError(url, messageOf(error instanceof Error ? (error.cause ?? error) : error), error);
  }
  if ('error' in answer) throw new MetricsQueryError(answer);
  return answer;
}
