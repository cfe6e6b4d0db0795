/** The sessions of one try of a capture, which end with it. */
import type { Client } from 'pg';
import { connect } from '../connection.ts';
import { outputSettings } from '../replication/output-settings.ts';

export class Sessions implements AsyncDisposable {
  readonly #url: string;
  readonly #open: Client[] = [];

  constructor(url: string) {
    this.#url = url;
  }

  async open(): Promise<Client> {
    const config = { connectionString: this.#url, application_name: 'millrace sync', options: outputSettings };
    const client = await connect(config);
    this.#open.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#open.map((client) => client.end().catch(() => undefined)));
  }
}
