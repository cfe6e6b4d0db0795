/** What the configs of a topic say of how long its records stay; defaults are Kafka's own. */
import type { Origin } from '@millrace/api/fleet';
import { quantity } from './calculation.ts';
import type { Kept } from './topic-load.ts';

type Configs = Readonly<Record<string, string | number | boolean>>;

const weekMs = 7 * 86_400_000;

/** `origin`: where configs that are set come from. */
export function keptBy(configs: Configs, origin: Origin, keys?: number | undefined): Kept {
  const number = (name: string, otherwise: number): { readonly value: number; readonly origin: Origin } => {
    const text = configs[name];
    return text === undefined ? { value: otherwise, origin: 'assumed' } : { value: Number(text), origin };
  };
  const time = number('retention.ms', weekMs);
  const size = number('retention.bytes', -1);
  const segmentMs = number('segment.ms', weekMs);
  const segmentBytes = number('segment.bytes', 2 ** 30);
  return {
    cleanup: cleanupOf(configs),
    seconds: time.value < 0 ? undefined : quantity('kept for', time.value / 1000, 's', time.origin),
    partitionBytes: size.value < 0 ? undefined : quantity('kept of each partition', size.value, 'bytes', size.origin),
    keys: keys === undefined ? undefined : quantity('distinct keys', keys, 'records', origin),
    segmentBytes: quantity('segment.bytes', segmentBytes.value, 'bytes', segmentBytes.origin),
    segmentSeconds: quantity('segment.ms', segmentMs.value / 1000, 's', segmentMs.origin),
  };
}

function cleanupOf(configs: Configs): Kept['cleanup'] {
  const policies = String(configs['cleanup.policy'] ?? 'delete')
    .split(',')
    .map((policy) => policy.trim());
  if (!policies.includes('compact')) return 'delete';
  return policies.includes('delete') ? 'compact,delete' : 'compact';
}
