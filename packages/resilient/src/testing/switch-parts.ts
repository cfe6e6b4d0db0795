/**
 * What switching producers and consumers are made of, for simulations that exchange their sides without a service: the
 * parts of a producer, or a whole client with a source of answers of its own.
 */
export type { KnownAnswer } from '../answers/answer-source.ts';
export { ClientCore, type ClientCoreOptions } from '../client-core.ts';
export { ClusterClients } from '../clients/cluster-clients.ts';
export type { Target } from '../clients/target.ts';
export { makeConsumer } from '../consumer/make-consumer.ts';
export { makeProducer } from '../producer/make-producer.ts';
export { ProducerSide } from '../producer/producer-side.ts';
export type { Switched } from '../producer/producer-switch.ts';
export { SwitchingProducer } from '../producer/switching-producer.ts';
export { Wanted } from '../wanted.ts';
