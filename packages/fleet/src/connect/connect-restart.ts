/** Restarts what has failed of a connector (KIP-745), as a plan of one step. */
import { ProblemError } from '@millrace/api';
import { ConnectRestart } from '@millrace/api/fleet';
import { requireOn } from '../access/index.ts';
import type { Json, PlanKind } from '../operations/plan-kind.ts';
import type { ObservedConnector } from './connect-client.ts';
import { type ConnectParts, connectClient, declaredConnectors } from './connect-clusters.ts';

export function connectRestartKind(parts: ConnectParts): PlanKind<typeof ConnectRestart> {
  return {
    name: 'connect_restart',
    input: ConnectRestart,
    permission: 'operate',
    permit({ connect, connector }, principal) {
      const id = `${connect}/${connector}`;
      const team = declaredConnectors(parts).find((each) => each.id === id)?.owner;
      requireOn(principal, 'operate', { team }, `connector ${id}`);
    },
    async plan(input, { signal }) {
      const { connect, connector, all = false } = input;
      const id = `${connect}/${connector}`;
      const client = await connectClient(parts, connect);
      const there = (await client.list(signal)).find(({ name }) => name === connector);
      if (there === undefined) throw new ProblemError('not_found', `there is no connector ${connector} on ${connect}`);
      const parted = partsToRestart(there, all);
      if (parted.length === 0) return { title: `Nothing of ${id} has failed`, steps: [] };
      return {
        title: `Restart ${id}`,
        steps: [
          {
            id: `restart connector ${id}`,
            title: `Restart of ${id}: ${parted.join(', ')}`,
            destructive: false,
            input: input as unknown as Json,
            before: { state: there.state, tasks: there.tasks.map(({ id: task, state }) => ({ id: task, state })) },
          },
        ],
      };
    },
    async run(step, { signal }) {
      const { connect, connector, all = false } = step.input as unknown as ConnectRestart;
      const client = await connectClient(parts, connect);
      await client.restart(connector, all, signal);
      return undefined;
    },
  };
}

function partsToRestart({ state, tasks }: ObservedConnector, all: boolean): string[] {
  const isMeant = (one: { readonly state: string }): boolean => all || one.state === 'failed';
  return [...(isMeant({ state }) ? ['the connector'] : []), ...tasks.filter(isMeant).map(({ id }) => `task ${id}`)];
}
