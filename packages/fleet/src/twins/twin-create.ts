/**
 * Makes a twin: an embedded cluster of the shape of another, declared as its twin. Each step does what is missing, so
 * that one which was cut off is finished by the next try. Its users have no credentials: those are issued on it.
 */
import { ProblemError } from '@millrace/api';
import type { Spec } from '@millrace/api/declared';
import { TwinCreate } from '@millrace/api/fleet';
import { requireOn } from '../access/index.ts';
import type { Json, PlanKind, StepContext } from '../operations/plan-kind.ts';
import { alignQuotas, grant, makeTopics } from './bring-to-shape.ts';
import type { ClusterFactory, TwinCluster, TwinPlan } from './cluster-factory.ts';
import { type ClusterShape, readShape } from './cluster-shape.ts';
import { quotaText } from './shape-differences.ts';
import type { TwinParts } from './twin-parts.ts';

interface StepInput extends TwinCreate {
  readonly does: 'start' | 'topics' | 'access';
  /** Of `start`. */
  readonly plan?: TwinPlan;
}

/** @throws ProblemError where no twin can be made */
export function factoryOf({ factory }: TwinParts): ClusterFactory {
  if (factory !== undefined) return factory;
  throw new ProblemError('conflict', 'this process makes no embedded clusters; ask one that `millrace up` has started');
}

export function twinCreateKind(parts: TwinParts): PlanKind<typeof TwinCreate> {
  return {
    name: 'twin_create',
    input: TwinCreate,
    permission: 'administer',
    async plan(input, { principal, signal }) {
      const { name, source, brokers: count } = input;
      requireOn(principal, 'administer', {}, 'the clusters of the fleet');
      factoryOf(parts);
      checkNew(parts, input);
      const shape = await readShape(await parts.clusters.client(source), { signal });
      const plan: TwinPlan = { name, brokers: brokersOf(shape, count), secured: (shape.acls?.length ?? 0) > 0 };
      const partitions = [...shape.topics.values()].reduce((sum, { replicas }) => sum + replicas.length, 0);
      const step = (does: StepInput['does'], title: string, to: Json, more: object = {}) => ({
        id: `${does} ${name}`,
        title,
        destructive: false,
        input: { ...input, does, ...more } as unknown as Json,
        to,
      });
      return {
        title: `Make ${name}, a twin of ${source}`,
        steps: [
          step(
            'start',
            `Start ${name} with ${brokersText(plan.brokers.length)}, declared as the twin of ${source}`,
            { twinOf: source, secured: plan.secured },
            { plan },
          ),
          step('topics', 'Make its topics', { topics: shape.topics.size, partitions }),
          step('access', 'Set access and quotas', { acls: shape.acls?.length ?? 0, quotas: shape.quotas.length }),
        ],
        notes: notesOf(shape, plan),
      };
    },
    run: async (step, context) => {
      const input = step.input as unknown as StepInput;
      switch (input.does) {
        // Both in one process: what one has started, another would not find.
        case 'start':
          return await declare(parts, input, await factoryOf(parts).start(input.plan as TwinPlan), context);
        case 'topics':
        case 'access':
          return await fill(parts, input, context);
      }
    },
  };
}

function checkNew({ record }: TwinParts, { name, source }: TwinCreate): void {
  const fleet = record.current();
  const there = fleet.get('cluster', name)?.spec;
  if (there !== undefined) {
    const what =
      there.twinOf === source
        ? `a twin of ${source} already; \`twin sync\` brings it up to date`
        : 'declared already; choose another name';
    throw new ProblemError('conflict', `the cluster ${name} is ${what}`);
  }
  if (fleet.get('cluster', source) === undefined) {
    throw new ProblemError('not_found', `there is no cluster ${source} in the record`);
  }
}

/** The same brokers; of fewer the first, and of more some that have the racks in turn. */
function brokersOf({ brokers }: ClusterShape, count: number | undefined): TwinPlan['brokers'] {
  const highest = Math.max(0, ...brokers.map(({ nodeId }) => nodeId));
  return Array.from({ length: count ?? brokers.length }, (_, index) => {
    const rack = brokers[index % Math.max(1, brokers.length)]?.rack ?? undefined;
    const nodeId = brokers[index]?.nodeId ?? highest + 1 + index - brokers.length;
    return { nodeId, ...(rack !== undefined && { rack }) };
  });
}

function brokersText(count: number): string {
  return count === 1 ? '1 broker' : `${count} brokers`;
}

function notesOf(shape: ClusterShape, { brokers, secured }: TwinPlan): string[] {
  const users = shape.users?.length ?? 0;
  return [
    ...(users > 0
      ? [`users of the source, ${users}, have no credentials on the twin until some are issued there`]
      : []),
    ...(brokers.length < shape.brokers.length
      ? [`${brokersText(brokers.length)} instead of ${shape.brokers.length}: topics have at most as many replicas`]
      : []),
    ...(secured ? [] : ['the source has no rules of access, so that everybody on this machine may use the twin']),
  ];
}

async function declare(
  parts: TwinParts,
  { name, source, environment }: TwinCreate,
  { bootstrap, client }: TwinCluster,
  { reason, write }: StepContext,
): Promise<Json> {
  const fleet = await parts.record.read();
  const { site, zone } = fleet.get('cluster', source)?.spec ?? {};
  const qa = environment ?? (fleet.get('environment', 'qa') === undefined ? undefined : 'qa');
  const spec: Spec<'cluster'> = {
    name,
    description: `Twin of ${source}, embedded`,
    bootstrap,
    ...(Object.keys(client).length > 0 && { client }),
    twinOf: source,
    ...(qa !== undefined && { environment: qa }),
    ...(site !== undefined && { site }),
    ...(zone !== undefined && { zone }),
  };
  await write((transaction) => parts.record.change([{ kind: 'cluster', id: name, spec }], reason, transaction));
  await parts.record.read();
  return { cluster: name, bootstrap };
}

async function fill(parts: TwinParts, { name, source, does }: StepInput, context: StepContext): Promise<Json> {
  const call = { signal: context.signal };
  const client = await parts.clusters.client(name);
  const from = await parts.clusters.client(source);
  const shape = await readShape(from, call, does === 'topics' ? undefined : []);
  const there = await readShape(client, call, []);
  await using admin = client.admin();
  if (does === 'topics') {
    const topics = [...shape.topics.values()];
    return { made: await makeTopics(admin, topics, there, call, (done, total) => context.progress(done, total)) };
  }
  const granted = there.acls === undefined ? 0 : await grant(admin, shape.acls ?? [], call);
  const entities = new Set(shape.quotas.map(({ entity }) => quotaText(entity)));
  return { granted, quotas: await alignQuotas(admin, entities, shape, there, call) };
}
