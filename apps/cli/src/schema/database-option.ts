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

export const targetOption = {
  targetUrl: text({ placeholder: 'URL', help: 'The PostgreSQL that is written to; or TARGET_DATABASE_URL' }),
} as const;

export function targetUrlOf({ targetUrl }: { readonly targetUrl: string | undefined }): string {
  const url = targetUrl ?? process.env['TARGET_DATABASE_URL'];
  if (url === undefined || url === '') {
    throw new UsageError('no target is named', { hint: 'Give --target-url, or set TARGET_DATABASE_URL.' });
  }
  return url;
}
