/** An event with what follows from it alone: the same facts whenever and wherever they are worked out. */
import type { TrackingEvent } from '../event.ts';
import { isAutomated } from './automated.ts';
import { campaignOf } from './campaign.ts';
import type { EnrichedEvent } from './enriched-event.ts';
import { referrerOf } from './referrer.ts';
import { userAgentFacts } from './user-agent.ts';

export function enrichEvent(event: TrackingEvent): EnrichedEvent {
  const referrer = referrerOf(event);
  const campaign = campaignOf(event);
  const facts = {
    automated: isAutomated(event),
    ...userAgentFacts(event),
    ...(referrer !== undefined && { referrer }),
    ...(campaign !== undefined && { campaign }),
  };
  return { ...event, facts };
}
