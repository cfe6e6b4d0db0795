/** What a client is told that changes topics faster than its quota. */
import { errorCodes } from '@millrace/wire';
import type { RequestContext } from '../handler.ts';
import type { Refusal } from '../storage-failure.ts';
import type { TopicChangeQuota } from './client-quotas.ts';

export const quotaExceeded: Refusal = {
  errorCode: errorCodes.THROTTLING_QUOTA_EXCEEDED,
  message: 'The throttling quota has been exceeded.',
};

/** Throttles the connection as the quota asks for, and answers for how long. */
export function throttledMs({ connection }: RequestContext, quota: TopicChangeQuota | undefined): number {
  const throttleMs = quota?.throttleMs ?? 0;
  if (throttleMs > 0) connection.throttle(throttleMs);
  return throttleMs;
}
