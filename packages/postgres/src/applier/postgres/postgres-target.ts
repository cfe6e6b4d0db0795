/**
 * A PostgreSQL that changes are applied to. Sessions are replicas' (`session_replication_role`): foreign keys and
 * triggers were the source's matter, and tables are applied beside each other. Where the login may not do that, foreign
 * keys that are deferrable wait for the end of a batch, and others want a single session.
 */

import { messageOf } from '@millrace/base';
import { connect } from '../../connection.ts';
import { outputSettings } from '../../replication/output-settings.ts';
import type { ApplyTarget, StoredPosition, TargetSession, TellApplied } from '../target.ts';
import type { WritingOptions } from '../values/written-value.ts';
import { PostgresSession } from './postgres-session.ts';
import { makeStateTables, readPositions } from './state-tables.ts';

export interface PostgresTargetOptions {
  readonly url: string;
  /** Of the applier: its positions are kept under it. */
  readonly name: string;
  readonly writing?: WritingOptions | undefined;
  readonly tell: TellApplied;
}

export class PostgresTarget implements ApplyTarget {
  readonly #options: PostgresTargetOptions;

  constructor(options: PostgresTargetOptions) {
    this.#options = options;
  }

  async positions(): Promise<readonly StoredPosition[]> {
    const client = await this.#connect();
    try {
      await makeStateTables(client);
      return await readPositions(client, this.#options.name);
    } finally {
      await client.end();
    }
  }

  async session(): Promise<TargetSession> {
    const { name, writing = {}, tell } = this.#options;
    const client = await this.#connect();
    try {
      await client.query('SET session_replication_role = replica');
    } catch (error) {
      tell({ kind: 'checks_keys', why: messageOf(error) });
    }
    return new PostgresSession({ client, applier: name, writing, tell });
  }

  #connect() {
    return connect({
      connectionString: this.#options.url,
      application_name: 'millrace sync apply',
      options: outputSettings,
    });
  }
}
