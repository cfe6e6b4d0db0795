/** Values of JSON in columns, and what of texts PostgreSQL can store. */
import type { ColumnType } from 'kysely';

/** A column of type jsonb: values when read, their text when written. */
export type JsonColumn<T> = ColumnType<T, string, string>;
/** The like, where there may be none. */
export type JsonColumnOrNull<T> = ColumnType<T | null, string | null | undefined, string | null>;

/** A value as a column of JSON takes it; SQL's null where there is none. */
export function jsonText(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

/** Whether all texts in a value can be stored: those with NUL, or half of a surrogate pair, can't. */
export function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\0') && value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, member]) => isStorable(name) && isStorable(member));
}

/** The text with what can't be stored replaced. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}
