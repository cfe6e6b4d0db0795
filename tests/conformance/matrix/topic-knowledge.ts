/** What single brokers know of topics: the news of a new one takes a while to reach all. */
import { metadata } from '@millrace/wire';
import { RawConnection } from './raw-connection.ts';

/** Resolves once a broker knows leaders of all partitions, or is not there to be asked. */
export async function untilTopicIsKnown(address: string, topic: string): Promise<void> {
  let connection: RawConnection;
  try {
    connection = await RawConnection.connect(address);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return;
    throw error;
  }
  using asked = connection;
  const draft = { topics: [{ name: topic }], allowAutoTopicCreation: false };
  await asked.requestUntil(
    metadata,
    12,
    () => draft,
    ({ topics: [found] }) => found?.errorCode === 0 && found.partitions.every(({ leaderId }) => leaderId >= 0),
  );
}
