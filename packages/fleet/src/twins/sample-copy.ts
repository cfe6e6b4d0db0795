/**
 * Copies a sample of records to a twin, masked: a declared operation, so that the log of changes says who had which
 * topics copied, by which rules, and why.
 *
 * Topics that are confidential, restricted, or of which nobody has said what they are, are copied with rules for their
 * values and not otherwise; what the rules do not reach is masked as well then.
 */
import { ProblemError } from '@millrace/api';
import type { DataClass } from '@millrace/api/declared';
import { type MaskRule, SampleCopy } from '@millrace/api/fleet';
import type { AdminCallOptions, Client } from '@millrace/client';
import { requireOn } from '../access/index.ts';
import type { Json, PlanKind, StepContext } from '../operations/plan-kind.ts';
import { copySample } from './copy-sample.ts';
import { hasValueRules, maskRecords, matches, ruleProblem } from './masking/mask-rules.ts';
import { type SampledTopic, type SampleRange, sampleRanges } from './sample-ranges.ts';
import { type TwinParts, twinPair } from './twin-parts.ts';

interface StepInput {
  readonly twin: string;
  readonly topic: SampledTopic;
  /** Those that are for the topic. */
  readonly rules: readonly MaskRule[];
  readonly sensitive: boolean;
}

/** What a step keeps for its next try. */
interface Kept {
  readonly ranges: readonly SampleRange[];
  readonly copied: number;
  readonly leftOut: number;
  readonly finished: boolean;
}

export function sampleCopyKind(parts: TwinParts): PlanKind<typeof SampleCopy> {
  return {
    name: 'sample_copy',
    input: SampleCopy,
    permission: 'operate',
    permit({ twin, topics }, principal) {
      const { source } = twinPair(parts, twin);
      for (const { topic } of topics) {
        const id = `${source.name}/${topic}`;
        const owned = { team: parts.record.current().get('topic', id)?.spec.owner };
        for (const permission of ['read_records', 'operate'] as const) {
          requireOn(principal, permission, owned, `topic ${id}`);
        }
      }
    },
    plan: (input, { signal }) => planCopy(parts, input, signal),
    run: (step, context) => runCopy(parts, step.input as unknown as StepInput, context),
  };
}

async function planCopy(parts: TwinParts, input: SampleCopy, signal: AbortSignal) {
  const { twin, topics, rules = [] } = input;
  const pair = twinPair(parts, twin);
  const names = topics.map(({ topic }) => topic);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new ProblemError('invalid_request', `the topic ${twice} is there twice`);
  const fleet = parts.record.current();
  const classes = new Map<string, DataClass | undefined>();
  for (const { topic, from, until } of topics) {
    const spec = fleet.get('topic', `${pair.source.name}/${topic}`)?.spec;
    checkRules(topic, spec?.dataClass, rules);
    for (const time of [from, until]) checkTime(time);
    classes.set(topic, spec?.dataClass);
  }
  const call = { signal };
  const [source, target] = await Promise.all([parts.clusters.client(pair.source.name), parts.clusters.client(twin)]);
  const counts = await samePartitions(source, target, names, { source: pair.source.name, twin }, call);
  await using admin = source.admin();
  const notes: string[] = [];
  for (const topic of topics) {
    const ranges = await sampleRanges(admin, topic, counts.get(topic.topic) ?? 0, call);
    const records = ranges.reduce((sum, { from, until }) => sum + until - from, 0);
    const dataClass = classes.get(topic.topic) ?? 'no data class, as if confidential';
    notes.push(`${topic.topic}: about ${records} records as it is now; ${dataClass}`);
  }
  return {
    title: `Copy a masked sample of ${names.length === 1 ? names[0] : `${names.length} topics`} to ${twin}`,
    steps: topics.map((topic) => {
      const own = rules.filter((rule) => matches(rule.topics, topic.topic));
      const sensitive = isSensitive(classes.get(topic.topic));
      return {
        id: `sample ${twin}/${topic.topic}`,
        title: `Copy records of ${topic.topic} to ${twin}, ${own.length === 0 ? 'as they are' : 'masked'}`,
        destructive: false,
        input: { twin, topic, rules: own, sensitive } satisfies StepInput as unknown as Json,
        to: { rules: own as unknown as Json, rest: sensitive ? 'masked' : 'kept' },
      };
    }),
    notes,
  };
}

