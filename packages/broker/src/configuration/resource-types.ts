/** Kafka's numbers for what can be configured (`ConfigResource.Type`). */
export const resourceTypes = { topic: 2, broker: 4, brokerLogger: 8, clientMetrics: 16, group: 32 } as const;
