/**
 * Makes connectors what they are declared to be: made, configured, paused, resumed, stopped; deleted only where they
 * are named and not declared. Secrets are resolved to see whether anything differs and when a step is done, and stand
 * in no plan: there the references are.
 */
import { ProblemError } from '@millrace/api';
import { ConnectApply } from '@millrace/api/fleet';
import { sleep } from '@millrace/base';
import { requireOn } from '../access/index.ts';
import type { Json, PlanKind, PlannedStep } from '../operations/plan-kind.ts';
import type { ConnectorState, ObservedConnector } from './connect-client.ts';
import {
  type ConnectParts,
  connectClient,
  connectIds,
  type DeclaredConnector,
  declaredConnect,
  declaredConnectors,
  resolvedConfig,
} from './connect-clusters.ts';
import { hidden, shownConfig } from './hidden-values.ts';

interface StepInput {
  readonly does: 'configure' | 'state' | 'delete';
  readonly connect: string;
  readonly name: string;
  /** References unresolved. */
  readonly config?: Readonly<Record<string, string>>;
  readonly state?: ConnectorState;
}

/** How long a step waits to see what it did. */
const seenMsMax = 30_000;
const lookMs = 200;

export function connectApplyKind(parts: ConnectParts): PlanKind<typeof ConnectApply> {
  return {
    name: 'connect_apply',
    input: ConnectApply,
    permission: 'operate',
    permit(input, principal) {
      for (const { id, owner } of chosen(parts, input)) {
        requireOn(principal, 'operate', { team: owner }, `connector ${id}`);
      }
      for (const id of input.delete ?? []) requireOn(principal, 'operate', {}, `connector ${id}`);
    },
    plan: (input, { signal }) => planApply(parts, input, signal),
    run: (step, { signal }) => runStep(parts, step.input as unknown as StepInput, signal),
  };
}

async function runStep(parts: ConnectParts, input: StepInput, signal: AbortSignal): Promise<Json> {
  const { does, connect, name, state = 'running' } = input;
  const client = await connectClient(parts, connect);
  const isThere = async (): Promise<ObservedConnector | undefined> =>
    (await client.list(signal)).find((connector) => connector.name === name);
  switch (does) {
    case 'delete':
      await client.delete(name, signal);
      await seen(parts, async () => (await isThere()) === undefined, signal);
      break;
    case 'state':
      await client.setState(name, state, signal);
      await seen(parts, async () => stateOf(await isThere()) === state, signal);
      break;
    case 'configure': {
      const { config, secrets } = await resolvedConfig(parts, { id: `${connect}/${name}`, config: input.config ?? {} });
      const known = await isThere();
      if (known !== undefined || state === 'running') await client.configure(name, config, secrets, signal);
      else await client.create(name, config, state, secrets, signal);
      const isAsWanted = (there: ObservedConnector | undefined): boolean =>
        there !== undefined && differences(config, there.config).length === 0;
      await seen(parts, async () => isAsWanted(await isThere()), signal);
    }
  }
  return { connect, name, does };
}

/** Workers learn from a topic what was asked of one of them; in time, or it is seen later. */
async function seen({ platform }: ConnectParts, isSo: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  const deadline = platform.clock.monotonic() + seenMsMax;
  while (!(await isSo()) && platform.clock.monotonic() < deadline) await sleep(platform.timers, lookMs, signal);
}

async function planApply(parts: ConnectParts, input: ConnectApply, signal: AbortSignal) {
  const wanted = chosen(parts, input);
  const doomed = (input.delete ?? []).map((id) => doomedConnector(parts, id));
  const isWhole = input.connectors === undefined && input.delete === undefined;
  const whole = isWhole ? (input.connects ?? connectIds(parts)) : [];
  const names = new Set([...whole, ...[...wanted, ...doomed].map(({ connect }) => connect)]);
  const steps: PlannedStep[] = [];
  const notes: string[] = [];
  for (const connect of connectIds(parts).filter((name) => names.has(name))) {
    const client = await connectClient(parts, connect);
    const there = await client.list(signal);
    for (const connector of wanted.filter((each) => each.connect === connect)) {
      steps.push(
        ...(await stepsOf(
          parts,
          connector,
          there.find(({ name }) => name === connector.name),
        )),
      );
    }
    const going = doomed.filter((each) => each.connect === connect).map(({ name }) => name);
    steps.push(...there.filter(({ name }) => going.includes(name)).map((each) => deletion(connect, each)));
    const declared = new Set(
      declaredConnectors(parts)
        .filter((each) => each.connect === connect)
        .map((each) => each.name),
    );
    const strangers = there.map(({ name }) => name).filter((name) => !declared.has(name) && !going.includes(name));
    if (strangers.length > 0) notes.push(`not declared, and left as they are, on ${connect}: ${strangers.join(', ')}`);
  }
  const title = steps.length === 0 ? 'All connectors are as declared' : `Apply connectors on ${[...names].join(', ')}`;
  return { title, steps, notes };
}

