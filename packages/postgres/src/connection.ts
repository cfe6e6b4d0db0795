/** A connection for as long as it is needed, and failures of it as one sentence. */
import { MillraceError, messageOf } from '@millrace/base';
import { Client, type ClientConfig } from 'pg';

/** A database could not be reached, or refused what was asked. */
export class PostgresError extends MillraceError {
  readonly code = 'postgres_failed';
  override readonly retriable = true;
}

/**
 * `schema`: where names without one are looked for. Throws `PostgresError` when the database can't be reached; what
 * `work` throws is thrown as it is.
 */
export async function withConnection<T>(
  url: string,
  work: (client: Client) => Promise<T>,
  schema?: string | undefined,
): Promise<T> {
  const client = await connect({ connectionString: url, application_name: 'millrace schema' }, schema);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export async function connect(config: ClientConfig, schema?: string | undefined): Promise<Client> {
  const client = new Client(config);
  // A connection that breaks while nothing is asked is told by the next question.
  client.on('error', () => undefined);
  try {
    await client.connect();
    if (schema !== undefined) await client.query(`SET search_path TO ${client.escapeIdentifier(schema)}`);
  } catch (error) {
    const where = config.connectionString === undefined ? 'the database' : withoutPassword(config.connectionString);
    throw new PostgresError(`${where} can't be used: ${messageOf(error)}`, { cause: error });
  }
  return client;
}

function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return 'the database';
  const parsed = new URL(url);
  return `${parsed.host}${parsed.pathname}`;
}
