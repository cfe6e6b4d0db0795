/** What the writing program writes where, for it and for those who look. */

export const place = { namespace: 'test', set: 'killed' };

/** Every so many batches one deletes the keys of as many batches before the last ones. */
export const rangesEvery = 25;

export function numberKey(number: number): Buffer {
  const key = Buffer.alloc(8);
  key.writeBigInt64BE(BigInt(number));
  return key;
}

/** Whether the batch of a number is deleted once batch `last` has been written. */
export function isDeleted(number: number, last: number): boolean {
  const deleting = Math.floor(number / rangesEvery) * rangesEvery + 2 * rangesEvery;
  return last >= deleting;
}
