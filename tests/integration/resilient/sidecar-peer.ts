/** A program that speaks the protocol to a sidecar by hand. */
import { encodePlain, saslAuthenticate, saslHandshake } from '@millrace/wire';
import { Peer } from '../../support/hostile-clients.ts';
import { application } from './sidecar-fixture.ts';

/** One that has logged in. Rejects when it can't. */
export async function loggedIn(port: number, secret: string): Promise<Peer> {
  const peer = await Peer.connect(port);
  const authBytes = encodePlain({ username: application, password: secret });
  await whileOpen(peer, peer.request(saslHandshake, 1, { mechanism: 'PLAIN' }));
  const { errorCode } = await whileOpen(peer, peer.request(saslAuthenticate, 2, { authBytes }));
  if (errorCode !== 0) throw new Error(`the login was answered with ${errorCode}`);
  return peer;
}

/** Resolves when the connection is over. */
export function ended({ socket }: Peer): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.on('error', () => undefined).on('close', () => resolve());
  });
}

/** As an answer, but rejects when the connection ends before it. */
export async function whileOpen<T>(peer: Peer, answer: Promise<T>): Promise<T> {
  const over = ended(peer).then(() => Promise.reject(new Error('the connection ended')));
  return await Promise.race([answer, over]);
}
