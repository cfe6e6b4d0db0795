import { float64, json, text, topic } from '@millrace/client';
import { topology, tumbling } from '../../index.ts';

const readings = topic('readings', { key: text, value: float64 });
const averages = topic('averages', { key: text, value: float64 });

export const hourly = topology('hourly-averages');
hourly
  .source(readings)
  .windowedBy(tumbling({ sizeMs: 3_600_000, graceMs: 60_000 }), { emit: 'close' })
  .aggregate('sums', {
    value: json<{ sum: number; count: number }>(),
    initial: () => ({ sum: 0, count: 0 }),
    add: ({ sum, count }, celsius) => ({ sum: sum + celsius, count: count + 1 }),
  })
  .map(({ sum, count }) => sum / count)
  .to(averages, { key: (_, { key }) => key.key });
