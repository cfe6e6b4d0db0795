/** Numerics as Kafka Connect's Decimal: the unscaled integer's bytes, two's complement, big-endian. */

/** Base64 of the value times ten to the power of `scale`; undefined for NaN and infinities. */
export function decimalBase64(text: string, scale: number): string | undefined {
  const unscaled = unscaledOf(text, scale);
  return unscaled === undefined ? undefined : twosComplement(unscaled).toString('base64');
}

/** Digits behind the point as they are written. */
export function scaleOf(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}

function unscaledOf(text: string, scale: number): bigint | undefined {
  const found = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (found === null) return undefined;
  const [, sign = '', whole = '0', fraction = ''] = found;
  // Of a negative scale the server has made the last digits zeros.
  const value =
    scale < 0 ? BigInt(whole) / 10n ** BigInt(-scale) : BigInt(whole + fraction.padEnd(scale, '0').slice(0, scale));
  return sign === '-' ? -value : value;
}

function twosComplement(value: bigint): Buffer {
  let bytes = 1;
  while (value < -(1n << BigInt(8 * bytes - 1)) || value >= 1n << BigInt(8 * bytes - 1)) bytes++;
  const unsigned = BigInt.asUintN(8 * bytes, value);
  return Buffer.from(unsigned.toString(16).padStart(2 * bytes, '0'), 'hex');
}