async function runCopy(parts: TwinParts, input: StepInput, context: StepContext): Promise<Json> {
  const { twin, topic, rules, sensitive } = input;
  const { signal } = context;
  const pair = twinPair(parts, twin);
  const [source, target] = await Promise.all([parts.clusters.client(pair.source.name), parts.clusters.client(twin)]);
  const counts = await samePartitions(source, target, [topic.topic], { source: pair.source.name, twin }, { signal });
  const name = `millrace.sample.${context.operation}.${topic.topic}`;
  let kept = context.kept as unknown as Kept | undefined;
  const keep = (more: Partial<Kept>): Promise<void> => {
    kept = { ranges: [], copied: 0, leftOut: 0, finished: false, ...kept, ...more };
    return context.keep(kept as unknown as Json);
  };
  if (kept === undefined) {
    await using admin = source.admin();
    await keep({ ranges: await sampleRanges(admin, topic, counts.get(topic.topic) ?? 0, { signal }) });
  }
  const { ranges, finished, copied: before, leftOut: left } = kept as unknown as Kept;
  let [copied, leftOut] = [before, left];
  if (!finished) {
    const total = ranges.reduce((sum, { from, until }) => sum + until - from, 0);
    const about = { topic: topic.topic, isSensitive: sensitive };
    const mask = maskRecords(rules, about, await parts.maskingKey(), parts.schemas);
    const onCopied = async (records: number, unmasked: number): Promise<void> => {
      copied += records;
      leftOut += unmasked;
      await keep({ copied, leftOut });
      await context.progress(Math.min(total, copied + leftOut), total);
    };
    await copySample({ source, target, topic: topic.topic, ranges, mask, name, signal, onCopied });
    await keep({ finished: true });
  }
  await forget(target, name, { signal });
  return { copied, leftOut, partitions: ranges.length };
}

/** How far the copy was is of no use once it is done. */
async function forget(target: Client, name: string, call: AdminCallOptions): Promise<void> {
  await using admin = target.admin();
  for (const { error } of await admin.deleteGroups([name], call)) {
    if (error !== undefined && error.errorName !== 'GROUP_ID_NOT_FOUND') throw error;
  }
}

function isSensitive(dataClass: DataClass | undefined): boolean {
  return dataClass !== 'public' && dataClass !== 'internal';
}

function checkRules(topic: string, dataClass: DataClass | undefined, rules: readonly MaskRule[]): void {
  const problem = ruleProblem(rules, topic);
  if (problem !== undefined) throw new ProblemError('invalid_request', problem);
  if (!isSensitive(dataClass) || hasValueRules(rules, topic)) return;
  const what = dataClass === undefined ? `has no data class, so that it counts as confidential` : `is ${dataClass}`;
  throw new ProblemError(
    'conflict',
    `the topic ${topic} ${what}: its records are copied with rules that mask their values`,
  );
}

function checkTime(time: string | undefined): void {
  if (time === undefined || !Number.isNaN(Date.parse(time))) return;
  throw new ProblemError('invalid_request', `${time} is no time as RFC 3339 has it`);
}

/** How many partitions each has. @throws ProblemError where that is not the same on both sides */
async function samePartitions(
  source: Client,
  target: Client,
  topics: readonly string[],
  names: { readonly source: string; readonly twin: string },
  call: AdminCallOptions,
): Promise<Map<string, number>> {
  const countsOf = async (client: Client): Promise<Map<string, number>> => {
    await using admin = client.admin();
    const counts = new Map<string, number>();
    for (const result of await admin.describeTopics(topics, call)) {
      if (result.error === undefined) counts.set(result.topic, result.partitions.length);
      else if (result.error.errorName !== 'UNKNOWN_TOPIC_OR_PARTITION') throw result.error;
    }
    return counts;
  };
  const [ofSource, ofTarget] = await Promise.all([countsOf(source), countsOf(target)]);
  for (const topic of topics) {
    const [wanted, there] = [ofSource.get(topic), ofTarget.get(topic)];
    if (wanted === undefined) throw new ProblemError('not_found', `there is no topic ${topic} on ${names.source}`);
    if (wanted === there) continue;
    const has = there === undefined ? 'lacks it' : `has ${there} partitions of it`;
    const sentence = `${topic} has ${wanted} partitions on ${names.source}, and ${names.twin} ${has}`;
    throw new ProblemError('conflict', `${sentence}; bring the twin to the same shape first (\`millrace twin sync\`)`);
  }
  return ofSource;
}
