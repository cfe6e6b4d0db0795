/** Records as the embedded store keeps them: whatever the bytes, a record that can be written again, or a refusal. */
import assert from 'node:assert/strict';
import {
  decodeRecord,
  decodeUserKey,
  encodeBin,
  encodeRecord,
  encodeUserKey,
  expiryOf,
  readBin,
  type Value,
} from '@millrace/store/testing/decoders';
import { attempt, type FuzzTarget } from '../fuzz-target.ts';

const bins: Record<string, Value> = {
  all: [null, true, false, -3, 2n ** 60n, 0.5, 'text é', Buffer.of(0, 255), { key: { deeper: [1, [2, [3]]] } }],
  n: 300,
  t: 'x'.repeat(200),
};

function recordOf(names: readonly string[], ordered: boolean): Buffer {
  return encodeRecord({
    generation: 300,
    expiresAt: 1_700_000_000_000,
    sweptAt: 1_690_000_000_000,
    bins: new Map(names.map((name) => [name, encodeBin({ value: bins[name] ?? null, ordered })])),
  });
}

/** An input is a record, and is read as a key too. */
export const records: FuzzTarget = {
  name: 'records',
  inputs: 20_000,
  seeds: () => [
    recordOf(['all', 'n', 't'], false),
    recordOf(['all'], true),
    recordOf([], false),
    ...[1, 'text', Buffer.of(1, 2)].map(encodeUserKey),
  ],
  run: (input) => {
    const key = attempt(() => typeof decodeUserKey(input));
    const record = attempt(() => {
      const decoded = decodeRecord(input);
      assert.equal(expiryOf(input), decoded.expiresAt);
      const kinds = [...decoded.bins.values()].map((bytes) =>
        attempt(() => {
          const content = readBin(bytes, true);
          // What was read is read again from what is written of it.
          assert.deepEqual(readBin(encodeBin(content), true), content);
          return typeof readBin(bytes, false).value;
        }),
      );
      return [...new Set(kinds)].sort().join();
    });
    return `${key} ${record}`;
  },
};
