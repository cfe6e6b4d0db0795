/**
 * One program's connection: its login, then a connection to a broker of its own, over which requests go as they came
 * and answers come back in their order.
 *
 * Bounds: a frame is at most `frameBytesMax`, before the login `loginFrameBytesMax`; no request is begun while
 * `requestsMax` are under way, while the broker's socket is full, or while the program does not take its answers, which
 * are not read then; what the last chunk brought waits, and no more is read. The login has `loginTimeoutMs`.
 *
 * It ends with either of the two connections. What the broker has not answered by then the program sees as lost, as it
 * would without a sidecar. `retire` ends it in good order: nothing new is begun, and it closes when all is answered.
 */
import { isMillraceError, type Socket, type SocketHandler, type Timer } from '@millrace/base';
import { type Connection, RelayedRequest } from '@millrace/client/protocol';
import {
  type ApiVersionsResponse,
  apiByKey,
  apiVersions,
  ByteReader,
  decodeRequestHeader,
  FrameSplitter,
  lengthPrefix,
} from '@millrace/wire';
import { AnswerOrder, type AnswerPlace } from './answer-order.ts';
import type { ClusterRoute } from './cluster-route.ts';
import type { ConnectionHost } from './connection-host.ts';
import { LocalLogin } from './local-login.ts';
import { type NamingAnswer, namedBrokers } from './named-brokers.ts';
import { keepsPromise, mayPass } from './passable-versions.ts';
import {
  groupsCommitted,
  groupsFetched,
  isAnswered,
  payloadBytes,
  type RequestKind,
  requestKind,
} from './relayed-requests.ts';
import { ProgramRefusedError } from './sidecar-errors.ts';
import { versionsAnswer } from './versions-answer.ts';

const requestsMax = 128;
const loginFrameBytesMax = 64 * 1024;
const loginTimeoutMs = 10_000;
/** How long a program that was told to go may take to do so. */
const goodbyeMs = 2_000;

/** Told once of a connection's end; `error` where it did not simply end. */
export type ConnectionEnded = (connection: LocalConnection, error: Error | undefined) => void;

export class LocalConnection implements SocketHandler {
  readonly #host: ConnectionHost;
  readonly #socket: Socket;
  /** The broker that the program means; undefined for any. */
  readonly #nodeId: number | undefined;
  readonly #ended: ConnectionEnded;
  readonly #splitter: FrameSplitter;
  readonly #login: LocalLogin;
  readonly #loginTimer: Timer;
  readonly #answers = new AnswerOrder();
  readonly #abort = new AbortController();
  readonly #closed = Promise.withResolvers<void>();
  #waiting: Uint8Array[] = [];
  #route: ClusterRoute | undefined;
  #broker: Connection | undefined;
  #versions: ApiVersionsResponse | undefined;
  /** Why nothing is begun just now. */
  readonly #holds = new Set<'login' | 'opening' | 'broker full' | 'program full' | 'retired'>();
  #isPaused = false;
  #isEnding = false;
  #error: Error | undefined;
  #goodbye: Timer | undefined;

  constructor(host: ConnectionHost, socket: Socket, nodeId: number | undefined, ended: ConnectionEnded) {
    this.#host = host;
    this.#socket = socket;
    this.#nodeId = nodeId;
    this.#ended = ended;
    const { platform, writer, check } = host;
    this.#splitter = new FrameSplitter(loginFrameBytesMax, (frame) => this.#accept(frame));
    const versions = (): Promise<ApiVersionsResponse> => host.route.versions(nodeId);
    this.#login = new LocalLogin({ writer, check, versions });
    const tooLate = new ProgramRefusedError('limit', `it did not log in within ${loginTimeoutMs} ms`);
    this.#loginTimer = platform.timers.after(loginTimeoutMs, () => this.#fail(tooLate)).unref();
    socket.handle(this);
  }

  /** The way that it went; undefined before its login. */
  get route(): ClusterRoute | undefined {
    return this.#route;
  }

  data(chunk: Uint8Array): void {
    this.#host.measures.bytesFromPrograms += chunk.length;
    if (this.#isEnding) return;
    try {
      this.#splitter.push(chunk);
    } catch (error) {
      this.#fail(error as Error);
    }
    this.#regulate();
  }

  drained(): void {
    this.#broker?.read(true);
    this.#release('program full');
  }

  closed(error: Error | undefined): void {
    this.#isEnding = true;
    this.#waiting = [];
    this.#loginTimer.cancel();
    this.#goodbye?.cancel();
    this.#abort.abort(new ProgramRefusedError('protocol', 'the program closed the connection'));
    this.#broker?.close('the program closed its connection');
    this.#closed.resolve();
    this.#ended(this, this.#error ?? error);
  }

  /**
   * Begins nothing new, and ends when all that is under way is answered, or after `graceMs`. Resolves once it ended.
   */
  retire(graceMs: number): Promise<void> {
    if (!this.#holds.has('retired')) {
      this.#holds.add('retired');
      this.#waiting = [];
      this.#regulate();
      this.#goodbye ??= this.#host.platform.timers.after(graceMs, () => this.#socket.destroy());
      this.#endIfRetired();
    }
    return this.#closed.promise;
  }

  #accept(frame: Uint8Array): void {
    if (this.#holds.size > 0 || this.#waiting.length > 0 || this.#answers.length >= requestsMax) {
      if (!this.#holds.has('retired')) this.#waiting.push(frame);
    } else this.#begin(frame);
  }

  #begin(frame: Uint8Array): void {
    if (this.#isEnding) return;
    const { writer } = this.#host;
    const kind = requestKind(frame);
    const place = this.#answers.begin();
    if (!this.#login.isOpen) return this.#logIn(place, frame);
    if (kind.apiKey === apiVersions.key) {
      const header = decodeRequestHeader(new ByteReader(frame));
      return this.#settle(place, versionsAnswer(writer, header, this.#versions as ApiVersionsResponse).chunks);
    }
    if (!mayPass(kind.apiKey, kind.apiVersion)) {
      throw new ProgramRefusedError('protocol', `request ${kind.apiKey} version ${kind.apiVersion} does not pass`);
    }
    this.#host.sawGroups(groupsCommitted(kind, frame));
    this.#relay(place, kind, frame);
  }

  #logIn(place: AnswerPlace, frame: Uint8Array): void {
    const reader = new ByteReader(frame);
    const header = decodeRequestHeader(reader);
    this.#holds.add('login');
    this.#login.answer(header, reader).then(
      ({ answer, refusal }) => {
        this.#settle(place, answer.chunks);
        if (refusal !== undefined) return this.#end(refusal);
        if (this.#login.isOpen) this.#loggedIn();
        this.#release('login');
      },
      (error: Error) => this.#fail(error),
    );
  }

  #loggedIn(): void {
    this.#loginTimer.cancel();
    this.#splitter.bytesMax = this.#host.frameBytesMax;
    if (this.#isEnding) return;
    this.#route = this.#host.route;
    this.#holds.add('opening');
    this.#route.open(this.#nodeId, this.#login.software, this.#abort.signal).then(
      ({ connection, versions }) => this.#opened(connection, versions),
      (error: Error) => this.#fail(error),
    );
  }

