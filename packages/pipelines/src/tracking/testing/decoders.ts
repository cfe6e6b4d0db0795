/** For tests: the readers of what comes from outside, one by one. */
export { openLog } from '../access-log/open-log.ts';
export { readLog } from '../access-log/read-log.ts';
export { VisitorNames } from '../access-log/visitor-names.ts';
export { issuesOfStored, type TrackingEvent } from '../event.ts';
