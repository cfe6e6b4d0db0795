/** The control plane of a fleet. */
export { type ControlPlane, type ControlPlaneOptions, openControlPlane, type Part } from './control-plane.ts';
export { declareRunning, type PlatformCluster } from './declare-running.ts';
export type { Retention } from './housekeeping.ts';
