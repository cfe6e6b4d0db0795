/**
 * How many bits Gorilla takes for a block of points, counted by its paper (Pelkonen and others, VLDB 2015, 4.1): times
 * in seconds as second differences, values by exclusive or, with the block of meaningful bits of the value before
 * where it fits. Nothing is encoded.
 */

const word = new BigUint64Array(1);
const asDouble = new Float64Array(word.buffer);

/** `timesMs` are whole seconds. */
export function gorillaBits(timesMs: Float64Array, values: Float64Array, count: number): number {
  let bits = 64 + 14 + 64;
  let delta = 0;
  let before = bitsOf(values[0] as number);
  let window = { leading: 65, trailing: 65 };
  for (let at = 1; at < count; at++) {
    const step = ((timesMs[at] as number) - (timesMs[at - 1] as number)) / 1_000;
    if (at > 1) bits += timeBits(step - delta);
    delta = step;
    const value = bitsOf(values[at] as number);
    const difference = value ^ before;
    before = value;
    bits += 1;
    if (difference === 0n) continue;
    const text = difference.toString(2);
    const leading = Math.min(31, 64 - text.length);
    const trailing = text.length - 1 - text.lastIndexOf('1');
    if (leading >= window.leading && trailing >= window.trailing) bits += 1 + 64 - window.leading - window.trailing;
    else {
      bits += 1 + 5 + 6 + 64 - leading - trailing;
      window = { leading, trailing };
    }
  }
  return bits;
}

function timeBits(change: number): number {
  if (change === 0) return 1;
  if (change >= -63 && change <= 64) return 9;
  if (change >= -255 && change <= 256) return 12;
  return change >= -2_047 && change <= 2_048 ? 16 : 36;
}

function bitsOf(value: number): bigint {
  asDouble[0] = value;
  return word[0] as bigint;
}
