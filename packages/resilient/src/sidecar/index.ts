export type { Sidecar, SidecarOptions, SidecarStatus } from './sidecar.ts';
export { ProgramRefusedError } from './sidecar-errors.ts';
export { startSidecar } from './start-sidecar.ts';
