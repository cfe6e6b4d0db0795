/** Ends a twin that was made here: its cluster with all that it stored, and its declaration. */
import { ProblemError } from '@millrace/api';
import { TwinDelete } from '@millrace/api/fleet';
import { isMillraceError } from '@millrace/base';
import { requireOn } from '../access/index.ts';
import type { PlanKind, StepContext } from '../operations/plan-kind.ts';
import { factoryOf } from './twin-create.ts';
import type { TwinParts } from './twin-parts.ts';

interface StepInput extends TwinDelete {
  readonly does: 'undeclare' | 'remove';
}

const answerMsMax = 5_000;

export function twinDeleteKind(parts: TwinParts): PlanKind<typeof TwinDelete> {
  return {
    name: 'twin_delete',
    input: TwinDelete,
    permission: 'administer',
    async plan({ name }, { principal }) {
      requireOn(principal, 'administer', {}, 'the clusters of the fleet');
      const running = factoryOf(parts)
        .running()
        .find((twin) => twin.name === name);
      const declared = parts.record.current().get('cluster', name)?.spec;
      if (running === undefined) {
        const why = declared === undefined ? 'there is no such cluster' : 'it was not made as an embedded twin';
        throw new ProblemError('not_found', `${name} can't be deleted: ${why}`);
      }
      return {
        title: `Delete the twin ${name}`,
        steps: [
          {
            id: `remove ${name}`,
            title: `End ${name} and remove all that it stored`,
            destructive: true,
            input: { name, does: 'remove' },
            before: { bootstrap: running.bootstrap, brokers: running.brokers },
            to: null,
          },
          {
            id: `undeclare ${name}`,
            title: `Take ${name} out of the record, with what is declared on it`,
            destructive: true,
            input: { name, does: 'undeclare' },
          },
        ],
      };
    },
    async run(step, context) {
      const { name, does } = step.input as unknown as StepInput;
      if (does === 'undeclare') await undeclare(parts, name, context);
      else await remove(parts, name, context);
      return undefined;
    },
  };
}

/** @throws ProblemError where it runs in another process, which this one can't end */
async function remove(parts: TwinParts, name: string, { signal }: StepContext): Promise<void> {
  const factory = factoryOf(parts);
  const isHere = factory.running().some((twin) => twin.name === name);
  if (!isHere && (await answers(parts, name, signal))) {
    throw new ProblemError('conflict', `the twin ${name} runs in another process of the control plane; ask that one`);
  }
  await factory.remove(name);
}

async function answers({ record, clusters }: TwinParts, name: string, signal: AbortSignal): Promise<boolean> {
  if (record.current().get('cluster', name) === undefined) return false;
  try {
    await using admin = (await clusters.client(name)).admin();
    await admin.describeCluster({ signal, timeoutMs: answerMsMax });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (isMillraceError(error)) return false;
    throw error;
  }
}

/** With everything that names the cluster and would not be sound without it. */
async function undeclare({ record }: TwinParts, name: string, { reason, write }: StepContext): Promise<void> {
  const fleet = await record.read();
  if (fleet.get('cluster', name) === undefined) return;
  const on = (kind: 'topic' | 'acl' | 'quota') =>
    fleet
      .list(kind)
      .filter(({ spec }) => spec.cluster === name)
      .map(({ id }) => ({ kind, id, spec: null }));
  const changes = [...on('topic'), ...on('acl'), ...on('quota'), { kind: 'cluster' as const, id: name, spec: null }];
  await write((transaction) => record.change(changes, reason, transaction));
  await record.read();
}
