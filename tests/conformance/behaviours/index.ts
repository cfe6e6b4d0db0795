/** The list of behaviours. */
import type { Behaviour } from '../matrix/behaviour.ts';
import { records } from './records.ts';
import { topicChanges } from './topic-changes.ts';
import { topicCreation } from './topic-creation.ts';

export const behaviours: readonly Behaviour[] = [...records, ...topicCreation, ...topicChanges];
