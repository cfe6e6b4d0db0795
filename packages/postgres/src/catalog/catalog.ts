/** What is known of a database when a change to it is looked at: its tables, functions and types. */
import { nameKey, type ObjectName } from '../sql/names.ts';

export interface Catalog {
  /** Major version of the server. */
  readonly serverVersion: number;
  /** Whether a database was read: then what is not in here does not exist. */
  readonly isRead: boolean;
  /** Where tables without a schema in their names are looked for, and made. */
  readonly schema: string;
  readonly database?: string | undefined;
  /** Logical replication slots of the database. */
  readonly slots?: readonly SlotFacts[] | undefined;
  table(name: ObjectName): TableFacts | undefined;
  /** The table that an index belongs to. */
  tableOfIndex(index: ObjectName): TableFacts | undefined;
  type(name: string): TypeFacts | undefined;
  /** Whether each call of the function may answer something else; undefined where it isn't known. */
  isVolatile(functionName: ObjectName): boolean | undefined;
  /** Tables with foreign keys to this one. */
  referencing(name: ObjectName): readonly ObjectName[];
}

export interface SlotFacts {
  readonly name: string;
  /** Whether somebody reads it at the moment. */
  readonly isActive: boolean;
}

export interface TableFacts {
  readonly name: ObjectName;
  readonly kind: 'table' | 'partitioned' | 'view' | 'materialized view' | 'foreign';
  /** As the planner estimates. */
  readonly rows: number;
  readonly bytes: number;
  readonly columns: ReadonlyMap<string, ColumnFacts>;
  readonly constraints: readonly ConstraintFacts[];
  readonly indexes: readonly IndexFacts[];
  /** All that are below it. */
  readonly partitions: readonly ObjectName[];
  readonly parent?: ObjectName | undefined;
  readonly defaultPartition?: ObjectName | undefined;
  readonly publications: readonly string[];
}

export interface ColumnFacts {
  /** As `format_type` writes it. */
  readonly type: string;
  readonly isNotNull: boolean;
  readonly hasDefault: boolean;
  /** As `pg_get_expr` writes it; null for none, and for identities. */
  readonly default: string | null;
  /** `a` or `d` of an identity, `s` or `v` of a generated column, else empty. */
  readonly special: string;
}

export interface ConstraintFacts {
  readonly name: string;
  readonly kind: 'check' | 'foreign' | 'primary' | 'unique' | 'exclusion' | 'not null' | 'trigger';
  readonly columns: readonly string[];
  /** As `pg_get_constraintdef` writes it. */
  readonly definition: string;
  readonly isValid: boolean;
  readonly references?: ObjectName | undefined;
}

export interface IndexFacts {
  readonly name: ObjectName;
  readonly columns: readonly string[];
  readonly isUnique: boolean;
  readonly isValid: boolean;
  /** As `pg_get_indexdef` writes it. */
  readonly definition: string;
}

export interface TypeFacts {
  readonly kind: 'base' | 'enum' | 'domain' | 'composite' | 'range' | 'multirange';
  /** Of a domain: whether it, or one below it, has constraints. */
  readonly isConstrained: boolean;
  /** Of a domain: what it is one of in the end. */
  readonly base?: string | undefined;
  /** Of a domain: tables with columns of it. */
  readonly tables: readonly ObjectName[];
}

/** Nothing but what comes with a server. */
export function unknownCatalog(serverVersion = 18): Catalog {
  return {
    serverVersion,
    isRead: false,
    schema: 'public',
    table: () => undefined,
    tableOfIndex: () => undefined,
    type: () => undefined,
    isVolatile: builtInVolatility,
    referencing: () => [],
  };
}

const volatileFunctions = new Set(
  (
    'random random_normal gen_random_uuid uuidv4 uuidv7 uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 ' +
    'clock_timestamp timeofday nextval currval lastval setval setseed pg_sleep txid_current gen_random_bytes gen_salt'
  ).split(' '),
);
const steadyFunctions = new Set(
  (
    'now statement_timestamp transaction_timestamp lower upper md5 coalesce concat length to_char to_timestamp ' +
    'date_trunc make_interval make_date timezone jsonb_build_object jsonb_build_array json_build_object array_fill ' +
    'current_database current_schema current_setting left right trim btrim replace substr substring ' +
    'abs round floor ceil'
  ).split(' '),
);

function builtInVolatility({ name }: ObjectName): boolean | undefined {
  if (volatileFunctions.has(name)) return true;
  return steadyFunctions.has(name) ? false : undefined;
}

/** A catalog of values that were read. */
export function catalogOf(read: {
  readonly serverVersion: number;
  readonly schema: string;
  readonly database: string;
  readonly slots: readonly SlotFacts[];
  readonly tables: readonly TableFacts[];
  readonly types: ReadonlyMap<string, TypeFacts>;
  readonly volatileFunctions: ReadonlySet<string>;
}): Catalog {
  const keyOf = ({ schema = read.schema, name }: ObjectName): string => nameKey({ schema, name });
  const tables = new Map(read.tables.map((table) => [nameKey(table.name), table]));
  const indexes = new Map(
    read.tables.flatMap((table) => table.indexes.map(({ name }) => [nameKey(name), table] as const)),
  );
  return {
    serverVersion: read.serverVersion,
    isRead: true,
    schema: read.schema,
    database: read.database,
    slots: read.slots,
    table: (name) => tables.get(keyOf(name)),
    tableOfIndex: (index) => indexes.get(keyOf(index)),
    type: (name) => read.types.get(name),
    isVolatile: ({ name }) => read.volatileFunctions.has(name),
    referencing: (name) =>
      read.tables
        .filter(({ constraints }) =>
          constraints.some(({ references }) => references !== undefined && keyOf(references) === keyOf(name)),
        )
        .map((table) => table.name),
  };
}
