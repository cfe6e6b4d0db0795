/** Asks for producer ids from time to time, as producers do that come and go. No id may be given twice. */
import { errorCodes, errorRow, initProducerId } from '@millrace/wire';
import type { Actor, ActorHome } from './actor.ts';
import { InvariantViolation } from './history.ts';
import type { OnProducerId } from './oracle-producer.ts';
import { someVersion } from './wire-connection.ts';

export class OracleIdentities implements Actor {
  readonly name: string;
  readonly done: Promise<void>;
  readonly #home: ActorHome;
  readonly #onProducerId: OnProducerId;
  #stopped = false;

  constructor(home: ActorHome, onProducerId: OnProducerId) {
    this.name = home.name;
    this.#home = home;
    this.#onProducerId = onProducerId;
    this.done = home.work(() => this.#run());
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const endpoint = this.#home.anyBroker();
      await endpoint.pause(600);
      const version = someVersion(this.#home.randomness, 0, 5);
      const draft = { transactionalId: null, transactionTimeoutMs: 60_000 };
      const { errorCode, producerId } = await endpoint.ask(initProducerId, version, draft);
      if (errorCode === errorCodes.NONE) this.#onProducerId(producerId);
      else if (!errorRow(errorCode).retriable) {
        throw new InvariantViolation(`${this.name} was refused a producer id: ${errorRow(errorCode).name}`);
      }
    }
  }
}
