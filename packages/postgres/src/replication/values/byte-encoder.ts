/**
 * Values as JSON in Debezium's types, from the server's bytes into bytes: what `encoderOf` writes, without a string on
 * the way where a type is frequent and the value is of the usual form. All else goes through `encoderOf`.
 */
import { isUtf8 } from 'node:buffer';
import { asFloat, asNumber, asText, type Encoder, type EncodingOptions, encoderOf } from './encoder.ts';
import type { JsonOutput } from './json-output.ts';
import type { SourceTypes } from './source-types.ts';
import { daysOf } from './times.ts';

/** Writes the value that lies in `from` from `start` to before `end`, and is not null. */
export type ByteEncoder = (from: Buffer, start: number, end: number, out: JsonOutput) => void;

export function byteEncoderOf(
  oid: number,
  modifier: number,
  options: EncodingOptions & { readonly types: SourceTypes },
): ByteEncoder {
  const type = options.types.get(oid);
  if (type?.kind === 'd') return byteEncoderOf(type.base, type.baseModifier, options);
  const encode = encoderOf(oid, modifier, options);
  if (encode === asText) return writeText;
  if (encode === asNumber) return (from, start, end, out) => out.slice(from, start, end);
  if (encode === asFloat) return writeFloat;
  const slow = throughText(encode);
  if (type === undefined || type.element !== 0) return slow;
  switch (type.name) {
    case 'bool':
      return (from, start, _end, out) => out.copy(from[start] === 0x74 ? trueBytes : falseBytes);
    case 'date':
      return (from, start, end, out) => {
        if (end - start === 10 && isDate(from, start)) out.integer(days(from, start));
        else slow(from, start, end, out);
      };
    case 'timestamp':
      return timestampWriter(modifier >= 0 && modifier <= 3, slow);
    case 'timestamptz':
      return zonedWriter(slow);
    case 'numeric':
      return modifier < 0 ? slow : decimalWriter((((modifier - 4) & 0x7ff) ^ 1024) - 1024, slow);
    default:
      return slow;
  }
}

const trueBytes = Buffer.from('true');
const falseBytes = Buffer.from('false');

function throughText(encode: Encoder): ByteEncoder {
  return (from, start, end, out) => out.text(encode(from.toString('utf8', start, end)));
}

const textSlowly = throughText(asText);

/** Bytes beyond ASCII stay as they are where they are UTF-8, which a database of `SQL_ASCII` does not promise. */
function writeText(from: Buffer, start: number, end: number, out: JsonOutput): void {
  out.room(2 + 2 * (end - start));
  const { bytes } = out;
  let at = out.at;
  let isChecked = false;
  bytes[at++] = 0x22;
  for (let i = start; i < end; i++) {
    const byte = from[i]!;
    if (byte >= 0x80 && !isChecked) {
      if (!isUtf8(from.subarray(start, end))) return textSlowly(from, start, end, out);
      isChecked = true;
    }
    if (byte === 0x22 || byte === 0x5c) bytes[at++] = 0x5c;
    else if (byte < 0x20) return textSlowly(from, start, end, out);
    bytes[at++] = byte;
  }
  bytes[at++] = 0x22;
  out.at = at;
}

/** JSON has no NaN and no infinities: as Java writes them. */
function writeFloat(from: Buffer, start: number, end: number, out: JsonOutput): void {
  const first = from[start] === 0x2d ? from[start + 1]! : from[start]!;
  if (isDigit(first)) out.slice(from, start, end);
  else textSlowly(from, start, end, out);
}

function timestampWriter(isMillis: boolean, slow: ByteEncoder): ByteEncoder {
  return (from, start, end, out) => {
    const year = isMoment(from, start, end) ? number(from, start, 4) : 0;
    // Microseconds of these years are safe integers.
    if (year < 1900 || year > 2200) return slow(from, start, end, out);
    let micros = 0;
    for (let i = start + 20; i < start + 26; i++) micros = micros * 10 + (i < end ? from[i]! - 0x30 : 0);
    const hours = days(from, start) * 24 + number(from, start + 11, 2);
    const seconds = (hours * 60 + number(from, start + 14, 2)) * 60 + number(from, start + 17, 2);
    out.integer(isMillis ? seconds * 1_000 + Math.floor(micros / 1_000) : seconds * 1_000_000 + micros);
  };
}

