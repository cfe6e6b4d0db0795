/** Which PostgreSQL a command is about. */
import { text } from '../framework/option.ts';
import { UsageError } from '../framework/usage-error.ts';

export const databaseOption = {
  databaseUrl: text({ placeholder: 'URL', help: 'The PostgreSQL: postgres://user@host/name; or DATABASE_URL' }),
} as const;

export function databaseUrlOf({ databaseUrl }: { readonly databaseUrl: string | undefined }): string {
  const url = databaseUrl ?? process.env['DATABASE_URL'];
  if (url === undefined || url === '') {
    throw new UsageError('no database is named', { hint: 'Give --database-url, or set DATABASE_URL.' });
  }
  return url;
}
