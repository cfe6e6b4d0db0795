/** The programs' connections of one sidecar: accepted within a bound, and ended in good order. */
import { isMillraceError, messageOf, type Socket } from '@millrace/base';
import type { Report } from '../report.ts';
import { refuse } from './broker-ports.ts';
import type { ClusterRoute } from './cluster-route.ts';
import type { ConnectionHost } from './connection-host.ts';
import { LocalConnection } from './local-connection.ts';
import { ProgramRefusedError } from './sidecar-errors.ts';

export class LocalConnections {
  readonly #host: ConnectionHost;
  readonly #countMax: number;
  readonly #report: Report;
  readonly #connections = new Set<LocalConnection>();
  /** What was told last, so that a program that tries again and again is told of once. */
  #told = '';
  #areShut = false;

  constructor(host: ConnectionHost, countMax: number, report: Report) {
    this.#host = host;
    this.#countMax = countMax;
    this.#report = report;
  }

  get count(): number {
    return this.#connections.size;
  }

  /** Those that were opened otherwise than this way does it now; what else it says makes no difference to them. */
  elsewhere({ target }: ClusterRoute): readonly LocalConnection[] {
    return [...this.#connections].filter(
      ({ route }) => route !== undefined && route.target.connections !== target.connections,
    );
  }

  /** Credentials that connections were opened with, each once. */
  get credentials(): readonly string[] {
    return [...new Set([...this.#connections].flatMap(({ route }) => route?.target.credential ?? []))];
  }

  /** Takes a socket of a program that means this broker, or any. */
  accept(socket: Socket, nodeId: number | undefined): void {
    const { measures } = this.#host;
    if (this.#areShut) return refuse(socket);
    if (this.#connections.size >= this.#countMax) {
      measures.refused.limit++;
      this.#tell(`a program is refused: there are ${this.#countMax} connections, as many as may be`);
      return refuse(socket);
    }
    measures.accepted++;
    const ended = (connection: LocalConnection, error: Error | undefined): void => this.#ended(connection, error);
    this.#connections.add(new LocalConnection(this.#host, socket, nodeId, ended));
  }

  /** Ends these in good order; resolves once they are gone. */
  async retire(connections: Iterable<LocalConnection>, graceMs: number): Promise<void> {
    await Promise.all([...connections].map((each) => each.retire(graceMs)));
  }

  /** All of them, also those that have not logged in. */
  retireAll(graceMs: number): Promise<void> {
    return this.retire(this.#connections, graceMs);
  }

  get areShut(): boolean {
    return this.#areShut;
  }

  /** Accepts none until `open`. */
  shut(): void {
    this.#areShut = true;
  }

  open(): void {
    this.#areShut = false;
  }

  #ended(connection: LocalConnection, error: Error | undefined): void {
    this.#connections.delete(connection);
    if (error === undefined) return;
    const { measures } = this.#host;
    if (error instanceof ProgramRefusedError) measures.refused[error.reason]++;
    else if (isMillraceError(error, 'frame_size') || isMillraceError(error, 'malformed_message')) {
      measures.refused.protocol++;
    } else if (isMillraceError(error) && connection.route !== undefined) measures.brokerFailures++;
    // The program's own end of the socket is no news.
    else if (!isMillraceError(error)) return;
    this.#tell(`a program's connection was ended: ${messageOf(error)}`, error);
  }

  #tell(message: string, error?: Error): void {
    if (message === this.#told) return;
    this.#told = message;
    this.#report({ level: 'warn', event: 'program_ended', message, error });
  }
}