/** `2020-01-02 03:04:05.6+00` as `"2020-01-02T03:04:05.600000Z"`. */
function zonedWriter(slow: ByteEncoder): ByteEncoder {
  return (from, start, end, out) => {
    const isPlain = from[end - 3] === 0x2b && from[end - 2] === 0x30 && from[end - 1] === 0x30;
    if (!isPlain || !isMoment(from, start, end - 3)) return slow(from, start, end, out);
    out.room(30);
    const { bytes } = out;
    let at = out.at;
    bytes[at++] = 0x22;
    for (let i = start; i < start + 19; i++) bytes[at++] = from[i]!;
    bytes[at - 9] = 0x54;
    bytes[at++] = 0x2e;
    for (let i = start + 20; i < start + 26; i++) bytes[at++] = i < end - 3 ? from[i]! : 0x30;
    bytes[at++] = 0x5a;
    bytes[at++] = 0x22;
    out.at = at;
  };
}

/** Whether it is `2020-01-02 03:04:05`, with up to six digits behind a point or without. */
function isMoment(from: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (length !== 19 && (length < 21 || length > 26 || from[start + 19] !== 0x2e)) return false;
  // ` BC` may be as long as digits.
  if (!isDigit(from[end - 1]!)) return false;
  return isDate(from, start) && from[start + 10] === 0x20 && from[start + 13] === 0x3a && from[start + 16] === 0x3a;
}

/** Whether it begins with `2020-01-02`. */
function isDate(from: Buffer, start: number): boolean {
  return isDigit(from[start]!) && from[start + 4] === 0x2d && from[start + 7] === 0x2d;
}

function days(from: Buffer, start: number): number {
  return daysOf(number(from, start, 4), number(from, start + 5, 2), number(from, start + 8, 2));
}

function number(from: Buffer, start: number, digits: number): number {
  let value = 0;
  for (let i = start; i < start + digits; i++) value = value * 10 + from[i]! - 0x30;
  return value;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** Up to 15 digits, of which `scale` stand behind the point, are whole in a number. */
function decimalWriter(scale: number, slow: ByteEncoder): ByteEncoder {
  return (from, start, end, out) => {
    const isNegative = from[start] === 0x2d;
    const first = isNegative ? start + 1 : start;
    const point = scale > 0 ? end - scale - 1 : end;
    if (scale < 0 || end - first > 15 || point <= first) return slow(from, start, end, out);
    let value = 0;
    for (let i = first; i < end; i++) {
      const byte = from[i]!;
      if (i === point ? byte !== 0x2e : !isDigit(byte)) return slow(from, start, end, out);
      if (i !== point) value = value * 10 + byte - 0x30;
    }
    writeInteger(isNegative ? -value : value, out);
  };
}

const base64 = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');

/** The bytes of an integer of less than 56 bits (two's complement, big-endian, as few as it takes) as base64. */
function writeInteger(value: number, out: JsonOutput): void {
  let count = 1;
  for (let bound = 128; value < -bound || value >= bound; bound *= 256) count++;
  const high = Math.floor(value / 2 ** 32);
  const low = value - high * 2 ** 32;
  const byteOf = (index: number): number => {
    const shift = 8 * (count - 1 - index);
    if (index >= count) return 0;
    return (shift < 32 ? low >>> shift : high >> (shift - 32)) & 0xff;
  };
  out.room(14);
  const { bytes } = out;
  let at = out.at;
  bytes[at++] = 0x22;
  for (let i = 0; i < count; i += 3) {
    const group = (byteOf(i) << 16) | (byteOf(i + 1) << 8) | byteOf(i + 2);
    bytes[at++] = base64[group >> 18]!;
    bytes[at++] = base64[(group >> 12) & 63]!;
    bytes[at++] = i + 1 < count ? base64[(group >> 6) & 63]! : 0x3d;
    bytes[at++] = i + 2 < count ? base64[group & 63]! : 0x3d;
  }
  bytes[at++] = 0x22;
  out.at = at;
}
