import type { ColumnType } from 'kysely';

/** A column of type jsonb: values when read, their text when written. */
export type JsonColumn<T> = ColumnType<T, string, string>;
/** The like, where there may be none. */
export type JsonColumnOrNull<T> = ColumnType<T | null, string | null | undefined, string | null>;

/** A value as a column of JSON takes it; SQL's null where there is none. */
export function jsonText(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
