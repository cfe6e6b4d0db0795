/** `ALTER TABLE`: each command's effect, and those of the ones that need no file of their own. */
import type { AlterTableCmd, AlterTableStmt, AlterTableType } from 'libpg-query';
import { nameText, type ObjectName, quoted, relationName } from '../../sql/names.ts';
import { type Context, type Effect, harmless, together } from '../effect.ts';
import type { LockMode } from '../lock-modes.ts';
import { addColumn } from './add-column.ts';
import { addConstraint } from './add-constraint.ts';
import { changeColumnType } from './change-column-type.ts';
import { dropColumn } from './drop-column.ts';
import { attachPartition, detachPartition } from './partitions.ts';
import { setNotNull } from './set-not-null.ts';

export function alterTable(statement: AlterTableStmt, context: Context): Effect {
  const { relation, cmds = [] } = statement;
  const table = relation === undefined ? { name: '' } : relationName(relation);
  const commands = cmds.flatMap((node) => ('AlterTableCmd' in node ? [node.AlterTableCmd] : []));
  const effects = commands.map((command) => effectOf(table, command, context));
  const [first] = effects;
  const kind = effects.length === 1 && first !== undefined ? first.kind : 'ALTER TABLE';
  const all = together(kind, effects);
  return statement.objtype === 'OBJECT_INDEX'
    ? { ...all, kind: 'ALTER INDEX', locks: [] }
    : withPartitions(all, table, context);
}

/** What is done to a partitioned table is done to its partitions. */
function withPartitions(effect: Effect, table: ObjectName, { catalog }: Context): Effect {
  const own = effect.locks.find((lock) => nameText(lock.on) === nameText(table));
  if (own === undefined || /PARTITION/.test(effect.kind)) return effect;
  const partitions = catalog.table(table)?.partitions ?? [];
  return { ...effect, locks: [...effect.locks, ...partitions.map((on) => ({ on, mode: own.mode }))] };
}

function effectOf(table: ObjectName, command: AlterTableCmd, context: Context): Effect {
  const { subtype, name = '', def } = command;
  switch (subtype) {
    case 'AT_AddColumn':
      return def !== undefined && 'ColumnDef' in def
        ? addColumn(table, def.ColumnDef, context)
        : simple(table, subtype);
    case 'AT_DropColumn':
      return dropColumn(table, name, context);
    case 'AT_AlterColumnType':
      return def !== undefined && 'ColumnDef' in def
        ? changeColumnType(table, name, def.ColumnDef, context)
        : simple(table, subtype);
    case 'AT_SetNotNull':
      return setNotNull(table, name, context);
    case 'AT_AddConstraint':
      return def !== undefined && 'Constraint' in def
        ? addConstraint(table, def.Constraint, context)
        : simple(table, subtype);
    case 'AT_ValidateConstraint':
      return validateConstraint(table, name, context);
    case 'AT_DropConstraint':
      return dropConstraint(table, name, context);
    case 'AT_AttachPartition':
      return attachPartition(table, def, context);
    case 'AT_DetachPartition':
    case 'AT_DetachPartitionFinalize':
      return detachPartition(table, def);
    case 'AT_SetLogged':
    case 'AT_SetUnLogged':
    case 'AT_SetTableSpace':
    case 'AT_SetAccessMethod':
    case 'AT_SetExpression':
    case 'AT_AddIdentity':
      return rewriting(table, subtype);
    default:
      return simple(table, subtype);
  }
}

function validateConstraint(table: ObjectName, name: string, { catalog }: Context): Effect {
  const constraint = catalog.table(table)?.constraints.find((each) => each.name === name);
  const other = constraint?.references;
  return {
    kind: 'ALTER TABLE ... VALIDATE CONSTRAINT',
    ...harmless,
    locks: [
      { on: table, mode: 'SHARE UPDATE EXCLUSIVE' },
      ...(other === undefined ? [] : [{ on: other, mode: 'ROW SHARE' } as const]),
    ],
    scans: constraint?.isValid === true ? 'no' : 'yes',
  };
}