/** Declared connectors that are meant. @throws ProblemError `not_found` for a name that leads to none */
function chosen(parts: ConnectParts, { connects, connectors, delete: doomed }: ConnectApply): DeclaredConnector[] {
  for (const name of connects ?? []) declaredConnect(parts, name);
  const all = declaredConnectors(parts);
  for (const id of connectors ?? []) {
    if (all.some((each) => each.id === id)) continue;
    throw new ProblemError('not_found', `there is no connector ${id} in the record; declare it first`);
  }
  // Who only names what shall go wants nothing else done.
  if (connects === undefined && connectors === undefined && doomed !== undefined) return [];
  return all.filter(({ id, connect }) => (connects?.includes(connect) ?? true) && (connectors?.includes(id) ?? true));
}

function doomedConnector(parts: ConnectParts, id: string): { readonly connect: string; readonly name: string } {
  const slash = id.indexOf('/');
  const [connect, name] = [id.slice(0, Math.max(0, slash)), id.slice(slash + 1)];
  if (slash < 1 || name === '') throw new ProblemError('invalid_request', `${id} is not CONNECT/NAME`);
  declaredConnect(parts, connect);
  if (declaredConnectors(parts).every((each) => each.id !== id)) return { connect, name };
  throw new ProblemError('conflict', `the connector ${id} is declared: take it out of the record before it is deleted`);
}

async function stepsOf(
  parts: ConnectParts,
  connector: DeclaredConnector,
  there: ObservedConnector | undefined,
): Promise<PlannedStep[]> {
  const { id, connect, name, config, state } = connector;
  const steps: PlannedStep[] = [];
  const resolved = await resolvedConfig(parts, connector);
  const differing = differences(resolved.config, there?.config ?? {});
  if (there === undefined || differing.length > 0) {
    const input: StepInput = { does: 'configure', connect, name, config, state };
    const shown = there && shownConfig(there.config, config);
    const pick = (from: Readonly<Record<string, string>>): Json =>
      Object.fromEntries(differing.map((key) => [key, shownValue(from[key])]));
    steps.push({
      id: `configure connector ${id}`,
      title:
        there === undefined ? `Make the connector ${id}` : `Configure the connector ${id}: ${differing.join(', ')}`,
      destructive: false,
      input: input as unknown as Json,
      before: shown === undefined ? null : pick(shown),
      to: there === undefined ? (config as Json) : pick(config),
    });
  }
  const current = there === undefined ? state : stateOf(there);
  if (current !== state) {
    steps.push({
      id: `${state} connector ${id}`,
      title: `${stateWords[state]} the connector ${id}`,
      destructive: false,
      input: { does: 'state', connect, name, state },
      before: { state: current ?? null },
      to: { state },
    });
  }
  return steps;
}

const stateWords: Readonly<Record<ConnectorState, string>> = { running: 'Resume', paused: 'Pause', stopped: 'Stop' };

/** What its operator wants of it: one that failed, or is being moved, is meant to run. */
function stateOf(there: ObservedConnector | undefined): ConnectorState | undefined {
  if (there === undefined) return undefined;
  return there.state === 'paused' || there.state === 'stopped' ? there.state : 'running';
}

function deletion(connect: string, there: ObservedConnector): PlannedStep {
  return {
    id: `delete connector ${connect}/${there.name}`,
    title: `Delete the connector ${connect}/${there.name}`,
    destructive: true,
    input: { does: 'delete', connect, name: there.name },
    before: Object.fromEntries(
      Object.entries(shownConfig(there.config)).map(([key, value]) => [key, shownValue(value)]),
    ),
    to: null,
  };
}

function shownValue(value: string | undefined): Json {
  return value === hidden ? { hidden: true } : (value ?? null);
}

/** Names of settings that are not the same, ascending. Connect adds the connector's name to them. */
function differences(wanted: Readonly<Record<string, string>>, there: Readonly<Record<string, string>>): string[] {
  const names = new Set([...Object.keys(wanted), ...Object.keys(there)].filter((name) => name !== 'name'));
  return [...names].filter((name) => wanted[name] !== there[name]).sort();
}
