/**
 * A link of a given round trip to a network of its own, in which programs run: packets pass a relay (`relay.py`) that
 * holds each for half of it. Needs Linux, root and Python 3; all of it is gone when this process ends, however it does.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { FarCommand } from './far-side.ts';

type Program = ChildProcessByStdio<Writable, Readable, null>;

/** Little of the time goes into each packet. */
const mtu = 65_000;
const relayProgram = fileURLToPath(new URL('relay.py', import.meta.url));
const farProgram = fileURLToPath(new URL('far-side.ts', import.meta.url));

export interface LinkFacts {
  /** Of a connection's first packets, in ms. */
  readonly roundTripMs: number;
  /** What so many plain connections carry from the far side together, in bytes per second. */
  readonly bytesPerSecond: ReadonlyMap<number, number>;
  /** Settings of TCP, here and there. */
  readonly settings: readonly Readonly<Record<string, string>>[];
}

export class Link implements AsyncDisposable {
  readonly #relay: Program;
  readonly #far: Program;
  readonly #answers: AsyncIterator<string>;
  readonly #host: string;
  readonly #port: number;
  readonly #settings: LinkFacts['settings'];

  private constructor(relay: Program, far: Program, answers: AsyncIterator<string>, at: LinkAddress) {
    this.#relay = relay;
    this.#far = far;
    this.#answers = answers;
    this.#host = at.far;
    this.#port = at.port;
    this.#settings = at.settings;
  }

  /** Undefined, and `tell` told why, where it can't be had. */
  static async open(roundTripMs: number, tell: (message: string) => void): Promise<Link | undefined> {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) {
      tell('without the cases over a long link, which need Linux, and root for a network namespace');
      return undefined;
    }
    const relay = start('python3', [relayProgram, String(roundTripMs / 2), String(mtu)]);
    const first = await nextLine(linesOf(relay));
    if (first === undefined) {
      tell('without the cases over a long link: Python 3 could not make a TUN device and a network namespace');
      return undefined;
    }
    const { pid, far: host, settings } = JSON.parse(first) as Omit<LinkAddress, 'port'> & { pid: number };
    const words = ['--target', String(pid), '--net', process.execPath, farProgram, host];
    const far = start('nsenter', words);
    const answers = linesOf(far);
    const line = await nextLine(answers);
    if (line === undefined) throw new Error('the program at the far end of the link did not start');
    const { port } = JSON.parse(line) as { port: number };
    return new Link(relay, far, answers, { far: host, port, settings });
  }

  /** Has the far side do something; rejects when it can't. */
  async tell(command: FarCommand): Promise<Readonly<Record<string, string>>> {
    this.#far.stdin.write(`${JSON.stringify(command)}\n`);
    const line = await nextLine(this.#answers);
    if (line === undefined) throw new Error('the program at the far end of the link has ended');
    const answer = JSON.parse(line) as Record<string, string>;
    if (answer['error'] !== undefined) throw new Error(`at the far end: ${answer['error']}`);
    return answer;
  }

  /** Measures what it gives. */
  async facts(): Promise<LinkFacts> {
    const trips: number[] = [];
    for (let count = 0; count < 5; count++) trips.push(await this.#roundTrip());
    const bytesPerSecond = new Map<number, number>();
    for (const connections of [1, 8]) bytesPerSecond.set(connections, await this.#transfer(connections));
    return { roundTripMs: Math.min(...trips), bytesPerSecond, settings: this.#settings };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#far);
    await end(this.#relay);
  }

  async #roundTrip(): Promise<number> {
    const began = performance.now();
    const socket = connect(this.#port, this.#host);
    await once(socket, 'connect');
    const ms = performance.now() - began;
    socket.destroy();
    return ms;
  }

  async #transfer(connections: number): Promise<number> {
    let bytes = 0;
    const sockets = Array.from({ length: connections }, () => {
      const socket = connect(this.#port, this.#host);
      return socket.on('data', (data) => {
        bytes += data.length;
      });
    });
    await sleep(3000);
    const [before, began] = [bytes, performance.now()];
    await sleep(3000);
    const rate = ((bytes - before) * 1000) / (performance.now() - began);
    for (const socket of sockets) socket.destroy();
    return rate;
  }
}

interface LinkAddress {
  readonly far: string;
  readonly port: number;
  readonly settings: LinkFacts['settings'];
}

function start(program: string, words: readonly string[]): Program {
  return spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
}

function linesOf(program: Program): AsyncIterator<string> {
  // A program that is not there has no lines.
  program.on('error', () => program.stdout.destroy());
  return createInterface(program.stdout)[Symbol.asyncIterator]();
}

async function nextLine(lines: AsyncIterator<string>): Promise<string | undefined> {
  const { value, done } = await lines.next();
  return done === true ? undefined : value;
}

async function end(program: Program): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return;
  const ended = once(program, 'exit');
  program.stdin.end();
  await ended;
}
