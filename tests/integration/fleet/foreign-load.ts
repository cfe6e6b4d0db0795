/**
 * A foreign producer under load that goes from one login to the next, as an application does: it opens the new
 * connection, sends there from then on, and closes the old one when nothing is on its way there.
 */
import type { Kafka, Producer } from 'kafkajs';

export class ForeignLoad {
  readonly #topic: string;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #producer: Producer;
  /** Of the batch that is on its way. */
  #sending: Promise<unknown> = Promise.resolve();
  #sent = 0;
  readonly refusals: Error[] = [];

  private constructor(topic: string, producer: Producer) {
    this.#topic = topic;
    this.#producer = producer;
    this.#running = this.#run();
  }

  static async start(topic: string, client: Kafka): Promise<ForeignLoad> {
    return new ForeignLoad(topic, await connected(client));
  }

  /** Records that brokers have acknowledged. */
  get sent(): number {
    return this.#sent;
  }

  async goOnAs(client: Kafka): Promise<void> {
    const next = await connected(client);
    const before = this.#producer;
    this.#producer = next;
    await this.#sending.catch(() => undefined);
    await before.disconnect();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#producer.disconnect();
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const messages = Array.from({ length: 20 }, (_, index) => ({ value: `${this.#sent + index}` }));
      this.#sending = this.#producer.send({ topic: this.#topic, messages });
      try {
        await this.#sending;
        this.#sent += messages.length;
      } catch (error) {
        this.refusals.push(error as Error);
        if (this.refusals.length > 5) return;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

async function connected(client: Kafka): Promise<Producer> {
  const producer = client.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  return producer;
}
