/**
 * Values of change events as the text that PostgreSQL reads: the reverse of `replication/values/encoder.ts`, for every
 * type of Debezium's mapping. What the mapping drops can't come back: months of an interval that is a number of
 * microseconds, the zone of a `timetz`, and the zeros in front of a `bit varying`.
 */
import { isObject, type Json, LongNumber } from '../events/lossless-json.ts';
import { geometryText } from './written-geometry.ts';
import { clockText, dateText, microsOfMillis, timestampText } from './written-times.ts';

/** Writes a value, which is not null, as PostgreSQL's text. */
export type Writer = (json: Json) => string;

export interface WritingOptions {
  /** How numerics come where the event does not tell. Default `precise`: as bytes of their digits. */
  readonly decimals?: 'precise' | 'string' | 'double' | undefined;
}

/**
 * The writer of a type by its name as `format_type` has it: `numeric(10,2)`, `timestamp(3) without time zone`,
 * `text[]`.
 */
export function writerOf(type: string, options: WritingOptions = {}): Writer {
  if (type.endsWith('[]')) return arrayWriter(writerOf(type.slice(0, -2), options), type.startsWith('box') ? ';' : ',');
  const { name, first, second } = partsOf(type);
  switch (name) {
    case 'numeric':
      return numericWriter(first === undefined ? undefined : (second ?? 0), options.decimals ?? 'precise');
    case 'money':
      return numericWriter(2, options.decimals ?? 'precise');
    case 'bit':
      return bitsWriter(first ?? 1);
    case 'bit varying':
      return bitsWriter(undefined);
    case 'bytea':
      return (json) => (typeof json === 'string' ? `\\x${Buffer.from(json, 'base64').toString('hex')}` : plain(json));
    case 'date':
      return whole((days) => dateText(days));
    case 'time without time zone':
      return whole((count) => clockText(isMillis(first) ? count * 1000n : count));
    case 'timestamp without time zone':
      return whole((count) => timestampText(isMillis(first) ? microsOfMillis(count) : count));
    case 'timestamp with time zone':
      return (json) => zonedText(plain(json));
    case 'interval':
      return whole((micros) => `${micros} microseconds`);
    case 'hstore':
      return (json) => (isObject(json) ? hstoreText(json) : hstoreOfText(plain(json)));
    case 'vector':
    case 'halfvec':
      return (json) => (Array.isArray(json) ? `[${json.map(plain).join(',')}]` : plain(json));
    case 'sparsevec':
      return (json) => (isObject(json) ? sparseText(json) : plain(json));
    default:
      return (json) => (isObject(json) ? (geometryText(name, json) ?? plain(json)) : plain(json));
  }
}

/** `timestamp(3) without time zone` is `timestamp without time zone` with 3. */
export function partsOf(type: string): {
  readonly name: string;
  readonly first: number | undefined;
  readonly second: number | undefined;
} {
  const found = /\((-?\d+)(?:,\s*(-?\d+))?\)/.exec(type);
  const bare = type.replace(/\s*\([^)]*\)/, '').toLowerCase();
  const name = aliases[bare] ?? bare.replace(/^.*\./, '');
  const numberOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
  return { name, first: numberOf(found?.[1]), second: numberOf(found?.[2]) };
}

/** Names of a catalogue's rows, and of SQL, as `format_type` writes them. */
const aliases: Readonly<Record<string, string>> = {
  decimal: 'numeric',
  varbit: 'bit varying',
  time: 'time without time zone',
  timetz: 'time with time zone',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
};

/** JSON as a value's text: texts and numbers as they are, the rest as JSON. */
export function plain(json: Json): string {
  if (typeof json === 'string') return json;
  if (json instanceof LongNumber) return json.text;
  if (Object.is(json, -0)) return '-0';
  if (typeof json === 'boolean') return json ? 't' : 'f';
  return typeof json === 'number' ? String(json) : jsonText(json);
}

/** JSON as it came, long numbers with all digits. */
export function jsonText(json: Json): string {
  if (json instanceof LongNumber) return json.text;
  if (Array.isArray(json)) return `[${json.map(jsonText).join(',')}]`;
  if (!isObject(json)) return JSON.stringify(json);
  return `{${Object.entries(json)
    .map(([name, value]) => `${JSON.stringify(name)}:${jsonText(value)}`)
    .join(',')}}`;
}

/** Whole numbers go through `write`; a text (`infinity`, an ISO date) is taken as it is. */
function whole(write: (count: bigint) => string): Writer {
  return (json) => {
    if (json instanceof LongNumber && /^-?\d+$/.test(json.text)) return write(BigInt(json.text));
    return typeof json === 'number' && Number.isInteger(json) ? write(BigInt(json)) : plain(json).replace(/Z$/, '');
  };
}

function isMillis(digits: number | undefined): boolean {
  return digits !== undefined && digits <= 3;
}

function numericWriter(scale: number | undefined, decimals: NonNullable<WritingOptions['decimals']>): Writer {
  return (json) => {
    if (isObject(json)) return decimalText(String(json['value']), Number(json['scale']));
    if (typeof json !== 'string' || scale === undefined || decimals !== 'precise') return plain(json);
    // Bytes are whole groups of four letters, without signs and points; all else is text, as NaN is.
    return json.length % 4 === 0 && /^[A-Za-z0-9+/]+=*$/.test(json) ? decimalText(json, scale) : json;
  };
}

/** The unscaled integer's bytes, two's complement, big-endian. */
export function decimalText(base64: string, scale: number): string {
  const bytes = Buffer.from(base64, 'base64');
  const value = bytes.length === 0 ? 0n : BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`));
  if (scale <= 0) return String(value * 10n ** BigInt(-scale));
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** The first bit is the highest of the last byte; without a length, zeros in front are gone. */
function bitsWriter(length: number | undefined): Writer {
  return (json) => {
    if (typeof json !== 'string') return json === true ? '1' : json === false ? '0' : plain(json);
    const bytes = Buffer.from(json, 'base64');
    const bits = [...bytes].reverse().map((byte) => byte.toString(2).padStart(8, '0'));
    const all = bits.join('');
    return length === undefined ? all.replace(/^0+(?=.)/, '') : all.slice(-length).padStart(length, '0');
  };
}

/** PostgreSQL reads ISO 8601, but not the sign of a year. */
function zonedText(text: string): string {
  if (text.startsWith('-') && text !== '-infinity') return `${text.slice(1)} BC`;
  return text.startsWith('+') ? text.slice(1) : text;
}

/** Boxes alone are parted by semicolons. */
function arrayWriter(element: Writer, delimiter: string): Writer {
  const write = (json: Json): string => {
    if (json === null) return 'NULL';
    if (Array.isArray(json)) return `{${json.map(write).join(delimiter)}}`;
    return `"${element(json).replaceAll(/["\\]/g, '\\$&')}"`;
  };
  return (json) => (Array.isArray(json) ? write(json) : plain(json));
}

function hstoreOfText(text: string): string {
  return text.startsWith('{') ? hstoreText(JSON.parse(text) as Record<string, Json>) : text;
}

function hstoreText(pairs: Readonly<Record<string, Json>>): string {
  const word = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
  return Object.entries(pairs)
    .map(([key, value]) => `${word(key)}=>${value === null ? 'NULL' : word(plain(value))}`)
    .join(',');
}

function sparseText({ dimensions = 0, vector = {} }: Readonly<Record<string, Json>>): string {
  const entries = isObject(vector) ? Object.entries(vector) : [];
  return `{${entries.map(([index, value]) => `${index}:${plain(value)}`).join(',')}}/${plain(dimensions)}`;
}
