/** Records as they are written and read: shapes, compression, sizes. */
import { by, type Compression, compressions, type Driver, outcomeOf } from '../drivers/driver.ts';
import { drivers } from '../drivers/index.ts';
import type { Behaviour } from '../matrix/behaviour.ts';

const shapes = [
  { partition: 0, key: 'plain', value: 'a value' },
  { partition: 0, key: 'deleted', value: null },
  { partition: 1, key: 'marked', value: 'with headers', headers: { kind: 'test', empty: '' } },
  { partition: 2, key: 'ünï', value: 'cödé €' },
];

function speaking(compression: Compression): readonly Driver[] {
  return drivers.filter((driver) => driver.compressions.includes(compression));
}

export const records: readonly Behaviour[] = [
  ...compressions.map((compression) => ({
    name: `records compressed by ${compression} are read back as they were sent`,
    apis: ['Produce', 'Fetch', 'ListOffsets', 'Metadata', 'ApiVersions'] as const,
    shows: { count: 500, first: 'value 0', last: `value 499 ${'x'.repeat(499 % 200)}` },
    by: by(speaking(compression), async (driver, place, scope) => {
      const topic = await scope.createTopic();
      const messages = Array.from({ length: 500 }, (_, index) => ({
        value: `value ${index} ${'x'.repeat(index % 200)}`.trimEnd(),
      }));
      await driver.produce(place, scope, { topic, messages, compression, idempotent: true });
      const read = await driver.read(place, scope, { topic, count: 500 });
      return { count: read.length, first: read[0]?.value, last: read.at(-1)?.value };
    }),
  })),
  {
    name: 'keys, headers, null values and letters beyond ASCII arrive as they were sent',
    apis: ['Produce', 'Fetch'],
    shows: shapes.map((message) => ({ headers: {}, ...message, offset: message.key === 'deleted' ? 1 : 0 })),
    by: by(drivers, async (driver, place, scope) => {
      const topic = await scope.createTopic({ partitions: 3 });
      await driver.produce(place, scope, { topic, messages: shapes });
      return await driver.read(place, scope, { topic, count: shapes.length });
    }),
  },
  {
    name: 'a record larger than the topic allows is refused',
    apis: ['Produce'],
    shows: 'MESSAGE_TOO_LARGE',
    by: by(drivers, async (driver, place, scope) => {
      const topic = await scope.createTopic({ configuration: { 'max.message.bytes': '1000' } });
      const messages = [{ value: 'x'.repeat(5_000) }];
      return await outcomeOf(driver, () => driver.produce(place, scope, { topic, messages }));
    }),
  },
];
