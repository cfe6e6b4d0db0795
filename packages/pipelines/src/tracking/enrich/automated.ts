/** Whether a program sent an event: a bot, a feed reader, a monitor, a script. */
import { isbot } from 'isbot';
import type { TrackingEvent } from '../event.ts';

export function isAutomated(event: TrackingEvent): boolean {
  const userAgent = event.context?.userAgent;
  if (userAgent !== undefined && isbot(userAgent)) return true;
  // Every browser has called itself Mozilla or Opera since 1994; only access logs see what does not even pretend.
  return event.type === 'request' && !/^(?:Mozilla|Opera)\//.test(userAgent ?? '');
}