function dropConstraint(table: ObjectName, name: string, { catalog }: Context): Effect {
  const other = catalog.table(table)?.constraints.find((each) => each.name === name)?.references;
  return {
    kind: 'ALTER TABLE ... DROP CONSTRAINT',
    ...harmless,
    locks: [table, ...(other === undefined ? [] : [other])].map((on) => ({ on, mode: 'ACCESS EXCLUSIVE' })),
  };
}

/** Words of the commands that write the whole table anew. */
const rewritingKinds: Partial<Record<AlterTableType, string>> = {
  AT_SetLogged: 'SET LOGGED',
  AT_SetUnLogged: 'SET UNLOGGED',
  AT_SetTableSpace: 'SET TABLESPACE',
  AT_SetAccessMethod: 'SET ACCESS METHOD',
  AT_SetExpression: 'ALTER COLUMN ... SET EXPRESSION',
  AT_AddIdentity: 'ALTER COLUMN ... ADD IDENTITY',
};

function rewriting(table: ObjectName, subtype: AlterTableType): Effect {
  const locks = [{ on: table, mode: 'ACCESS EXCLUSIVE' } as const];
  const kind = `ALTER TABLE ... ${rewritingKinds[subtype] ?? ''}`;
  if (subtype === 'AT_AddIdentity') return { kind, ...harmless, locks };
  return {
    kind,
    locks,
    rewrites: 'yes',
    scans: subtype === 'AT_SetTableSpace' ? 'no' : 'yes',
    findings: [
      {
        rule: 'rewrite-table',
        severity: 'unsafe',
        breaks: ['reads', 'writes'],
        message: `${nameText(table)} is written anew while nobody can read or write`,
        safe: ['make a new table, write both, fill it in batches, and switch'],
      },
    ],
  };
}

/** The weaker locks of the others (AlterTableGetLockLevel in PostgreSQL's source); the rest take the strongest. */
const weakerLocks: Partial<Record<AlterTableType, LockMode>> = {
  AT_SetStatistics: 'SHARE UPDATE EXCLUSIVE',
  AT_SetOptions: 'SHARE UPDATE EXCLUSIVE',
  AT_ResetOptions: 'SHARE UPDATE EXCLUSIVE',
  AT_ClusterOn: 'SHARE UPDATE EXCLUSIVE',
  AT_DropCluster: 'SHARE UPDATE EXCLUSIVE',
  AT_SetRelOptions: 'SHARE UPDATE EXCLUSIVE',
  AT_ResetRelOptions: 'SHARE UPDATE EXCLUSIVE',
  AT_EnableTrig: 'SHARE ROW EXCLUSIVE',
  AT_EnableAlwaysTrig: 'SHARE ROW EXCLUSIVE',
  AT_EnableReplicaTrig: 'SHARE ROW EXCLUSIVE',
  AT_DisableTrig: 'SHARE ROW EXCLUSIVE',
  AT_EnableTrigAll: 'SHARE ROW EXCLUSIVE',
  AT_DisableTrigAll: 'SHARE ROW EXCLUSIVE',
  AT_EnableTrigUser: 'SHARE ROW EXCLUSIVE',
  AT_DisableTrigUser: 'SHARE ROW EXCLUSIVE',
};

const otherKinds: Partial<Record<AlterTableType, string>> = {
  AT_ColumnDefault: 'ALTER COLUMN ... SET DEFAULT',
  AT_DropNotNull: 'ALTER COLUMN ... DROP NOT NULL',
  AT_SetStatistics: 'ALTER COLUMN ... SET STATISTICS',
  AT_SetRelOptions: 'SET (...)',
  AT_ChangeOwner: 'OWNER TO',
  AT_ReplicaIdentity: 'REPLICA IDENTITY',
  AT_EnableRowSecurity: 'ENABLE ROW LEVEL SECURITY',
};

function simple(table: ObjectName, subtype: AlterTableType | undefined): Effect {
  const words = subtype === undefined ? '' : (otherKinds[subtype] ?? wordsOf(subtype));
  const mode = (subtype === undefined ? undefined : weakerLocks[subtype]) ?? 'ACCESS EXCLUSIVE';
  return { kind: `ALTER TABLE ... ${words}`, ...harmless, locks: [{ on: table, mode }] };
}

function wordsOf(subtype: AlterTableType): string {
  return quoted(
    subtype
      .replace(/^AT_/, '')
      .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
      .toUpperCase(),
  ).replaceAll('"', '');
}
