/** The feed of what changes in the fleet. */
export { appendEvents, type EventFeed, type NewEvent, openEventFeed } from './event-feed.ts';
