/**
 * Kafka Connect's REST interface (KIP-26 and those after it), as far as the fleet uses it. Secrets go in with a call
 * and come out nowhere: what Connect says is told without them.
 */
import { messageOf, type Platform, sleep } from '@millrace/base';
import { ConnectClusterError } from './connect-error.ts';
import { withoutSecrets } from './hidden-values.ts';

export interface ConnectAddress {
  /** Name of the Connect cluster, for messages. */
  readonly name: string;
  readonly url: string;
  /** For basic authentication. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

export interface ObservedTask {
  readonly id: number;
  readonly state: string;
  readonly worker: string;
  readonly failure?: string;
}

export interface ObservedConnector {
  readonly name: string;
  readonly type: string;
  readonly state: string;
  readonly worker: string;
  readonly failure?: string;
  /** By id. */
  readonly tasks: readonly ObservedTask[];
  /** As Connect has it, secrets and all: not to be shown. */
  readonly config: Readonly<Record<string, string>>;
}

export type ConnectorState = 'running' | 'paused' | 'stopped';

const answerMsMax = 15_000;
/** Connect answers 409 while its workers rebalance, which takes seconds. */
const rebalanceMsMax = 60_000;
const retryMs = 500;
const stateCalls: Readonly<Record<ConnectorState, string>> = { running: 'resume', paused: 'pause', stopped: 'stop' };

interface Call {
  readonly body?: unknown;
  /** Not to be told of. */
  readonly secrets?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface RawState {
  readonly state: string;
  readonly worker_id: string;
  readonly trace?: string | undefined;
}

interface RawConnector {
  readonly status: {
    readonly name: string;
    readonly type?: string;
    readonly connector: RawState;
    readonly tasks: readonly (RawState & { readonly id: number })[];
  };
  readonly info: { readonly config: Record<string, string> };
}

export class ConnectClient {
  readonly #address: ConnectAddress;
  readonly #platform: Platform;

  constructor(address: ConnectAddress, platform: Platform) {
    this.#address = address;
    this.#platform = platform;
  }

  async version(signal?: AbortSignal): Promise<string> {
    return ((await this.#ask('GET', '/', { signal })) as { readonly version: string }).version;
  }

  /** All connectors, by name. */
  async list(signal?: AbortSignal): Promise<ObservedConnector[]> {
    const answer = await this.#ask('GET', '/connectors?expand=status&expand=info', { signal });
    const all = Object.entries(answer as Record<string, Partial<RawConnector>>);
    // One that was made or deleted just now may lack a half.
    const whole = all.filter((entry): entry is [string, RawConnector] => 'status' in entry[1] && 'info' in entry[1]);
    return whole.map(([name, raw]) => observed(name, raw)).sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** Makes it, or changes its configuration, whichever it takes; it stays as it is when that is its configuration. */
  async configure(
    connector: string,
    config: Readonly<Record<string, string>>,
    secrets: readonly string[],
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#ask('PUT', `${pathOf(connector)}/config`, { body: { ...config, name: connector }, secrets, signal });
  }

  /** Makes it in a state other than running (KIP-980, Kafka 3.7), so that nothing of it runs before. */
  async create(
    connector: string,
    config: Readonly<Record<string, string>>,
    state: ConnectorState,
    secrets: readonly string[],
    signal?: AbortSignal,
  ): Promise<void> {
    const body = { name: connector, config: { ...config, name: connector }, initial_state: state.toUpperCase() };
    await this.#ask('POST', '/connectors', { body, secrets, signal });
  }

  async setState(connector: string, state: ConnectorState, signal?: AbortSignal): Promise<void> {
    await this.#ask('PUT', `${pathOf(connector)}/${stateCalls[state]}`, { signal });
  }

  /** The connector and its tasks; only those that failed unless `all`. */
  async restart(connector: string, all: boolean, signal?: AbortSignal): Promise<void> {
    await this.#ask('POST', `${pathOf(connector)}/restart?includeTasks=true&onlyFailed=${!all}`, { signal });
  }

  /** One that is not there any more is no error. */
  async delete(connector: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.#ask('DELETE', pathOf(connector), { signal });
    } catch (error) {
      if (!(error instanceof ConnectClusterError) || error.status !== 404) throw error;
    }
  }

  /** Asks, and again while the workers rebalance. */
  async #ask(method: string, path: string, call: Call): Promise<unknown> {
    const { clock, timers } = this.#platform;
    const deadline = clock.monotonic() + rebalanceMsMax;
    for (;;) {
      try {
        return await this.#askOnce(method, path, call);
      } catch (error) {
        const isRebalance = error instanceof ConnectClusterError && error.status === 409 && method !== 'POST';
        if (!isRebalance || clock.monotonic() > deadline) throw error;
        await sleep(timers, retryMs, call.signal);
      }
    }
  }

  async #askOnce(method: string, path: string, { body, secrets, signal }: Call): Promise<unknown> {
    const { name, url, user, password } = this.#address;
    const headers: Record<string, string> = { accept: 'application/json' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (user !== undefined) {
      headers['authorization'] = `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}`;
    }
    const limit = AbortSignal.timeout(answerMsMax);
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(`${url.replace(/\/$/, '')}${path}`, {
        method,
        headers,
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      text = await answer.text();
    } catch (error) {
      signal?.throwIfAborted();
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new ConnectClusterError(name, 0, withoutSecrets(messageOf(cause), secrets));
    }
    if (!answer.ok) throw new ConnectClusterError(name, answer.status, withoutSecrets(reasonOf(text), secrets));
    return parse(text);
  }
}

/** Undefined for what is no JSON. */
function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonOf(text: string): string {
  const answer = parse(text);
  const isTold = typeof answer === 'object' && answer !== null && 'message' in answer;
  return isTold ? String(answer.message) : text.slice(0, 200) || 'it does not say why';
}

function observed(name: string, { status, info }: RawConnector): ObservedConnector {
  const tasks = status.tasks.map(({ id, ...state }) => ({ id, ...stateOf(state) }));
  return {
    name,
    type: status.type ?? 'unknown',
    ...stateOf(status.connector),
    tasks: tasks.sort((one, other) => one.id - other.id),
    config: info.config,
  };
}

function stateOf({ state, worker_id: worker, trace }: RawState): Omit<ObservedTask, 'id'> {
  const failure = trace?.split('\n', 1)[0]?.trim();
  return { state: state.toLowerCase(), worker, ...(failure !== undefined && { failure: withoutSecrets(failure) }) };
}

function pathOf(connector: string): string {
  return `/connectors/${encodeURIComponent(connector)}`;
}
