/** The fleet's system of record. */
export { type Database, type DatabaseOptions, openDatabase } from './database.ts';
export { DatabaseError, LeaseLostError } from './database-error.ts';
export { fenced, type Lease, type LeaseOptions, type LeaseTerm, takeLease, whileLeading } from './lease.ts';
export { type MigrateOptions, type Migration, migrate, ownMigrations } from './migrate.ts';
