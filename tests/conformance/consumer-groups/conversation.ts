/**
 * One connection on which requests are asked one after the other, and what was answered, in a form that two brokers can
 * be compared by: ids that a broker makes up are named in the order in which they came up, and of partitions it counts
 * how many there are of each topic, since which ones they are is the assignor's business.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Api,
  ByteWriter,
  decodeResponse,
  encodeRequest,
  errorRow,
  FrameSplitter,
  type RequestDraft,
  type ResponseOf,
} from '@millrace/wire';

export interface Exchange {
  readonly step: string;
  readonly answer: unknown;
}

/** Fields that say nothing of the rules, and of lists whose order is nobody's business. */
const ignoredFields = new Set(['throttleTimeMs', 'clientHost', 'authorizedOperations', 'documentation', 'synonyms']);
const unorderedFields = new Set(['groups', 'members', 'topics']);

export class Conversation implements Disposable {
  readonly exchanges: Exchange[] = [];
  readonly #socket: Socket;
  readonly #waiting: { readonly resolve: (frame: Uint8Array) => void; readonly reject: (error: Error) => void }[] = [];
  readonly #names = new Map<string, string>();
  #correlationId = 0;
  #memberCount = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const frames = new FrameSplitter(2 ** 26, (frame) => this.#waiting.shift()?.resolve(new Uint8Array(frame)));
    socket.on('data', (chunk) => frames.push(chunk));
    socket.on('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('the broker closed the connection'));
    });
  }

  static connect(port: number): Promise<Conversation> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port }, () => resolve(new Conversation(socket)));
      socket.once('error', reject);
    });
  }

  /** Has an id appear under a name from now on. */
  name(id: string, name: string): void {
    this.#names.set(id, name);
  }

  /** Asks, and notes the answer under the step's name. */
  async ask<A extends Api>(step: string, api: A, version: number, draft: RequestDraft<A>): Promise<ResponseOf<A>> {
    const answer = await this.request(api, version, draft);
    this.note(step, answer);
    return answer;
  }

  /** Asks again and again until the answer is as wanted, and notes that one. */
  async askUntil<A extends Api>(
    step: string,
    api: A,
    version: number,
    draft: () => RequestDraft<A>,
    isWanted: (answer: ResponseOf<A>) => boolean,
  ): Promise<ResponseOf<A>> {
    const answer = await this.requestUntil(api, version, draft, isWanted);
    this.note(step, answer);
    return answer;
  }

  async requestUntil<A extends Api>(
    api: A,
    version: number,
    draft: () => RequestDraft<A>,
    isWanted: (answer: ResponseOf<A>) => boolean,
  ): Promise<ResponseOf<A>> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.request(api, version, draft());
      if (isWanted(answer)) return answer;
      if (attempt === 300) throw new Error(`${api.name} is not answered as wanted: ${JSON.stringify(answer)}`);
      await delay(100);
    }
  }

  request<A extends Api>(api: A, version: number, draft: RequestDraft<A>): Promise<ResponseOf<A>> {
    this.#correlationId += 1;
    const frame = new Promise<Uint8Array>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    for (const chunk of encodeRequest(new ByteWriter(), api, version, this.#correlationId, 'peer', draft).chunks) {
      this.#socket.write(new Uint8Array(chunk));
    }
    return frame.then((bytes) => decodeResponse(api, version, bytes));
  }

  note(step: string, answer: unknown): void {
    this.exchanges.push({ step, answer: this.#comparable(answer, '') });
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #comparable(value: unknown, field: string): unknown {
    if (field === 'errorCode') return errorRow(value as number).name;
    if (typeof value === 'string') return this.#named(value, field);
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    if (Array.isArray(value)) {
      if (field === 'partitions' && value.every((each) => typeof each === 'number'))
        return `${value.length} partitions`;
      const items = value.map((each) => this.#comparable(each, ''));
      if (!unorderedFields.has(field)) return items;
      return items.sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
    }
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(([name]) => !ignoredFields.has(name));
    return Object.fromEntries(entries.map(([name, each]) => [name, this.#comparable(each, name)]));
  }

  #named(text: string, field: string): string {
    if (field === 'memberId' && text.length > 20 && !this.#names.has(text)) {
      this.#memberCount += 1;
      this.#names.set(text, `made-up-${this.#memberCount}`);
    }
    let named = text;
    for (const [id, name] of this.#names) named = named.replaceAll(id, name);
    return named;
  }
}
