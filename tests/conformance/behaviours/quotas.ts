/** Clients under quotas: they are told, they wait, and nothing of theirs is lost. */
import { type ClientEvent, type QuotaValues, unwrap } from '@millrace/client';
import type { InstrumentationEvent, RequestEvent } from 'kafkajs';
import { by, valuesOf } from '../drivers/driver.ts';
import { drivers } from '../drivers/index.ts';
import { kafkajsAt } from '../drivers/kafkajs.ts';
import { millrace } from '../drivers/millrace.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';

const bytesPerSecond = 100_000;
const requests = 6;
const large = 'x'.repeat(bytesPerSecond / 2);

export const quotas: readonly Behaviour[] = [
  {
    name: 'a producer over its quota sends its next request when its pause is over',
    apis: ['AlterClientQuotas', 'DescribeClientQuotas', 'Produce'],
    shows: { sent: requests, paused: true },
    by: {
      async millrace(_place, scope) {
        const topic = await scope.createTopic();
        const clientId = scope.name('client');
        await limit(scope, clientId, { producer_byte_rate: bytesPerSecond });
        const events: ClientEvent[] = [];
        const client = scope.connect(undefined, { clientId, report: (event) => void events.push(event) });
        const producer = client.producer();
        const began = performance.now();
        let sent = 0;
        for (; sent < requests; sent++) await producer.send({ topic, key: null, value: large });
        await producer.close();
        const paused = events.some(({ event }) => event === 'throttled') && performance.now() - began > 500;
        return { sent, paused };
      },
      async kafkajs(place, scope) {
        const topic = await scope.createTopic();
        const clientId = scope.name('client');
        await limit(scope, clientId, { producer_byte_rate: bytesPerSecond });
        const producer = kafkajsAt(place, { clientId }).producer();
        scope.defer(() => producer.disconnect());
        const asked: { sentAt: number; endedAt: number }[] = [];
        producer.on(producer.events.REQUEST, ({ payload }: InstrumentationEvent<RequestEvent['payload']>) => {
          const { apiName, sentAt, duration } = payload;
          if (apiName === 'Produce') asked.push({ sentAt, endedAt: sentAt + duration });
        });
        await producer.connect();
        for (let index = 0; index < requests; index++) await producer.send({ topic, messages: [{ value: large }] });
        const pauses = asked.slice(1).map(({ sentAt }, index) => sentAt - (asked[index]?.endedAt ?? sentAt));
        return { sent: asked.length, paused: Math.max(...pauses) > 100 };
      },
    },
  },
  {
    name: 'a consumer over its quota reads all there is',
    apis: ['AlterClientQuotas', 'Fetch'],
    shows: Array.from({ length: 40 }, (_, index) => `${index}`),
    by: by(drivers, async (driver, place, scope) => {
      const topic = await scope.createTopic();
      const clientId = scope.name('client');
      const messages = Array.from({ length: 40 }, (_, index) => ({ value: `${index} `.padEnd(5_000, 'x') }));
      for (const message of messages) await millrace.produce(place, scope, { topic, messages: [message] });
      await limit(scope, clientId, { consumer_byte_rate: bytesPerSecond });
      const read = await driver.read(place, scope, { topic, clientId, count: messages.length });
      return valuesOf(read).map((value) => value?.split(' ')[0]);
    }),
  },
];

/** Limits a client id for as long as the scope lasts. */
async function limit(scope: Scope, clientId: string, set: QuotaValues): Promise<void> {
  const entity = { 'client-id': clientId };
  unwrap(await scope.admin.alterClientQuotas([{ entity, set }]));
  scope.defer(async () => unwrap(await scope.admin.alterClientQuotas([{ entity, remove: Object.keys(set) }])));
  await settled(
    () => scope.admin.describeClientQuotas({ clientId: { name: clientId } }),
    ({ length }) => length > 0,
  );
}
