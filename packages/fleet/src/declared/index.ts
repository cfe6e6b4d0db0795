/** What is declared of the fleet: checked, compared with what is there, brought onto it, written back as a file. */
export { parseFleetFile, readFleetFile } from '../fleet-file/read-fleet-file.ts';
export { declaredFleetOf } from './declared-lists.ts';
export { type DrillOptions, type DrillResult, drillCluster } from './drill.ts';
export { type FleetLists, fullLists, type SomeLists } from './fleet-lists.ts';
export { type DeclaredParts, openDeclared } from './open-declared.ts';
export { recordAccess, type WantedAccess } from './wanted-access.ts';
