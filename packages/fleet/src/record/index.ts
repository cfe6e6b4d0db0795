/** The record: everything that is declared of the fleet. */
export { openRecord } from './fleet-record.ts';
export type {
  ChangeReason,
  Declared,
  DeclaredChange,
  DeclaredFleet,
  FleetRecord,
  PastDeclaration,
} from './record.ts';
export { InvalidDeclarationError, RecordConflictError } from './record-error.ts';
