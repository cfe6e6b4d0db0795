/**
 * Values as JSON in Debezium's types (its documentation's mapping, `time.precision.mode` adaptive). The server's text
 * goes over into JSON's text: numbers of 64 bits and more never become a double on the way.
 */
import { type ArrayValue, parseArray } from './array-literal.ts';
import { decimalBase64, scaleOf } from './decimals.ts';
import type { SourceTypes } from './source-types.ts';
import { dayMicros, durationMicros, epochDays, epochMicros, infiniteOf, zonedTime, zonedTimestamp } from './times.ts';

/** Writes a value's text, which is not null, as JSON. */
export type Encoder = (text: string) => string;

export interface EncodingOptions {
  /** Numerics as Connect's Decimal, as text, or as doubles, which lose digits. Default `precise`. */
  readonly decimals?: 'precise' | 'string' | 'double' | undefined;
}

export const asNumber: Encoder = (text) => text;
export const asText: Encoder = (text) => JSON.stringify(text);
/** JSON has no NaN and no infinities: as Java writes them. */
export const asFloat: Encoder = (text) => (/^-?[\d.]+(e[+-]?\d+)?$/.test(text) ? text : JSON.stringify(text));

const byName: Readonly<Record<string, Encoder>> = {
  bool: (text) => (text === 't' ? 'true' : 'false'),
  int2: asNumber,
  int4: asNumber,
  int8: asNumber,
  oid: asNumber,
  float4: asFloat,
  float8: asFloat,
  bytea: (text) => `"${Buffer.from(text.slice(2), 'hex').toString('base64')}"`,
  date: (text) => infiniteOf(text) ?? String(epochDays(text)),
  timestamptz: (text) => JSON.stringify(infiniteOf(text) === undefined ? zonedTimestamp(text) : text),
  timetz: (text) => JSON.stringify(zonedTime(text)),
  interval: (text) => String(durationMicros(text)),
  point: (text) => {
    const [x = '0', y = '0'] = text.slice(1, -1).split(',');
    return `{"x":${asFloat(x)},"y":${asFloat(y)},"wkb":${JSON.stringify(wkbPoint(Number(x), Number(y)))},"srid":null}`;
  },
};

/** The encoder of a column. Types that are not known are text. */
export function encoderOf(
  oid: number,
  modifier: number,
  { types, decimals = 'precise' }: EncodingOptions & { readonly types: SourceTypes },
): Encoder {
  const type = types.get(oid);
  if (type === undefined) return asText;
  if (type.kind === 'd') return encoderOf(type.base, type.baseModifier, { types, decimals });
  if (type.element !== 0) {
    const delimiter = types.get(type.element)?.name === 'box' ? ';' : ',';
    return arrayEncoder(encoderOf(type.element, modifier, { types, decimals }), delimiter);
  }
  switch (type.name) {
    case 'numeric':
      return numericEncoder(modifier, decimals);
    case 'money':
      return moneyEncoder(decimals);
    case 'bit':
      return modifier === 1 ? (text) => (text === '1' ? 'true' : 'false') : asBits;
    case 'varbit':
      return asBits;
    case 'time':
      // Three digits fit into milliseconds.
      return isOfMillis(modifier) ? (text) => String(dayMicros(text) / 1000) : (text) => String(dayMicros(text));
    case 'timestamp':
      return timestampEncoder(isOfMillis(modifier));
    default:
      return byName[type.name] ?? asText;
  }
}

/** With 0 to 3 digits behind the second. */
function isOfMillis(modifier: number): boolean {
  return modifier >= 0 && modifier <= 3;
}

function timestampEncoder(isMillis: boolean): Encoder {
  return (text) => {
    const infinite = infiniteOf(text);
    if (infinite !== undefined) return infinite;
    const micros = epochMicros(text);
    return String(isMillis ? micros / 1000n : micros);
  };
}

function numericEncoder(modifier: number, mode: NonNullable<EncodingOptions['decimals']>): Encoder {
  if (mode === 'string') return asText;
  if (mode === 'double') return asFloat;
  // Scale in the lower 11 bits, with a sign; 4 is the header's size, which PostgreSQL adds.
  const scale = modifier < 0 ? undefined : (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
  if (scale !== undefined) return (text) => quotedOrText(decimalBase64(text, scale), text);
  return (text) => {
    const own = scaleOf(text);
    const value = decimalBase64(text, own);
    return value === undefined ? JSON.stringify(text) : `{"scale":${own},"value":"${value}"}`;
  };
}

/** The session's monetary locale is C: `$1,234.56`. */
function moneyEncoder(mode: NonNullable<EncodingOptions['decimals']>): Encoder {
  const numeric = (text: string): string => {
    const digits = text.replace(/[^\d.]/g, '');
    return /[-(]/.test(text) ? `-${digits}` : digits;
  };
  if (mode === 'string') return (text) => JSON.stringify(numeric(text));
  if (mode === 'double') return (text) => String(Number(numeric(text)));
  return (text) => quotedOrText(decimalBase64(numeric(text), 2), text);
}

/** NaN and infinities have no bytes. */
function quotedOrText(base64: string | undefined, text: string): string {
  return base64 === undefined ? JSON.stringify(text) : `"${base64}"`;
}

/** The first bit is the highest of the last byte: little-endian, of as many bytes as it takes. */
function asBits(text: string): string {
  const bytes = Buffer.alloc(Math.ceil(text.length / 8));
  for (let i = 0; i < text.length; i++) {
    if (text[text.length - 1 - i] === '1') bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (1 << (i & 7));
  }
  return `"${bytes.toString('base64')}"`;
}

function arrayEncoder(element: Encoder, delimiter: string): Encoder {
  const encode = (value: ArrayValue): string => {
    if (value === null) return 'null';
    return typeof value === 'string' ? element(value) : `[${value.map(encode).join(',')}]`;
  };
  return (text) => encode(parseArray(text, delimiter));
}

function wkbPoint(x: number, y: number): string {
  const bytes = Buffer.alloc(21);
  bytes[0] = 1;
  bytes.writeUInt32LE(1, 1);
  bytes.writeDoubleLE(x, 5);
  bytes.writeDoubleLE(y, 13);
  return bytes.toString('base64');
}
