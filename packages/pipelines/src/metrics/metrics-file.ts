/**
 * The file of metrics that the platform is given: which rules are evaluated, what is aggregated and scraped. It is a
 * part of Prometheus's own configuration, and `rollups`. Other files are named from the folder that it lies in.
 */
import { glob, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { compileChecker } from '@millrace/api';
import { MillraceError, messageOf } from '@millrace/base';
import { type Static, Type } from 'typebox';
import { parse as parseYaml } from 'yaml';
import type { RuleGroup } from './promql/rules/rule.ts';
import { parseRuleFile } from './promql/rules/rule-file.ts';
import { evaluationMs, parseRuleTests, type RuleTestVerdict, runRuleTests } from './promql/rules/rule-tests.ts';
import { parseDuration } from './promql/syntax/duration-text.ts';
import { type RollupRule, rollupRules } from './rollup/rollup-rule.ts';
import { ScrapeJob, type ScrapeTarget } from './scrape/scrape-job.ts';

export class MetricsFileError extends MillraceError {
  readonly code = 'metrics_file_invalid';
  readonly file: string;

  constructor(file: string, what: string, cause?: unknown) {
    super(`${file}: ${what}`, { cause });
    this.file = file;
  }
}

export interface MetricsFile {
  readonly rules: readonly RuleGroup[];
  readonly rollups: readonly RollupRule[];
  readonly targets: readonly ScrapeTarget[];
}

const MetricsFileShape = Type.Object(
  {
    global: Type.Optional(
      Type.Object(
        {
          scrape_interval: Type.Optional(Type.String()),
          scrape_timeout: Type.Optional(Type.String()),
          evaluation_interval: Type.Optional(Type.String()),
        },
        { additionalProperties: false },
      ),
    ),
    rule_files: Type.Optional(Type.Array(Type.String())),
    rollups: Type.Optional(Type.Array(Type.Unknown())),
    scrape_configs: Type.Optional(Type.Array(ScrapeJob)),
  },
  { additionalProperties: false },
);
type MetricsFileShape = Static<typeof MetricsFileShape>;

const checker = compileChecker(MetricsFileShape);
const intervalDefault = '1m';
const timeoutDefault = '10s';

/** Reads a file of metrics and all that it names. @throws MetricsFileError, RuleFileError */
export async function readMetricsFile(file: string): Promise<MetricsFile> {
  const value = parseMetricsFile(await textOf(file), file);
  const folder = dirname(resolve(file));
  const { global = {}, rule_files: patterns = [], rollups = [], scrape_configs: jobs = [] } = value;
  const evaluation = global.evaluation_interval ?? intervalDefault;
  const intervalMs = durationMs(evaluation, file, 'global.evaluation_interval');
  return {
    rules: await readRuleFiles(patterns, file, intervalMs),
    rollups: rollupsOf(rollups, file),
    targets: jobs.flatMap((job) => targetsOf(job, global, file, folder)),
  };
}

/** Runs a file of tests of rules, in the format of `promtool`. @throws MetricsFileError, RuleFileError */
export async function testRules(file: string): Promise<RuleTestVerdict[]> {
  const tests = parseRuleTests(await textOf(file), file);
  const groups = await readRuleFiles(tests.rule_files, file, evaluationMs(tests, file));
  return runRuleTests(tests, groups, file);
}

/** Rules of files that another one names, with patterns too. */
async function readRuleFiles(patterns: readonly string[], file: string, intervalMs: number): Promise<RuleGroup[]> {
  const folder = dirname(resolve(file));
  const rules: RuleGroup[] = [];
  for (const pattern of patterns) {
    const found: string[] = [];
    for await (const name of glob(pattern, { cwd: folder })) found.push(name);
    if (found.length === 0) throw new MetricsFileError(file, `rule_files: there is no file ${pattern}`);
    for (const name of found.sort()) rules.push(...(await readRuleFile(resolve(folder, name), { intervalMs })));
  }
  checkGroupNames(rules);
  return rules;
}

/** One file of rules in Prometheus's format. @throws MetricsFileError, RuleFileError */
export async function readRuleFile(
  file: string,
  options?: { readonly intervalMs?: number | undefined },
): Promise<RuleGroup[]> {
  return parseRuleFile(await textOf(file), file, options);
}

function parseMetricsFile(text: string, file: string): MetricsFileShape {
  let value: unknown;
  try {
    value = parseYaml(text) ?? {};
  } catch (error) {
    throw new MetricsFileError(file, `it is no YAML: ${messageOf(error)}`, error);
  }
  const [issue] = checker.check(value) ? [] : checker.issues(value);
  if (issue !== undefined) throw new MetricsFileError(file, `${issue.field || 'it'} ${issue.message}`);
  return value as MetricsFileShape;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : `it can't be read: ${message}`;
    throw new MetricsFileError(file, why, error);
  }
}

