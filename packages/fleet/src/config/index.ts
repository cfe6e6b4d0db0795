/** The config service: where applications find their topics, and how. */
export type { Home } from './answers/home-cluster.ts';
export { type NewHome, setHome } from './homes.ts';
export { type ConfigOptions, type ConfigService, type ConfigSettings, openConfig } from './open-config.ts';
