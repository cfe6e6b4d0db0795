/**
 * Makes a twin the same as the cluster that it is a twin of. What only the twin has goes where it is named, and stays
 * else. The source is never touched.
 */
import { ProblemError } from '@millrace/api';
import { type TwinDifference, TwinSync } from '@millrace/api/fleet';
import { type AdminCallOptions, unwrap } from '@millrace/client';
import { requireOn } from '../access/index.ts';
import type { Json, PlanKind, PlannedStep, StepContext } from '../operations/plan-kind.ts';
import { addPartitions, alignConfigs, alignQuotas, grant, makeTopics } from './bring-to-shape.ts';
import { type ClusterShape, readShape } from './cluster-shape.ts';
import { aclText, quotaText, shapeDifferences } from './shape-differences.ts';
import { type TwinParts, twinPair } from './twin-parts.ts';

/** What a step does, to things of these names. */
interface StepInput {
  readonly twin: string;
  readonly does: 'topic' | 'partitions' | 'config' | 'acl' | 'quota' | 'remove topic' | 'remove acl' | 'remove quota';
  readonly names: readonly string[];
}

/** Things of a step at most, so that plans can be read. */
const stepMax = 500;

const mended = [
  ['topic', 'Make'],
  ['partitions', 'Add partitions to'],
  ['config', 'Configure'],
  ['acl', 'Grant'],
  ['quota', 'Set the quotas of'],
] as const;

/** What both have now. @throws ProblemError */
export async function shapesOf(
  parts: TwinParts,
  twin: string,
  call: AdminCallOptions,
): Promise<{ readonly source: ClusterShape; readonly twin: ClusterShape }> {
  const pair = twinPair(parts, twin);
  const [source, own] = await Promise.all([parts.clusters.client(pair.source.name), parts.clusters.client(twin)]);
  const [ofSource, ofTwin] = await Promise.all([readShape(source, call), readShape(own, call)]);
  return { source: ofSource, twin: ofTwin };
}

export function twinSyncKind(parts: TwinParts): PlanKind<typeof TwinSync> {
  return {
    name: 'twin_sync',
    input: TwinSync,
    permission: 'operate',
    permit: ({ twin }, principal) => requireOn(principal, 'operate', {}, `cluster ${twin}`),
    async plan({ twin, remove = [] }, { signal }) {
      const { source } = twinPair(parts, twin);
      const shapes = await shapesOf(parts, twin, { signal });
      const differences = shapeDifferences(shapes.source, shapes.twin);
      checkNamed(differences, remove, twin);
      const steps = [
        ...mended.flatMap(([does, verb]) => mending(twin, does, verb, differences)),
        ...removals(twin, differences, remove),
      ];
      const left = differences.filter(({ fix, id }) => fix === 'none' || (fix === 'remove' && !remove.includes(id)));
      return {
        title: steps.length === 0 ? `Nothing of ${twin} is to be changed` : `Make ${twin} the same as ${source.name}`,
        steps,
        notes: left
          .slice(0, 100)
          .map(({ text, fix, id }) => `${text}${fix === 'remove' ? `; stays unless named: ${id}` : ''}`),
      };
    },
    run: (step, context) => runStep(parts, step.input as unknown as StepInput, context),
  };
}

function checkNamed(differences: readonly TwinDifference[], remove: readonly string[], twin: string): void {
  const removable = new Set(differences.filter(({ fix }) => fix === 'remove').map(({ id }) => id));
  const stranger = remove.find((id) => !removable.has(id));
  if (stranger === undefined) return;
  throw new ProblemError(
    'not_found',
    `${twin} has no ${stranger} that its source has not; look at the differences again`,
  );
}

