export { FleetFileError, type FleetFileProblem } from './fleet-file/fleet-file-error.ts';
export {
  type DeclaredCluster,
  type FleetFile,
  readFleetFile,
} from './fleet-file/read-fleet-file.ts';
