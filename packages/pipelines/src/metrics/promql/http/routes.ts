/** All routes of Prometheus's query API, as Grafana's data source and `promtool` ask them. */
import { defineContract, implement, type Method, type Route, type RouteRequest } from '@millrace/api';
import { isMillraceError } from '@millrace/base';
import { Type } from 'typebox';
import type { Labels } from '../model/labels.ts';
import type { AskOptions, QueryEngine } from '../query-engine.ts';
import { QueryError } from '../query-error.ts';
import type { RuleReport } from '../rules/rule-report.ts';
import { prometheusDialect, success } from './dialect.ts';
import { invalid, Parameters } from './parameters.ts';
import { resultText } from './result-text.ts';

export interface PrometheusRoutesOptions {
  readonly engine: QueryEngine;
  /** Of Millrace. */
  readonly version: string;
  /** The rules that are evaluated, and what became of them; none without it. */
  readonly rules?: (() => readonly RuleReport[]) | undefined;
  /** Now, in milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

const prefix = '/prometheus/api/v1';
/** The Prometheus whose API this is; what asks chooses by it how to ask. */
const apiVersion = '3.5.0';

const Query = Type.Object({}, { additionalProperties: true });
const Name = Type.Object({ name: Type.String() });

interface Asked {
  readonly parameters: Parameters;
  readonly name: string;
  readonly signal: AbortSignal;
}

type Handle = (asked: Asked) => unknown;

export function prometheusRoutes(options: PrometheusRoutesOptions): Route[] {
  const { engine, version, rules = () => [], now = Date.now } = options;
  return [
    ...both('/query', 'The value of an expression at a time', (asked) => instantQuery(engine, asked, now)),
    ...both('/query_range', 'The values of an expression over time', (asked) => rangeQuery(engine, asked)),
    ...both('/query_exemplars', 'Exemplars of series, of which none are kept', ({ parameters }) => {
      requiredQuery(parameters);
      return success([]);
    }),
    ...both('/series', 'Series by selectors', (asked) => series(engine, asked)),
    ...both('/labels', 'Names of labels', (asked) => labelNames(engine, asked)),
    get('/label/{name}/values', 'Values of a label', (asked) => labelValues(engine, asked)),
    get('/metadata', 'What is known of metrics', (asked) => metadata(engine, asked)),
    get('/rules', 'Rules, and what became of them', (asked) => success({ groups: ruleGroups(rules(), asked) })),
    get('/alerts', 'Alerts that are pending or firing', () =>
      success({ alerts: rules().flatMap((group) => group.rules.flatMap((rule) => rule.alerts ?? [])) }),
    ),
    get('/status/buildinfo', 'Whose API this is', () => success(buildInfo(version))),
  ];
}

function both(path: string, summary: string, handle: Handle): Route[] {
  return [get(path, summary, handle), route('POST', path, `${summary}, asked as a form`, handle)];
}

function get(path: string, summary: string, handle: Handle): Route {
  return route('GET', path, summary, handle);
}

function route(method: Method, path: string, summary: string, handle: Handle): Route {
  const contract = defineContract({
    method,
    path: `${prefix}${path}`,
    summary,
    dialect: prometheusDialect,
    permission: 'view',
    query: Query,
    ...(path.includes('{name}') && { params: Name }),
    ...(method === 'POST' && { body: Type.Unknown(), bodyCheckedBy: 'handler' }),
    response: Type.Unknown(),
  });
  return implement(contract, (request: RouteRequest<typeof contract>) => {
    const { params, query, body, signal } = request as {
      params: unknown;
      query: unknown;
      body: unknown;
      signal: AbortSignal;
    };
    const { name = '' } = (params ?? {}) as { name?: string };
    return handle({ parameters: new Parameters(query, body), name, signal });
  });
}

function requiredQuery(parameters: Parameters): string {
  const query = parameters.text('query');
  if (query === '') throw invalid('query', 'unknown position: parse error: no expression found in input');
  return query;
}

function askOptions({ parameters, signal }: Asked): AskOptions {
  return {
    signal,
    timeoutMs: parameters.optionalDuration('timeout'),
    lookbackMs: parameters.optionalDuration('lookback_delta'),
  };
}

async function instantQuery(engine: QueryEngine, asked: Asked, now: () => number) {
  const { parameters } = asked;
  const limit = parameters.limit();
  const timeMs = parameters.time('time', now());
  return resultText(await inQuery(() => engine.instant(requiredQuery(parameters), timeMs, askOptions(asked))), limit);
}

async function rangeQuery(engine: QueryEngine, asked: Asked) {
  const { parameters } = asked;
  const limit = parameters.limit();
  const startMs = parameters.time('start');
  const endMs = parameters.time('end');
  if (endMs < startMs) throw invalid('end', 'end timestamp must not be before start time');
  const stepMs = Math.trunc(parameters.duration('step'));
  if (stepMs <= 0) {
    const what = 'zero or negative query resolution step widths are not accepted. Try a positive integer';
    throw invalid('step', what);
  }
  const query = requiredQuery(parameters);
  return resultText(await inQuery(() => engine.range(query, startMs, endMs, stepMs, askOptions(asked))), limit);
}

/** An expression that is none is a wrong parameter. */
async function inQuery<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!isMillraceError(error, 'query_invalid')) throw error;
    throw invalid('query', error.message);
  }
}

