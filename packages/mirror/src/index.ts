export type { Mirror, MirrorOptions, PartitionStatus } from './mirror.ts';
export { MirrorNameError, SourceTopicError } from './mirror-errors.ts';
export type { MirrorEvent, MirrorReport } from './mirror-event.ts';
export { startMirror } from './start-mirror.ts';
