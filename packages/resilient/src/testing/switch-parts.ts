/** What a switching producer is made of, for simulations that exchange its sides without a service. */
export { ClusterClients } from '../clients/cluster-clients.ts';
export type { Target } from '../clients/target.ts';
export { ProducerSide } from '../producer/producer-side.ts';
export type { Switched } from '../producer/producer-switch.ts';
export { SwitchingProducer } from '../producer/switching-producer.ts';
export { Wanted } from '../wanted.ts';