function mending(
  twin: string,
  does: StepInput['does'],
  verb: string,
  differences: readonly TwinDifference[],
): PlannedStep[] {
  const own = differences.filter(({ kind, fix }) => kind === does && fix === 'sync');
  const names = [...new Set(own.map(({ id }) => nameOf(does, id)))];
  const chunks = Array.from({ length: Math.ceil(names.length / stepMax) }, (_, index) =>
    names.slice(index * stepMax, (index + 1) * stepMax),
  );
  return chunks.map((chunk, index) => {
    const part = own.filter(({ id }) => chunk.includes(nameOf(does, id)));
    return {
      id: `${does} ${twin} ${index + 1}`,
      title: `${verb} ${chunk.length === 1 ? chunk[0] : `${chunk.length}: ${chunk[0]} to ${chunk.at(-1)}`}`,
      destructive: does === 'config' && part.some(losesRecords),
      input: { twin, does, names: chunk } satisfies StepInput as unknown as Json,
      before: Object.fromEntries(part.map(({ id, twin: has }) => [id, has])),
      to: Object.fromEntries(part.map(({ id, source }) => [id, source])),
    };
  });
}

/** Shorter retention deletes what the twin has. */
function losesRecords({ id, source, twin }: TwinDifference): boolean {
  if (!/ (?:retention\.(?:ms|bytes)|cleanup\.policy)$/.test(id)) return false;
  const [wanted, has] = [Number(source ?? Number.NaN), Number(twin ?? Number.NaN)];
  if (Number.isNaN(wanted) || Number.isNaN(has)) return true;
  return wanted >= 0 && (has < 0 || wanted < has);
}

function removals(twin: string, differences: readonly TwinDifference[], remove: readonly string[]): PlannedStep[] {
  const named = differences.filter(({ id }) => remove.includes(id));
  return named.map(({ id, kind, twin: has }) => ({
    id: `remove ${twin} ${id}`,
    title: `Remove ${id}`,
    destructive: true,
    input: { twin, does: `remove ${kind}`, names: [id.slice(kind.length + 1)] },
    before: has,
    to: null,
  }));
}

/** Of a configuration the topic: its step sets all that differ. */
function nameOf(does: StepInput['does'], id: string): string {
  const name = id.slice(does.length + 1);
  return does === 'config' ? name.slice(0, name.indexOf(' ')) : name;
}

async function runStep(parts: TwinParts, { twin, does, names }: StepInput, context: StepContext): Promise<Json> {
  const call = { signal: context.signal };
  const pair = twinPair(parts, twin);
  const client = await parts.clusters.client(twin);
  await using admin = client.admin();
  if (does === 'remove topic') {
    const results = await admin.deleteTopics(names, call);
    unwrap(results.filter(({ error }) => error?.errorName !== 'UNKNOWN_TOPIC_OR_PARTITION'));
    return { removed: names.length };
  }
  const isOfTopics = does === 'topic' || does === 'partitions' || does === 'config';
  const only = isOfTopics ? names : [];
  const source = await readShape(await parts.clusters.client(pair.source.name), call, only);
  const there = await readShape(client, call, only);
  const topics = [...source.topics.values()];
  const wanted = new Set(names);
  switch (does) {
    case 'topic':
      return { made: await makeTopics(admin, topics, there, call, (done, total) => context.progress(done, total)) };
    case 'partitions':
      return { extended: await addPartitions(admin, topics, there, call) };
    case 'config':
      return { configured: await alignConfigs(admin, topics, there, call) };
    case 'acl':
      return {
        granted: await grant(
          admin,
          (source.acls ?? []).filter((acl) => wanted.has(aclText(acl))),
          call,
        ),
      };
    case 'quota':
      return { set: await alignQuotas(admin, wanted, source, there, call) };
    case 'remove acl': {
      const gone = (there.acls ?? []).filter((acl) => wanted.has(aclText(acl)));
      unwrap(await admin.deleteAcls(gone, call));
      return { removed: gone.length };
    }
    case 'remove quota': {
      const gone = there.quotas.filter(({ entity }) => wanted.has(quotaText(entity)));
      const changes = gone.map(({ entity, quotas }) => ({ entity, remove: Object.keys(quotas) }));
      if (changes.length > 0) unwrap(await admin.alterClientQuotas(changes, call));
      return { removed: gone.length };
    }
  }
}
