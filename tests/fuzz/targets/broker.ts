/**
 * A whole broker behind its listeners: frames of any content, from whoever. Each must be answered, or end its
 * connection with an error of the project; the broker goes on, and what it has stored can be read at its next start.
 */
import {
  apiByKey,
  apiVersions,
  ByteReader,
  ByteWriter,
  decodeRequestHeader,
  decodeResponse,
  encodePlain,
  hasVersion,
  saslAuthenticate,
  saslHandshake,
} from '@millrace/wire';
import type { FuzzTarget } from '../fuzz-target.ts';
import { alice, MemoryCluster, type MemoryPeer, plainPort, requestFrame, saslPort } from '../memory-cluster.ts';
import { aliceToken } from '../valid-operations.ts';
import { prepare, validRequests } from '../valid-requests.ts';

/** How many inputs meet the same broker, and how many that broker after a restart. */
const inputsPerLife = 150;
const livesPerDisk = 2;
/** After so many inputs the clock goes on by a while, so that what waits for it happens. */
const inputsPerWhile = 25;
const whileMs = 10_000;

const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'OAUTHBEARER', 'NONE'];
const writer = new ByteWriter();

/** How an input is sent: the first byte chooses. */
const ways: readonly ((peer: MemoryPeer, body: Uint8Array) => Promise<Uint8Array>)[] = [
  /** As a request of a client that may do everything. */
  async (_, body) => body,
  /** As a request of a client that has not logged in. */
  async (_, body) => body,
  /** As a bare token, after the mechanism that the next byte chooses. */
  async (peer, body) => {
    await peer.request(saslHandshake, { mechanism: mechanismOf(body) }, 0);
    return body.subarray(1);
  },
  /** As a token in a request. */
  async (peer, body) => {
    await peer.request(saslHandshake, { mechanism: mechanismOf(body) }, 1);
    return requestFrame(writer, saslAuthenticate, { authBytes: body.subarray(1) }, 2);
  },
  /** As a request of a client that may do what it was granted. */
  async (peer, body) => {
    await peer.request(saslHandshake, { mechanism: 'PLAIN' }, 1);
    await peer.request(saslAuthenticate, { authBytes: encodePlain(alice) }, 2);
    return body;
  },
];

let current: MemoryCluster | undefined;
let inputs = 0;

/** An input is a byte for the way it is sent, then a request frame without its length, or a token. */
export const broker: FuzzTarget = {
  name: 'broker',
  inputs: 10_000,
  async seeds() {
    const cluster = await MemoryCluster.start();
    using peer = await cluster.peer();
    const frames = validRequests(await prepare(peer));
    const tokens = [
      Buffer.from([0, ...encodePlain(alice)]),
      Buffer.from('\u0001n,,n=alice,r=abcdef'),
      Buffer.from(`\u0002n,,\u0001auth=Bearer ${aliceToken()}\u0001\u0001`),
    ];
    return [
      ...frames.flatMap((frame) => [Buffer.concat([Buffer.of(0), frame]), Buffer.concat([Buffer.of(4), frame])]),
      ...frames.slice(-9).map((frame) => Buffer.concat([Buffer.of(1), frame])),
      ...tokens.flatMap((token) => [Buffer.concat([Buffer.of(2), token]), Buffer.concat([Buffer.of(3), token])]),
    ];
  },
  async run(input) {
    const cluster = await living();
    const way = (input[0] ?? 0) % ways.length;
    const known = cluster.events.length;
    const outcome = await sent(cluster, way, input.subarray(1));
    const defect = cluster.defects[0];
    if (defect !== undefined) throw new Error(defect);
    return `${way} ${outcome} ${cluster.events.length > known}`;
  },
};

async function sent(cluster: MemoryCluster, way: number, body: Uint8Array): Promise<string> {
  using peer = await cluster.peer(way === 0 ? plainPort : saslPort);
  const frame = await (ways[way] as (typeof ways)[number])(peer, body);
  if (peer.isClosed) return 'closed';
  peer.send(frame);
  const answer = await peer.next();
  if (answer === undefined) return peer.isClosed ? 'ended' : 'waits';
  return way === 2 ? 'token' : answered(frame, answer);
}

/** Reads the answer as the client would. */
function answered(frame: Uint8Array, answer: Uint8Array): string {
  const { apiKey, apiVersion } = decodeRequestHeader(new ByteReader(frame));
  const api = apiByKey(apiKey);
  if (api === undefined) throw new Error(`API ${apiKey} does not exist and was answered`);
  const version = hasVersion(api.versions, apiVersion) ? apiVersion : 0;
  const text = JSON.stringify(decodeResponse(api, version, answer), (_, value) => {
    return value instanceof Uint8Array ? value.length > 0 : value;
  });
  return `${api.name} ${apiVersion} ${[...new Set(text.match(/"errorCode":\d+/g) ?? [])].join()}`;
}

async function living(): Promise<MemoryCluster> {
  const count = inputs++;
  if (current === undefined || count % (inputsPerLife * livesPerDisk) === 0) return begin();
  if (count % inputsPerLife === 0) {
    const before = current;
    current = await before.restarted();
  } else if (count % inputsPerWhile === 0) {
    await current.platform.pass(whileMs);
    using peer = await current.peer();
    const { errorCode } = await peer.request(apiVersions, {}, 0);
    if (errorCode !== 0) throw new Error(`the broker does not serve any more: ${errorCode}`);
  }
  return current;
}

async function begin(): Promise<MemoryCluster> {
  const before = current;
  current = await MemoryCluster.start();
  using peer = await current.peer();
  await prepare(peer);
  if (before !== undefined) await before.restarted();
  return current;
}

function mechanismOf(body: Uint8Array): string {
  return mechanisms[(body[0] ?? 0) % mechanisms.length] as string;
}