async function series({ source }: QueryEngine, { parameters, signal }: Asked) {
  if (parameters.all('match[]').length === 0) {
    throw new QueryError('parameter_invalid', 'no match[] parameter provided');
  }
  const found: readonly Labels[] = await source.series(parameters.labelRequest(signal));
  return limited(found, parameters);
}

async function labelNames({ source }: QueryEngine, { parameters, signal }: Asked) {
  return limited(await source.labelNames(parameters.labelRequest(signal)), parameters);
}

async function labelValues({ source }: QueryEngine, { parameters, name, signal }: Asked) {
  const label = decodedLabel(name);
  return limited(await source.labelValues(label, parameters.labelRequest(signal)), parameters);
}

function limited(values: readonly unknown[], parameters: Parameters) {
  const limit = parameters.limit();
  if (limit === undefined || values.length <= limit) return success(values);
  return success(values.slice(0, limit), { warnings: ['results truncated due to limit'] });
}

async function metadata({ source }: QueryEngine, { parameters }: Asked) {
  const metric = parameters.text('metric') || undefined;
  const perMetric = parameters.limit('limit_per_metric');
  const found = await source.metadata({ metric, limit: parameters.limit() });
  return success(Object.fromEntries([...found].map(([name, all]) => [name, all.slice(0, perMetric)])));
}

/** `U__` begins a name of UTF-8, whose other characters are written as their code points between underscores. */
function decodedLabel(name: string): string {
  if (!name.startsWith('U__')) return name;
  return name
    .slice(3)
    .replace(/__|_([0-9a-fA-F]{1,6})_/g, (all, point?: string) =>
      point === undefined ? '_' : String.fromCodePoint(Math.min(Number.parseInt(point, 16), 0x10ffff)) || all,
    );
}

function ruleGroups(groups: readonly RuleReport[], { parameters }: Asked): unknown[] {
  const type = parameters.text('type');
  const kind = { alert: 'alerting', record: 'recording' }[type];
  if (type !== '' && kind === undefined) throw invalid('type', `not supported value ${JSON.stringify(type)}`);
  const isWanted = (parameter: string, value: string): boolean => {
    const wanted = parameters.all(parameter);
    return wanted.length === 0 || wanted.includes(value);
  };
  const isBare = parameters.text('exclude_alerts') === 'true';
  const found = groups
    .filter(({ name, file }) => isWanted('rule_group[]', name) && isWanted('file[]', file))
    .map((group) => {
      const rules = group.rules.filter(({ type: of, name }) => {
        return (kind === undefined || of === kind) && isWanted('rule_name[]', name);
      });
      return { ...group, rules: isBare ? rules.map(({ alerts: _, ...rule }) => rule) : rules };
    });
  const isNarrowed = kind !== undefined || parameters.all('rule_name[]').length > 0;
  return isNarrowed ? found.filter(({ rules }) => rules.length > 0) : found;
}

function buildInfo(version: string): Record<string, string> {
  return {
    version: apiVersion,
    revision: `millrace-${version}`,
    branch: 'millrace',
    buildUser: 'millrace',
    buildDate: '',
    goVersion: '',
  };
}