  #opened(connection: Connection, versions: ApiVersionsResponse): void {
    if (this.#isEnding) return connection.close();
    this.#broker = connection;
    this.#versions = versions;
    connection.onEnd((error) => this.#end(error));
    // It was told of a broker that is another one now: it asks again on its next connection.
    if (!keepsPromise(this.#login.promised, versions.apiKeys)) return this.#end(undefined);
    this.#release('opening');
  }

  #relay(place: AnswerPlace, kind: RequestKind, frame: Uint8Array): void {
    const { measures, platform } = this.#host;
    const { name = '' } = apiByKey(kind.apiKey) ?? {};
    const sentAt = platform.clock.monotonic();
    const answered = (answer: Uint8Array): void => {
      const ms = platform.clock.monotonic() - sentAt;
      this.#answer(place, kind, frame, answer, (bytes) => measures.answered(name, ms, frame.length, bytes));
    };
    const hasAnswer = isAnswered(kind, frame);
    if (!hasAnswer) this.#settle(place, []);
    const request = new RelayedRequest({ name, frame, answered: hasAnswer ? answered : undefined });
    const room = (this.#broker as Connection).relay(request);
    if (room === undefined) return;
    this.#holds.add('broker full');
    // A connection that ends instead tells so itself.
    room.then(
      () => this.#release('broker full'),
      () => undefined,
    );
  }

  #answer(
    place: AnswerPlace,
    kind: RequestKind,
    request: Uint8Array,
    frame: Uint8Array,
    measured: (bytes: number) => void,
  ): void {
    let named: NamingAnswer | undefined;
    try {
      measured(payloadBytes(kind, frame));
      named = namedBrokers(kind.apiKey, kind.apiVersion, frame);
      this.#host.sawGroups(groupsFetched(kind, request, frame));
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      return this.#fail(error);
    }
    if (named === undefined) return this.#settle(place, [lengthPrefix(frame), frame]);
    const { brokers, encode } = named;
    const route = this.#route as ClusterRoute;
    route.directory.learn(brokers, named.isComplete);
    this.#host.localAddresses(route, brokers).then(
      (local) => this.#settle(place, encode(this.#host.writer, local).chunks),
      (error: Error) => this.#fail(error),
    );
  }

  #settle(place: AnswerPlace, chunks: readonly Uint8Array[]): void {
    place.chunks = chunks;
    const due = this.#answers.takeDue();
    for (const chunk of due) this.#host.measures.bytesToPrograms += chunk.length;
    if (due.length > 0 && !this.#socket.write(due)) {
      this.#holds.add('program full');
      this.#broker?.read(false);
    }
    this.#endIfRetired();
    this.#goOn();
  }

  #release(hold: 'login' | 'opening' | 'broker full' | 'program full'): void {
    this.#holds.delete(hold);
    this.#goOn();
  }

  /** Begins what waits, as the bounds allow. */
  #goOn(): void {
    try {
      while (this.#waiting.length > 0 && this.#holds.size === 0 && this.#answers.length < requestsMax) {
        this.#begin(this.#waiting.shift() as Uint8Array);
      }
    } catch (error) {
      this.#fail(error as Error);
    }
    this.#regulate();
  }

  #regulate(): void {
    const isFull = this.#waiting.length > 0 || this.#holds.size > 0 || this.#answers.length >= requestsMax;
    // What comes at the end is passed over, but for the program's own end.
    const pause = isFull && !this.#isEnding;
    if (pause === this.#isPaused) return;
    this.#isPaused = pause;
    this.#socket[pause ? 'pause' : 'resume']();
  }

  #endIfRetired(): void {
    if (this.#holds.has('retired') && this.#answers.length === 0) this.#end(undefined);
  }

  /** Ends it once what was answered is sent. */
  #end(error: Error | undefined): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#error ??= error;
    this.#waiting = [];
    this.#socket.end();
    this.#goodbye?.cancel();
    this.#goodbye = this.#host.platform.timers.after(goodbyeMs, () => this.#socket.destroy());
    this.#regulate();
  }

  /** Ends it at once: it can't go on. */
  #fail(error: Error): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#error ??= error;
    this.#socket.destroy();
  }
}
