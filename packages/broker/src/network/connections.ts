/**
 * Makes the connections of a cluster: lets them in by each broker's rules, and governs the memory they hold.
 */
import type { BufferPool, Platform, Socket } from '@millrace/base';
import { ByteWriter } from '@millrace/wire';
import type { BrokerEndpoint } from '../broker-endpoint.ts';
import type { ClusterConfiguration } from '../configuration/cluster-configuration.ts';
import type { AnyHandler, ConnectionHandle } from '../handler.ts';
import type { ClientQuotas } from '../quotas/client-quotas.ts';
import { Connection } from './connection.ts';
import { ConnectionAdmission } from './connection-admission.ts';
import { ConnectionMemory } from './connection-memory.ts';
import type { PeerReports } from './peer-reports.ts';

export interface ConnectionsOptions {
  readonly platform: Platform;
  readonly configuration: ClusterConfiguration;
  readonly handlers: ReadonlyMap<number, AnyHandler>;
  /** The bound on all answers that peers have not taken yet. */
  readonly answerBytesMax: number;
  readonly buffers: BufferPool;
  readonly quotas: ClientQuotas;
  readonly report: PeerReports['report'];
}

/** Connections that wait to be refused, before more are refused at once. */
const refusingMax = 1024;

/** What all connections are and hold together. */
export interface ConnectionFigures {
  readonly count: number;
  /** Bytes of requests in memory, whole or not. */
  readonly requestBytes: number;
  /** Bytes of answers in memory, with what is reserved for reads of files. */
  readonly answerBytes: number;
}

/** So much is read of a socket at once. */
const readBufferBytes = 256 * 1024;

export class Connections implements ConnectionFigures {
  /** What all connections read into. */
  readonly readBuffer = Buffer.allocUnsafeSlow(readBufferBytes);
  readonly #options: ConnectionsOptions;
  readonly #memory: ConnectionMemory;
  /** By node id. */
  readonly #admissions = new Map<number, ConnectionAdmission>();
  /** Messages are encoded one at a time. */
  readonly #writer = new ByteWriter();
  readonly #frameBytesMax: number;
  /** Before authentication. */
  readonly #openingFrameBytesMax: number;
  #refusing = 0;

  constructor(options: ConnectionsOptions) {
    const { platform, configuration, answerBytesMax } = options;
    this.#options = options;
    this.#frameBytesMax = configuration.number('socket.request.max.bytes');
    this.#openingFrameBytesMax = configuration.number('sasl.server.max.receive.size');
    const requestBytesMax = configuration.number('queued.max.request.bytes');
    this.#memory = new ConnectionMemory({
      clock: platform.clock,
      timers: platform.timers,
      requestBytesMax: requestBytesMax < 0 ? Number.POSITIVE_INFINITY : requestBytesMax,
      answerBytesMax,
    });
  }

  get count(): number {
    let count = 0;
    for (const admission of this.#admissions.values()) count += admission.count;
    return count;
  }

  get requestBytes(): number {
    return this.#memory.requestBytes;
  }

  get answerBytes(): number {
    return this.#memory.answerBytes;
  }

  /**
   * Makes a connection of a new socket, in the turn in which the network hands that over; or refuses and in the end
   * closes it, and answers undefined.
   */
  accept(
    socket: Socket,
    broker: BrokerEndpoint,
    authenticated: Pick<ConnectionHandle, 'listener' | 'authentication'>,
    onClosed: (closed: Connection) => void,
  ): Connection | undefined {
    const admission = this.#admissionTo(broker.nodeId);
    const { remoteHost } = socket;
    const { delayMs, refusal } = admission.admit(remoteHost);
    if (refusal !== undefined) return this.#refuse(socket, delayMs, refusal);
    const connection = new Connection(socket, {
      broker,
      ...authenticated,
      openingFrameBytesMax: this.#openingFrameBytesMax,
      handlers: this.#options.handlers,
      frameBytesMax: this.#frameBytesMax,
      platform: this.#options.platform,
      memory: this.#memory,
      buffers: this.#options.buffers,
      quotas: this.#options.quotas,
      writer: this.#writer,
      report: this.#options.report,
      onClosed: (closed) => {
        admission.left(remoteHost);
        onClosed(closed);
      },
    });
    if (delayMs > 0) connection.throttle(delayMs);
    return connection;
  }

  #admissionTo(nodeId: number): ConnectionAdmission {
    const { configuration, quotas, platform } = this.#options;
    let admission = this.#admissions.get(nodeId);
    if (admission === undefined) {
      const addressRate = (host: string): number | undefined => quotas.table.addressQuota(host);
      admission = new ConnectionAdmission({ clock: platform.clock, configuration, addressRate });
      this.#admissions.set(nodeId, admission);
    }
    return admission;
  }

  #refuse(socket: Socket, delayMs: number, reason: string): undefined {
    const message = `refused a connection of ${socket.remoteHost}:${socket.remotePort}: ${reason}`;
    this.#options.report({ level: 'warn', message });
    if (delayMs === 0 || this.#refusing >= refusingMax) return void socket.destroy();
    this.#refusing += 1;
    const timer = this.#options.platform.timers.after(delayMs, () => socket.destroy()).unref();
    const closed = (): void => {
      this.#refusing -= 1;
      timer.cancel();
    };
    socket.handle({ data: () => undefined, drained: () => undefined, closed });
    socket.pause();
  }
}
