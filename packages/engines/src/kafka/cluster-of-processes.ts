/** A cluster whose brokers are processes of this one: their life, and what it means that they serve. */
import { readFile } from 'node:fs/promises';
import type { SecurityOptions } from '@millrace/client';
import { GuardedProcess, type ProcessCommand } from '../processes/guarded-process.ts';
import type { BrokerPlan, ListenerName } from './broker-configuration.ts';
import type { KafkaBroker, KafkaCluster } from './kafka-cluster.ts';
import { KafkaEngineError } from './kafka-engine-error.ts';
import { waitUntilServing } from './serving.ts';

const LOG_LINES_TOLD = 20;

/** A broker as planned, and how it is run. */
export interface Member {
  readonly plan: BrokerPlan;
  readonly command: ProcessCommand;
}

export interface ClusterOfProcessesOptions {
  readonly name: string;
  readonly clusterId: string;
  /** Where clients reach the brokers. */
  readonly host: string;
  readonly members: readonly Member[];
  /** Where and as whom it is asked whether it serves. */
  readonly probe: { readonly listener: ListenerName; readonly security?: SecurityOptions | undefined };
  readonly startTimeoutMs: number;
  /** Whether what it stored is wanted after its end. */
  readonly keeps: boolean;
  readonly afterClose: () => Promise<void>;
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal | undefined;
  /** Told, as a sentence, when a broker ended that nobody had stopped or killed. */
  readonly onBrokerEnd?: ((sentence: string) => void) | undefined;
}

export class ClusterOfProcesses implements KafkaCluster {
  readonly isOurs = true;
  readonly #options: ClusterOfProcessesOptions;
  readonly #processes = new Map<number, GuardedProcess>();
  /** Until then, the end of a broker is told by the failure of the start. */
  #isUp = false;
  #closed: Promise<void> | undefined;

  constructor(options: ClusterOfProcessesOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get clusterId(): string {
    return this.#options.clusterId;
  }

  get brokers(): KafkaBroker[] {
    return this.#options.members.map(({ plan: { nodeId, rack, ports }, command: { logFile } }) => {
      const process = this.#processes.get(nodeId);
      const state = process?.state ?? 'down';
      const addresses = new Map([...ports].map(([name, port]) => [name, `${this.#options.host}:${port}`] as const));
      return { nodeId, rack, logFile, state, pid: state === 'down' ? undefined : process?.pid, addresses };
    });
  }

  get listeners(): ListenerName[] {
    return [...(this.#options.members[0]?.plan.ports.keys() ?? [])];
  }

  bootstrap(listener: ListenerName = this.listeners[0] ?? 'PLAINTEXT'): string {
    const ports = this.#options.members.map(({ plan }) => plan.ports.get(listener));
    if (ports.includes(undefined)) {
      throw new RangeError(`the cluster ${this.name} has no listener ${listener}, but ${this.listeners.join(', ')}`);
    }
    return ports.map((port) => `${this.#options.host}:${port}`).join(',');
  }

  /** Starts all brokers, and waits until they serve. */
  async start(): Promise<void> {
    const { members, signal } = this.#options;
    await Promise.all(members.map((member) => this.#launch(member)));
    await this.#serves(members, signal);
    this.#isUp = true;
  }

  async stopBroker(nodeId: number): Promise<void> {
    this.#member(nodeId);
    await this.#processes.get(nodeId)?.stop();
  }

  async killBroker(nodeId: number): Promise<void> {
    this.#member(nodeId);
    await this.#processes.get(nodeId)?.kill();
  }

  async startBroker(nodeId: number): Promise<void> {
    const member = this.#member(nodeId);
    const state = this.#processes.get(nodeId)?.state ?? 'down';
    if (state !== 'down') throw new RangeError(`the broker ${nodeId} of ${this.name} is ${state}`);
    await this.#launch(member);
    await this.#serves([member]);
  }

  pauseBroker(nodeId: number): void {
    this.#member(nodeId);
    this.#processes.get(nodeId)?.pause();
  }

  resumeBroker(nodeId: number): void {
    this.#member(nodeId);
    this.#processes.get(nodeId)?.resume();
  }

  /** Ends all brokers at once, and keeps what they stored. */
  async kill(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((process) => process.kill()));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    if (this.#options.keeps) await Promise.all([...this.#processes.values()].map((process) => process.stop()));
    else await this.kill();
    await this.#options.afterClose();
  }

  #member(nodeId: number): Member {
    const member = this.#options.members.find(({ plan }) => plan.nodeId === nodeId);
    if (member === undefined) throw new RangeError(`the cluster ${this.name} has no broker ${nodeId}`);
    return member;
  }

  async #launch({ plan, command }: Member): Promise<void> {
    const onEnd = (ending: string): void => {
      if (!this.#isUp) return;
      this.#options.onBrokerEnd?.(`broker ${plan.nodeId} ended with ${ending}; ${command.logFile} tells why`);
    };
    this.#processes.set(plan.nodeId, await GuardedProcess.start(command, onEnd));
  }

  /** Waits until these brokers are of the cluster and it serves. */
  async #serves(members: readonly Member[], signal?: AbortSignal): Promise<void> {
    const { probe, startTimeoutMs, host } = this.#options;
    const answer = await waitUntilServing({
      bootstrap: members.map(({ plan }) => `${host}:${plan.ports.get(probe.listener)}`).join(','),
      security: probe.security,
      nodeIds: members.map(({ plan }) => plan.nodeId),
      timeoutMs: startTimeoutMs,
      signal,
      hopeless: () => this.#ended(members),
    });
    if ('clusterId' in answer) return;
    throw await this.#failure(answer.problem, members);
  }

  /** Which of the brokers is no more, in words. */
  #ended(members: readonly Member[]): string | undefined {
    for (const { plan } of members) {
      const ending = this.#processes.get(plan.nodeId)?.ending;
      if (ending !== undefined) return `its broker ${plan.nodeId} ended with ${ending}`;
    }
    return undefined;
  }

  async #failure(problem: string, members: readonly Member[]): Promise<KafkaEngineError> {
    const ended = members.find(({ plan }) => this.#processes.get(plan.nodeId)?.state === 'down') ?? members[0];
    const logFile = ended?.command.logFile ?? '';
    const lines = (await readFile(logFile, 'utf8'))
      .trimEnd()
      .split('\n')
      .slice(-LOG_LINES_TOLD * 5);
    const taken = lines.some((line) => line.includes('java.net.BindException'));
    const tail = lines.slice(-LOG_LINES_TOLD).join('\n');
    const message = `The Kafka cluster ${this.name} could not be started: ${problem}. ${logFile} ends with:\n${tail}`;
    return new KafkaEngineError(taken ? 'kafka_port_taken' : 'kafka_start_failed', message);
  }
}
