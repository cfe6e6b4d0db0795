/** What tests of exactly-once run: a topology of each kind of state, and what it must answer. */
export { badCount, type CountedTopics, countsAndWindows } from './counts-and-windows.ts';
export { type JoinedTopics, joinedForMs, joinsOfEveryKind, pairTopic, recomputedJoins } from './joins-of-every-kind.ts';
export { type JoinedRecord, told } from './recomputed-joins.ts';
export { type CountedRecord, closingTime, recomputedWindows } from './recomputed-windows.ts';
