/**
 * How a difference in a CRC-32C moves when bytes follow it. A CRC is linear over GF(2): two inputs of one length that
 * differ in some leading bytes, and agree in the n bytes behind them, have checksums that differ by the leading bytes'
 * difference times x^(8n) modulo the polynomial. So the checksum of a changed input follows from the old one without
 * reading what did not change, and the checksum of two inputs one after the other from those of both.
 *
 * Numbers are polynomials with the coefficient of x^0 in the highest bit, as CRC-32C's own registers.
 */

const polynomial = 0x82f63b78;
const one = 0x80000000 | 0;

/**
 * A count of bytes is taken apart into four digits of eight bits. Row 256 * d + v is the multiplication by
 * x^(8 * v * 256^d), as 8 tables of 16 entries, one for each four bits of the other factor. A row is made when it is
 * first wanted, in some microseconds; all of them would take 512 KiB.
 */
const rows = new Int32Array(4 * 256 * 128);
const isMade = new Uint8Array(4 * 256);

/**
 * What becomes of the difference `crcA ^ crcB` of two checksums when the same `count` bytes (0 to 2^31 - 1) follow on
 * both inputs. Likewise `shiftCrc32cDifference(crc32c(a), b.length) ^ crc32c(b)` is the checksum of a and b together.
 * Takes some nanoseconds, whatever the count.
 */
export function shiftCrc32cDifference(difference: number, count: number): number {
  let bits = difference;
  for (let digits = count, table = 0; digits !== 0; digits >>>= 8, table += 256) {
    const row = table | (digits & 0xff);
    if (isMade[row] === 0) makeRow(row);
    const at = row << 7;
    bits =
      rows[at | (bits & 15)]! ^
      rows[at | 16 | ((bits >>> 4) & 15)]! ^
      rows[at | 32 | ((bits >>> 8) & 15)]! ^
      rows[at | 48 | ((bits >>> 12) & 15)]! ^
      rows[at | 64 | ((bits >>> 16) & 15)]! ^
      rows[at | 80 | ((bits >>> 20) & 15)]! ^
      rows[at | 96 | ((bits >>> 24) & 15)]! ^
      rows[at | 112 | (bits >>> 28)]!;
  }
  return bits >>> 0;
}

function makeRow(row: number): void {
  // x^8, squared eight times for each digit below, then to the power of the digit.
  let step = one >>> 8;
  for (let squarings = (row >>> 8) * 8; squarings > 0; squarings--) step = multiply(step, step);
  let power = one;
  for (let times = row & 0xff; times > 0; times--) power = multiply(power, step);
  for (let place = 0; place < 8; place++) {
    for (let value = 0; value < 16; value++) {
      rows[(row << 7) | (place << 4) | value] = multiply(power, value << (place * 4));
    }
  }
  isMade[row] = 1;
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
