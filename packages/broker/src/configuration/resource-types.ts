/** Kafka's numbers for what can be configured (`ConfigResource.Type`). */
export const resourceTypes = { topic: 2, broker: 4, group: 32 } as const;
