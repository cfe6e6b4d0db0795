/** The list of behaviours. */
import type { Behaviour } from '../matrix/behaviour.ts';
import { denials } from './denials.ts';
import { fetchLimits } from './fetch-limits.ts';
import { fetchSessions } from './fetch-sessions.ts';
import { fetching } from './fetching.ts';
import { groups } from './groups.ts';
import { idempotence } from './idempotence.ts';
import { logins } from './logins.ts';
import { offsetLookup } from './offset-lookup.ts';
import { produceRefusals } from './produce-refusals.ts';
import { produceRules } from './produce-rules.ts';
import { records } from './records.ts';
import { topicChanges } from './topic-changes.ts';
import { topicCreation } from './topic-creation.ts';
import { transactions } from './transactions.ts';
import { versionsAndMetadata } from './versions-and-metadata.ts';

export const behaviours: readonly Behaviour[] = [
  ...records,
  ...groups,
  ...logins,
  ...denials,
  ...transactions,
  ...topicCreation,
  ...topicChanges,
  ...versionsAndMetadata,
  ...produceRefusals,
  ...produceRules,
  ...idempotence,
  ...fetching,
  ...fetchLimits,
  ...fetchSessions,
  ...offsetLookup,
];
