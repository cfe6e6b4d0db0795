/** Numbers as series are noted with them. */
import assert from 'node:assert/strict';

export function notedNumber(text: string): number {
  const [, sign, rest = ''] = /^([-+]?)(.*)$/.exec(text) ?? [];
  const special = { inf: Infinity, nan: NaN }[rest.toLowerCase()];
  const value = special ?? Number(rest.replaceAll('_', ''));
  assert(rest !== '' && (special !== undefined || !Number.isNaN(value)), `${text} is a number`);
  return sign === '-' ? -value : value;
}
