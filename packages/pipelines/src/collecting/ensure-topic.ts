/** Topics of pipelines are made by who needs them first; one that an operator has made is left as it is. */
import type { Admin } from '@millrace/client';

export interface WantedTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly configuration: Readonly<Record<string, string>>;
}

/** Creates a topic unless there is one of that name. Rejects where there is none and it may not be created. */
export async function ensureTopic(admin: Admin, wanted: WantedTopic, signal?: AbortSignal): Promise<void> {
  const [created] = await admin.createTopics([wanted], { signal });
  if (created?.error === undefined || created.error.errorName === 'TOPIC_ALREADY_EXISTS') return;
  // Who may not create topics may use one that an operator has made.
  const [described] = await admin.describeTopics([wanted.topic], { signal });
  if (described?.error !== undefined) throw created.error;
}
