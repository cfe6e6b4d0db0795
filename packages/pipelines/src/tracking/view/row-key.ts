/**
 * Keys of rows: texts and times one after the other, so that the bytes' order is that of the parts and a row's
 * neighbours are those of the same site or visitor. Parts of any length and content are taken; long ones are cut and
 * told apart by a hash.
 */
import { hash } from 'node:crypto';

const separator = '\u0000';
/** Keys of a store have up to 1,900 bytes, and a part of a key three times as many bytes as characters at most. */
const lengthMax = 180;
const kept = 120;
/** Times in ms from the year 0 on are positive with this, and of one length. */
const timeBase = 1e14;
const timeDigits = 16;

export type KeyPart = string | number;

/** A number is a time in ms since 1970. */
export function rowKey(...parts: readonly KeyPart[]): string {
  return parts.map((part) => (typeof part === 'number' ? timeText(part) : textPart(part))).join(separator);
}

/** The parts of a key as texts; `timeOf` reads those that are times. */
export function keyParts(key: string): string[] {
  return key.split(separator);
}

export function timeOf(part: string): number {
  return Number(part) - timeBase;
}

/** The keys that begin with these parts, as a range. */
export function keysUnder(...parts: readonly KeyPart[]): { readonly from: Buffer; readonly to: Buffer } {
  const prefix = rowKey(...parts);
  return { from: Buffer.from(prefix + separator), to: Buffer.from(`${prefix}\u0001`) };
}

/** A part as it stands in a key: itself where it is short. */
export function textPart(text: string): string {
  if (text.length <= lengthMax && !text.includes(separator)) return text;
  const shown = text.slice(0, kept).replaceAll(separator, ' ');
  return `${shown}~${hash('sha256', text, 'base64url').slice(0, 22)}`;
}

function timeText(time: number): string {
  return String(Math.round(time) + timeBase).padStart(timeDigits, '0');
}
