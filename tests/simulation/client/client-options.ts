/** How our client is set up in a simulation, and what it must have let go of in the end. */
import type { ClientOptions } from '@millrace/client';
import type { ActorHome } from '../oracle/actor.ts';
import { InvariantViolation } from '../oracle/history.ts';

export function clientOptions(home: ActorHome): ClientOptions {
  return {
    bootstrap: home.bootstrap,
    clientId: home.name,
    platform: home.platform,
    requestTimeoutMs: 3000,
    connectTimeoutMs: 2000,
    retryBackoffMs: 10,
    retryBackoffMaxMs: 200,
    metadataMaxAgeMs: 5000,
    report: ({ level, message }) => home.note(`${home.name} ${level}: ${message}`),
  };
}

/** A closed client holds no timer and no socket. */
export function checkReleased(home: ActorHome): void {
  const { pendingTimers, openResources } = home.process;
  // The disk is the one that stays.
  if (pendingTimers === 0 && openResources === 1) return;
  const left = `${pendingTimers} timers and ${openResources - 1} sockets`;
  home.fail(new InvariantViolation(`${home.name} closed its client, which still holds ${left}`));
}
