/** A stored record as callers see it. */
import type { StoredRecord } from '../record-codec.ts';
import type { RecordKey } from '../record-key.ts';
import type { FoundRecord } from '../record-store.ts';
import type { Value } from '../value.ts';
import { readBin } from '../value-codec.ts';

/** Whether it has not expired; at its very expiry it has. */
export function isLive({ expiresAt }: StoredRecord, now: number): boolean {
  return expiresAt === 0 || now < expiresAt;
}

/** Seconds that are left, rounded up; undefined for never. */
export function timeLeft({ expiresAt }: Pick<StoredRecord, 'expiresAt'>, now: number): number | undefined {
  return expiresAt === 0 ? undefined : Math.ceil((expiresAt - now) / 1_000);
}

export function foundRecord(key: RecordKey, record: StoredRecord, now: number): FoundRecord {
  const bins: { [bin: string]: Value } = {};
  for (const [name, bytes] of record.bins) bins[name] = readBin(bytes, false).value;
  return { key, generation: record.generation, ttl: timeLeft(record, now), bins };
}
