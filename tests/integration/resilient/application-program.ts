/**
 * An application for tests that kill it: `ENROLMENT_FILE DIRECTORY TOPIC GROUP NAME`. It writes values `NAME-NUMBER` to
 * the topic, some hundred a second, and reads the topic as a member of the group, until it gets a message; then it ends
 * what it has begun, and itself.
 *
 * What it says was acknowledged or read, was; what it had no time to say may have been.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@millrace/base';
import { openResilientClient } from '@millrace/resilient';

export interface ApplicationSays {
  /** Since it last said so. */
  readonly acknowledged: readonly string[];
  readonly read: readonly string[];
  readonly failures: readonly string[];
  /** Where the answers that it obeys came from: `disk` or `service`, of its producer and its consumer. */
  readonly from: readonly string[];
  /** Of the answer that it writes by. */
  readonly version: number;
  /** Whether a service tells it of changes. */
  readonly isTold: boolean;
}

const [enrolment = '', directory = '', topic = '', group = '', name = ''] = process.argv.slice(2);
const underWayMax = 50;
const pauseMs = 2;
const saysMs = 100;
const end = new AbortController();
process.once('message', () => end.abort());
const leftAlone = (): never => process.exit(1);
process.once('disconnect', leftAlone);

await using client = await openResilientClient({ enrolment, directory });
const [producer, consumer] = await Promise.all([
  client.producer({ topic }),
  client.consumer({ topics: [topic], group, commitIntervalMs: 500 }),
]);
let acknowledged: string[] = [];
let failures: string[] = [];

await Promise.all([write(), read(), tell()]);
await say([]);
process.off('disconnect', leftAlone);
process.disconnect();

async function write(): Promise<void> {
  const underWay = new Set<Promise<void>>();
  for (let number = 0; !end.signal.aborted; number++) {
    const value = `${name}-${number}`;
    const sent = producer.send({ topic, key: name, value }).then(
      () => void acknowledged.push(value),
      (error: unknown) => void failures.push(messageOf(error)),
    );
    const writing: Promise<void> = sent.finally(() => underWay.delete(writing));
    underWay.add(writing);
    if (underWay.size >= underWayMax) await Promise.race(underWay);
    else await delay(pauseMs);
  }
  await Promise.all(underWay);
}

async function read(): Promise<void> {
  try {
    for await (const batch of consumer.batches({ signal: end.signal })) {
      const values: string[] = [];
      for (const { value } of batch) values.push(Buffer.from(value ?? []).toString());
      // Said before the next batch is asked for, which makes this one handled.
      await say(values);
    }
  } catch (error) {
    if (!end.signal.aborted) throw error;
  }
}

async function tell(): Promise<void> {
  while (!end.signal.aborted) {
    await say([]);
    await delay(saysMs);
  }
}

async function say(values: readonly string[]): Promise<void> {
  const { streams, service } = client.status();
  const says: ApplicationSays = {
    ...{ acknowledged, failures, read: values },
    from: streams.map(({ answerFrom }) => answerFrom),
    version: streams.find(({ role }) => role === 'producer')?.answerVersion ?? 0,
    isTold: service !== undefined,
  };
  [acknowledged, failures] = [[], []];
  const said = Promise.withResolvers<void>();
  process.send?.(says, () => said.resolve());
  await said.promise;
}
