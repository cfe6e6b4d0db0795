/** The list of behaviours. */
import type { Behaviour } from '../matrix/behaviour.ts';
import { records } from './records.ts';

export const behaviours: readonly Behaviour[] = [...records];