/** How alerts stand is kept by the names of their groups. */
function checkGroupNames(groups: readonly RuleGroup[]): void {
  const files = new Map<string, string>();
  for (const { name, file } of groups) {
    const other = files.get(name);
    if (other !== undefined) {
      throw new MetricsFileError(file, `there is a group named ${name} in ${other} too; name one of them anew`);
    }
    files.set(name, file);
  }
}

function rollupsOf(rollups: readonly unknown[], file: string): readonly RollupRule[] {
  try {
    return rollupRules({ rollups });
  } catch (error) {
    throw new MetricsFileError(file, messageOf(error), error);
  }
}

function targetsOf(
  job: ScrapeJob,
  global: NonNullable<MetricsFileShape['global']>,
  file: string,
  folder: string,
): ScrapeTarget[] {
  const { job_name: name, metrics_path: path = '/metrics', scheme = 'http', params = {} } = job;
  const where = `scrape_configs, job ${name}`;
  const interval = job.scrape_interval ?? global.scrape_interval ?? intervalDefault;
  const intervalMs = durationMs(interval, file, `${where}: scrape_interval`);
  const timeout = job.scrape_timeout ?? global.scrape_timeout ?? timeoutDefault;
  const timeoutMs = Math.min(intervalMs, durationMs(timeout, file, `${where}: scrape_timeout`));
  const query = new URLSearchParams();
  for (const [key, values] of Object.entries(params)) for (const each of values) query.append(key, each);
  return job.static_configs.flatMap(({ targets, labels = {} }) =>
    targets.map((instance): ScrapeTarget => {
      const url = `${scheme}://${instance}${path}${query.size === 0 ? '' : `?${query}`}`;
      if (!URL.canParse(url)) throw new MetricsFileError(file, `${where}: '${instance}' is no HOST:PORT`);
      return {
        ...{ url, intervalMs, timeoutMs, honorLabels: job.honor_labels === true, samplesMax: job.sample_limit ?? 0 },
        labels: { job: name, instance, ...labels },
        authorization: authorizationOf(job, folder),
      };
    }),
  );
}

function authorizationOf(
  { basic_auth: basic, authorization: bearer }: ScrapeJob,
  folder: string,
): ScrapeTarget['authorization'] {
  const secret = async (path: string): Promise<string> => (await readFile(resolve(folder, path), 'utf8')).trim();
  if (bearer !== undefined) return async () => `${bearer.type ?? 'Bearer'} ${await secret(bearer.credentials_file)}`;
  if (basic === undefined) return undefined;
  return async () => {
    const pair = `${basic.username}:${await secret(basic.password_file)}`;
    return `Basic ${Buffer.from(pair).toString('base64')}`;
  };
}

function durationMs(text: string, file: string, where: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined || seconds <= 0) {
    throw new MetricsFileError(file, `${where}: '${text}' is no duration, such as 15s`);
  }
  return Math.max(1, Math.round(seconds * 1_000));
}
