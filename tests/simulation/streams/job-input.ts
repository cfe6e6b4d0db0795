/** Writes what a job reads, at its pace. */
import { sleep } from '@millrace/base';
import { createClient } from '@millrace/client';
import { checkReleased, clientOptions } from '../client/client-options.ts';
import type { ActorHome } from '../oracle/actor.ts';
import { InvariantViolation } from '../oracle/history.ts';
import type { JobWork } from './job-work.ts';
import type { StreamsScenario } from './streams-scenario.ts';

/** Resolves when everything is written. */
export async function writeInput(home: ActorHome, { records, pauseMs }: StreamsScenario, work: JobWork): Promise<void> {
  const { randomness, platform, fail, name } = home;
  const client = createClient(clientOptions(home));
  const producer = client.producer({
    deliveryTimeoutMs: 600_000,
    lingerMs: randomness.integer(2) * randomness.integer(50),
    onDelivery: ({ error }) => {
      if (error !== undefined) fail(new InvariantViolation(`${name} could not deliver: ${String(error)}`));
    },
  });
  for (let number = 0; number < records; number++) {
    for (const record of work.next(randomness)) producer.write(record);
    if (randomness.integer(3) > 0) await sleep(platform.timers, randomness.float() * 3 * pauseMs);
  }
  for (const record of work.last()) producer.write(record);
  await producer.flush();
  await producer.close();
  await client.close();
  checkReleased(home);
}
