/** What a mirror is started with, from what is declared of it. Pure. */
import type { Mirror } from '@millrace/api/declared';
import type { ClientOptions } from '@millrace/client';
import type { MirrorOptions } from '@millrace/mirror';
import { mirrorTakes } from '../capacity/fleet-topics.ts';
import { chosenNames } from './chosen-names.ts';

/** How its clusters are reached. */
export interface MirrorSides {
  readonly source: ClientOptions;
  readonly target: ClientOptions;
}

/** How a worker calls itself to brokers. */
const clientId = 'millrace-mirror';

export function mirrorOptions(spec: Mirror, { source, target }: MirrorSides): MirrorOptions {
  const { name, topics, exclude, groups, prefix = '', first = [], acls = false } = spec;
  const { localOnly, begin, guarantee, bytesPerSecondMax, memoryBytesMax, shards, replicas } = spec;
  const { lostRecords, largeRecords, invalidTimes, recreatedTopics, truncatedTarget } = spec;
  return {
    ...{ name, localOnly, begin, guarantee, bytesPerSecondMax, memoryBytesMax, shards, acls },
    ...{ lostRecords, largeRecords, invalidTimes, recreatedTopics, truncatedTarget },
    replicationFactor: replicas,
    source: { ...source, clientId },
    target: { ...target, clientId },
    topics: chosenNames(topics, exclude),
    groups: groups && chosenNames(groups),
    rename: (topic) => `${prefix}${topic}`,
    priority: first.length === 0 ? undefined : (topic) => (mirrorTakes({ topics: first }, topic) ? 1 : 0),
    // One that is declared before its topics are made waits for them.
    absentTopics: 'await',
  };
}
