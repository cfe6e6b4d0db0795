/** How large a batch topics take, which their configuration bounds in two ways. */
import type { Admin } from '@millrace/client';

const names = ['max.message.bytes', 'segment.bytes'] as const;

/** How many topics one request asks about. */
const describedMax = 200;

/** Bytes by topic; those are left out of which it can't be told. Rejects when the cluster can't be asked. */
export async function batchLimits(
  admin: Admin,
  topics: Iterable<string>,
  signal?: AbortSignal,
): Promise<Map<string, number>> {
  const resources = [...new Set(topics)].map((name) => ({ type: 'topic' as const, name, keys: names }));
  const limits = new Map<string, number>();
  for (let first = 0; first < resources.length; first += describedMax) {
    const some = resources.slice(first, first + describedMax);
    for (const described of await admin.describeConfigs(some, { signal })) {
      if (described.error !== undefined) continue;
      const values = described.entries.flatMap(({ value }) => (value === null ? [] : [Number(value)]));
      if (values.length > 0) limits.set(described.name, Math.min(...values));
    }
  }
  return limits;
}
