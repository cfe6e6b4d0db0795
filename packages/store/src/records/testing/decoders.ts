/** What reads stored bytes, for the fuzzer. */

export { encodeBin } from '../embedded/working-record.ts';
export { decodeRecord, encodeRecord, expiryOf } from '../record-codec.ts';
export { decodeUserKey, encodeUserKey } from '../record-key.ts';
export type { Value } from '../value.ts';
export { readBin } from '../value-codec.ts';
