/** What there is in the clusters of the fleet. */
export type {
  Inventory,
  ObservedBroker,
  ObservedCluster,
  ObservedGroup,
  ObservedMember,
  ObservedProducer,
  ObservedTopic,
} from './inventory.ts';
export { type InventoryParts, type OpenInventory, openInventory } from './open-inventory.ts';
export { type Pace, paceDefault } from './refresh/cluster-watch.ts';
export type { TopicUse, UseObservation, UseRole, UseSource } from './uses/topic-use.ts';
export { storedUses } from './uses/use-store.ts';
export { usesSeen } from './uses/uses-seen.ts';
