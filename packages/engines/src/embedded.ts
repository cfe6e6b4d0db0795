/** What a process needs that is nothing but embedded clusters: little, so that it starts soon and stays small. */
export { type DataDirectory, openDataDirectory } from './data-directory.ts';
export { type EmbeddedFleetOptions, startEmbeddedFleet } from './embedded-fleet.ts';
