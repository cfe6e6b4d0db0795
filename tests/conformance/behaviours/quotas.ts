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
/** More than enough to be over it, however slowly they go. */
const requestsMax = 100;
const large = 'x'.repeat(bytesPerSecond / 2);

export const quotas: readonly Behaviour[] = [
  {
    name: 'a producer over its quota sends its next request when its pause is over',
    apis: ['AlterClientQuotas', 'DescribeClientQuotas', 'Produce'],
    shows: { paused: true },
    by: {
      async millrace(_place, scope) {
        const topic = await scope.createTopic();
        const clientId = scope.name('client');
        await limit(scope, clientId, { producer_byte_rate: bytesPerSecond });
        const pauses: { readonly toldAt: number; readonly ms: number }[] = [];
        const report = ({ event, message }: ClientEvent): void => {
          const ms = Number(/pause of (\d+) ms/.exec(message)?.[1]);
          if (event === 'throttled') pauses.push({ toldAt: performance.now(), ms });
        };
        const producer = scope.connect(undefined, { clientId, report }).producer();
        const send = (): Promise<unknown> => producer.send({ topic, key: null, value: large });
        for (let sent = 0; pauses.length === 0 && sent < requestsMax; sent++) await send();
        const [pause] = pauses;
        await send();
        // A timer may end a millisecond early.
        const paused = pause !== undefined && performance.now() - pause.toldAt > pause.ms - 2;
        await producer.close();
        return { paused };
      },
      async kafkajs(place, scope) {
        const topic = await scope.createTopic();
        const clientId = scope.name('client');
        await limit(scope, clientId, { producer_byte_rate: bytesPerSecond });
        const producer = kafkajsAt(place, { clientId }).producer();
        scope.defer(() => producer.disconnect());
        let endedAt: number | undefined;
        let pauseMs = 0;
        producer.on(producer.events.REQUEST, ({ payload }: InstrumentationEvent<RequestEvent['payload']>) => {
          const { apiName, sentAt, duration } = payload;
          if (apiName !== 'Produce') return;
          pauseMs = sentAt - (endedAt ?? sentAt);
          endedAt = sentAt + duration;
        });
        await producer.connect();
        for (let sent = 0; pauseMs <= 100 && sent < requestsMax; sent++) {
          await producer.send({ topic, messages: [{ value: large }] });
        }
        return { paused: pauseMs > 100 };
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
