/** Heartbeats of a member of a classic group, from a timer: they go on while what it has keeps it busy. */
import { isMillraceError, type MillraceError, type Timer } from '@millrace/base';
import type { Cluster } from '../cluster.ts';
import type { GroupCoordinator } from '../group-coordinator.ts';
import { beat, type GroupTerms, type MemberIdentity } from './classic-requests.ts';

export interface HeartbeatsHost {
  /** Who is to be kept alive; undefined while nobody is, which ends the heartbeats. */
  readonly member: () => MemberIdentity | undefined;
  /** Called before each heartbeat; may end the membership. */
  readonly lookAround: () => void;
  /** A heartbeat failed, or its answer asks for something. */
  readonly failed: (error: MillraceError) => void;
}

export class Heartbeats {
  readonly #cluster: Cluster;
  readonly #terms: GroupTerms;
  readonly #coordinator: GroupCoordinator;
  readonly #purpose: string;
  readonly #host: HeartbeatsHost;
  #timer: Timer | undefined;
  #running = false;

  /** `purpose` names the connection, which joins share: the broker answers them in turn. */
  constructor(
    cluster: Cluster,
    terms: GroupTerms,
    coordinator: GroupCoordinator,
    purpose: string,
    host: HeartbeatsHost,
  ) {
    this.#cluster = cluster;
    this.#terms = terms;
    this.#coordinator = coordinator;
    this.#purpose = purpose;
    this.#host = host;
  }

  /** Sends one every `heartbeatIntervalMs` from now on. */
  start(): void {
    this.stop();
    this.#running = true;
    this.#timer = this.#cluster.settings.platform.timers.after(this.#terms.heartbeatIntervalMs, () => {
      this.#timer = undefined;
      this.#tick().then(() => {
        // It may have been stopped, or started anew, while the broker took its time to answer.
        if (this.#running && this.#timer === undefined && this.#host.member() !== undefined) this.start();
      });
    });
  }

  stop(): void {
    this.#running = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #tick(): Promise<void> {
    this.#host.lookAround();
    try {
      const member = this.#host.member();
      if (member === undefined) return;
      const connection = await this.#coordinator.connect(this.#purpose);
      if (this.#host.member() !== undefined) await beat(connection, this.#terms, member);
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      this.#coordinator.noteError(error);
      if (this.#host.member() !== undefined) this.#host.failed(error);
    }
  }
}
