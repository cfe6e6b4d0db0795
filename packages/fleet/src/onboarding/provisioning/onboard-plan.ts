/** The steps that carry a request out, in the order that leaves nothing usable half made. Pure. */
import type { Proposal } from '@millrace/api/fleet';
import { type Static, Type } from 'typebox';
import type { Json, Plan, PlannedStep } from '../../operations/plan-kind.ts';

const Text = Type.String();

/** What a step of a provisioning takes. */
export const OnboardStep = Type.Union([
  Type.Object({ do: Type.Literal('declare'), request: Text }),
  Type.Object({ do: Type.Literal('topic'), cluster: Text, topic: Text }),
  Type.Object({ do: Type.Literal('access'), cluster: Text, application: Text }),
  Type.Object({ do: Type.Literal('no access'), cluster: Text, topic: Text, applications: Type.Array(Text) }),
  Type.Object({ do: Type.Literal('delete'), cluster: Text, topic: Text }),
  Type.Object({ do: Type.Literal('credential'), application: Text }),
  Type.Object({ do: Type.Literal('schema'), request: Text, subject: Text }),
  Type.Object({ do: Type.Literal('finish'), request: Text }),
]);
export type OnboardStep = Static<typeof OnboardStep>;

export interface OnboardedRequest {
  readonly id: string;
  readonly title: string;
  readonly proposal: Proposal;
  /** Applications that use a topic that goes, by cluster and topic: `east/orders`. */
  readonly usersOf: (cluster: string, topic: string) => readonly string[];
}

export function onboardPlan({ id, title, proposal, usersOf }: OnboardedRequest): Plan {
  const { topics, changes, removals, applications, schemas, notes } = proposal;
  const declare = planned('declare', `declare it: ${summaryOf(proposal)}`, { do: 'declare', request: id }, []);
  const made = topics.map(({ spec }) =>
    planned(
      `topic ${spec.cluster}/${spec.name}`,
      `make the topic ${spec.name} on ${spec.cluster} with ${spec.partitions} partitions`,
      { do: 'topic', cluster: spec.cluster, topic: spec.name },
      ['declare'],
    ),
  );
  const changed = changes.map(({ cluster, topic }) =>
    planned(`topic ${cluster}/${topic}`, `change the topic ${topic} on ${cluster}`, { do: 'topic', cluster, topic }, [
      'declare',
    ]),
  );
  const access = applications.flatMap(({ name, uses }) =>
    [...new Set(uses.map(({ cluster }) => cluster))].map((cluster) =>
      planned(
        `access ${cluster} ${name}`,
        `let ${name} use what is declared on ${cluster}`,
        { do: 'access', cluster, application: name },
        ['declare'],
      ),
    ),
  );
  const credentials = applications
    .filter(({ publicKey }) => publicKey !== undefined)
    .map(({ name }) =>
      planned(
        `credential ${name}`,
        `issue a password of ${name}, sealed for its key`,
        { do: 'credential', application: name },
        access.map((step) => step.id).filter((step) => step.endsWith(` ${name}`)),
      ),
    );
  const registered = schemas.map(({ subject }) =>
    planned(`schema ${subject}`, `register the schema ${subject}`, { do: 'schema', request: id, subject }, ['declare']),
  );
  const removed = removals.flatMap(({ cluster, topic }) => removal(cluster, topic, usersOf(cluster, topic)));
  const steps = [declare, ...made, ...changed, ...access, ...credentials, ...registered, ...removed];
  const finish = planned(
    'finish',
    'say that it is done',
    { do: 'finish', request: id },
    steps.map((step) => step.id),
  );
  return { title, steps: [...steps, finish], notes };
}

/** Nobody writes to it any more before it goes. */
function removal(cluster: string, topic: string, applications: readonly string[]): PlannedStep[] {
  const denied = planned(
    `no access ${cluster}/${topic}`,
    `take back who may use ${topic} on ${cluster}`,
    { do: 'no access', cluster, topic, applications: [...applications] },
    ['declare'],
  );
  const gone = planned(
    `delete ${cluster}/${topic}`,
    `delete the topic ${topic} on ${cluster} with its records`,
    { do: 'delete', cluster, topic },
    [denied.id],
    true,
  );
  return [denied, gone];
}

function summaryOf({ topics, changes, removals, applications, mirrors }: Proposal): string {
  const counted: readonly (readonly [number, string])[] = [
    [topics.length, 'new topics'],
    [changes.length, 'changed topics'],
    [removals.length, 'topics no longer'],
    [applications.length, 'applications'],
    [mirrors.length, 'copies'],
  ];
  const parts = counted.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return parts.join(', ') || 'nothing';
}

function planned(
  id: string,
  title: string,
  input: OnboardStep,
  after: readonly string[],
  destructive = false,
): PlannedStep {
  return { id, title, destructive, input: input as Json, after };
}
