/** Search in the records of topics. */
export { type MessageParts, messageRoutes } from './message-routes.ts';
