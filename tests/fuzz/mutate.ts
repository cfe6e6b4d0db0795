/** Makes new inputs from known ones. The same randomness gives the same inputs. */
import type { Randomness } from '@millrace/base';

/** No input is longer: a decoder's cost must show within this. */
export const inputBytesMax = 64 * 1024;

/** Numbers at which decoders change their mind, as they lie on the wire. */
const claims = ['00', '01', '7f', '80', 'ff', '0000', '7fff', '8000', 'ffff', '00000000', '00000001', '7fffffff']
  .concat(['80000000', 'ffffffff', 'ffffffff0f', '8080808000', 'ffffff7f', '7fffffffffffffff', '8000000000000000'])
  .concat(['0020000000000000', '00100000', '0fffffff'])
  .map((hex) => Buffer.from(hex, 'hex'));

type Mutation = (bytes: Uint8Array, other: Uint8Array, random: Randomness) => Uint8Array;

const mutations: readonly Mutation[] = [
  function flipBit(bytes, _, random) {
    const at = random.integer(bytes.length);
    bytes[at] = (bytes[at] as number) ^ (1 << random.integer(8));
    return bytes;
  },
  function setByte(bytes, _, random) {
    bytes[random.integer(bytes.length)] = random.integer(256);
    return bytes;
  },
  function addToByte(bytes, _, random) {
    const at = random.integer(bytes.length);
    bytes[at] = (bytes[at] as number) + random.integer(9) - 4;
    return bytes;
  },
  function setClaim(bytes, _, random) {
    const claim = claims[random.integer(claims.length)] as Buffer;
    const at = random.integer(bytes.length);
    bytes.set(claim.subarray(0, bytes.length - at), at);
    return bytes;
  },
  function cutEnd(bytes, _, random) {
    return bytes.subarray(0, random.integer(bytes.length));
  },
  function removeRange(bytes, _, random) {
    const at = random.integer(bytes.length);
    const end = Math.min(bytes.length, at + 1 + random.integer(16));
    return joined(bytes.subarray(0, at), bytes.subarray(end));
  },
  function insertClaim(bytes, _, random) {
    const at = random.integer(bytes.length + 1);
    return joined(bytes.subarray(0, at), claims[random.integer(claims.length)] as Buffer, bytes.subarray(at));
  },
  function repeatRange(bytes, _, random) {
    const at = random.integer(bytes.length);
    const range = bytes.subarray(at, at + 1 + random.integer(64));
    return joined(
      bytes.subarray(0, at),
      ...new Array<Uint8Array>(1 + random.integer(40)).fill(range),
      bytes.subarray(at),
    );
  },
  function copyFromOther(bytes, other, random) {
    if (other.length === 0) return bytes;
    const from = random.integer(other.length);
    const range = other.subarray(from, from + 1 + random.integer(32));
    const at = random.integer(bytes.length);
    bytes.set(range.subarray(0, bytes.length - at), at);
    return bytes;
  },
  function goOnAsOther(bytes, other, random) {
    return joined(bytes.subarray(0, random.integer(bytes.length)), other.subarray(random.integer(other.length + 1)));
  },
];

/** A changed copy of one of `seeds`, now and then an unrelated run of bytes. */
export function mutate(seeds: readonly Uint8Array[], random: Randomness): Uint8Array {
  if (random.integer(50) === 0) return random.bytes(random.integer(80));
  const pick = (): Uint8Array => seeds[random.integer(seeds.length)] as Uint8Array;
  let bytes: Uint8Array = Uint8Array.from(pick());
  for (let left = 1 + random.integer(5); left > 0 && bytes.length > 0; left--) {
    const mutation = mutations[random.integer(mutations.length)] as Mutation;
    bytes = mutation(bytes, pick(), random);
  }
  return bytes.subarray(0, inputBytesMax);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
