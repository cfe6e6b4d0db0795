/** For tests: logins over a peer's connection, message by message. */
import assert from 'node:assert/strict';
import { systemRandomness } from '@millrace/base';
import {
  encodeOauthBearer,
  encodePlain,
  errorCodes,
  isScramMechanism,
  type ResponseOf,
  ScramClient,
  saslAuthenticate,
  saslHandshake,
} from '@millrace/wire';
import type { WirePeer } from './wire-peer.ts';

export interface Login {
  readonly mechanism: string;
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
}

type Answer = ResponseOf<typeof saslAuthenticate>;

/** Logs in and answers what the broker says last, which may be that it failed. */
export async function login(
  peer: WirePeer,
  { mechanism, username = '', password = '', token = '' }: Login,
): Promise<Answer> {
  const handshake = await peer.request(saslHandshake, { mechanism });
  assert.equal(handshake.errorCode, errorCodes.NONE);
  if (mechanism === 'PLAIN') return authenticate(peer, encodePlain({ username, password }));
  if (mechanism === 'OAUTHBEARER') {
    const answer = await authenticate(peer, encodeOauthBearer({ token }));
    return answer.authBytes.length === 0 ? answer : authenticate(peer, Uint8Array.of(1));
  }
  assert.ok(isScramMechanism(mechanism));
  const client = new ScramClient({ mechanism, username, password, randomness: systemRandomness });
  const first = await authenticate(peer, client.start());
  if (first.errorCode !== errorCodes.NONE) return first;
  const proof = await client.next(first.authBytes);
  assert.ok(proof);
  const last = await authenticate(peer, proof);
  if (last.errorCode === errorCodes.NONE) assert.equal(await client.next(last.authBytes), undefined);
  return last;
}

/** Sends one token. */
export function authenticate(peer: WirePeer, authBytes: Uint8Array): Promise<Answer> {
  return peer.request(saslAuthenticate, { authBytes });
}
