/**
 * The shapes of tables, as the topic of schema changes tells them. It is read beside the changes: a record names the
 * version of its table's shape, and who meets one that is not here yet waits until it has come. So it does not matter
 * which topic is ahead, also where a mirror has copied them.
 */
import { MillraceError } from '@millrace/base';
import type { Client as KafkaClient } from '@millrace/client';
import type { ColumnShape, SchemaChangeEvent, TableChange } from '../../change-events/schema-change-event.ts';
import { type WritingOptions, writerOf } from '../values/written-value.ts';
import type { SourceTable } from './row-change.ts';
import type { RowShape, ShapeColumn } from './row-shape.ts';

/** A record names a shape that no schema change tells of. */
export class UnknownShapeError extends MillraceError {
  readonly code = 'shape_unknown';
  override readonly retriable = true;
}

export interface TableVersion {
  readonly shape: RowShape;
  readonly change: TableChange;
}

const waitMs = 60_000;

export class SchemaTopic {
  readonly #kafka: KafkaClient;
  readonly #topics: readonly string[];
  readonly #writing: WritingOptions;
  /** By database and table: versions ascending. */
  readonly #versions = new Map<string, Map<number, TableVersion>>();
  #waiting: (() => void)[] = [];
  #failure: unknown;

  /** `topics`: those of schema changes, of one partition each. */
  constructor(kafka: KafkaClient, topics: readonly string[], writing: WritingOptions) {
    this.#kafka = kafka;
    this.#topics = topics;
    this.#writing = writing;
  }

  /** Reads until the signal is aborted; rejects where the topic can't be read. */
  async follow(signal: AbortSignal): Promise<void> {
    if (this.#topics.length === 0) return;
    await using consumer = this.#kafka.consumer({
      topics: this.#topics,
      from: 'earliest',
      isolation: 'read_committed',
      fetchWaitMs: 100,
    });
    try {
      for await (const batch of consumer.batches({ signal })) {
        for (const { valueBytes } of batch) {
          if (valueBytes === null) continue;
          this.#learn(JSON.parse(Buffer.from(valueBytes).toString('utf8')) as SchemaChangeEvent);
        }
        this.#wake();
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#failure = error;
      throw error;
    } finally {
      this.#wake();
    }
  }

  /** All versions of the table up to `version`, ascending, which the last of them is. */
  async upTo(table: SourceTable, version: number, signal: AbortSignal): Promise<TableVersion[]> {
    const deadline = Date.now() + waitMs;
    for (;;) {
      const known = this.#versions.get(keyOf(table.database, `"${table.schema}"."${table.name}"`));
      if (known?.has(version) === true) {
        return [...known].filter(([each]) => each <= version).map(([, each]) => each);
      }
      if (this.#failure !== undefined) throw this.#failure;
      signal.throwIfAborted();
      if (Date.now() > deadline) throw unknownShape(table, version, this.#topics);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #learn(event: SchemaChangeEvent): void {
    for (const change of event.tableChanges) {
      const key = keyOf(event.databaseName, change.id);
      const versions = this.#versions.get(key) ?? this.#earlier(event.databaseName, change) ?? new Map();
      versions.set(change.version, { shape: shapeOf(change, this.#writing), change });
      this.#versions.set(key, versions);
    }
  }

  /** A table that has another name now goes on with its versions. */
  #earlier(database: string, { previousId }: TableChange): Map<number, TableVersion> | undefined {
    return previousId === null ? undefined : this.#versions.get(keyOf(database, previousId));
  }
}

function keyOf(database: string, id: string): string {
  return `${database} ${id}`;
}

function shapeOf({ table, version }: TableChange, writing: WritingOptions): RowShape {
  const columns = (table?.columns ?? []).map((column): [string, ShapeColumn] => [
    column.name,
    {
      name: column.name,
      id: column.attributeNumber ?? undefined,
      type: column.typeExpression,
      fallbackType: column.enumValues === null ? (column.domainOf ?? undefined) : 'text',
      defaultText: defaultOf(column),
      write: writerOf(column.domainOf ?? column.typeExpression, writing),
    },
  ]);
  return { columns: new Map(columns), key: table?.primaryKeyColumnNames ?? [], version };
}

/** Only of constants: what the next value of a sequence is, is the source's matter. */
function defaultOf({ hasDefaultValue, defaultValueExpression, autoIncremented, generated }: ColumnShape) {
  if (!hasDefaultValue || autoIncremented || generated || defaultValueExpression === null) return undefined;
  return isConstant(defaultValueExpression) ? defaultValueExpression : undefined;
}

/** `'text'::character varying`, `-5`, `true`, `NULL::text`, `'{}'::integer[]`. */
function isConstant(expression: string): boolean {
  const cast = `(::[\\w ."]+(\\([\\d, ]+\\))?(\\[\\])*)?`;
  return new RegExp(`^\\(*('([^']|'')*'|-?[\\d.]+|true|false|NULL)\\)*${cast}$`, 'i').test(expression);
}

function unknownShape({ schema, name }: SourceTable, version: number, topics: readonly string[]): UnknownShapeError {
  const where = topics.length === 0 ? 'no topic of schema changes is among those that are applied' : topics.join(', ');
  return new UnknownShapeError(
    `a record of ${schema}.${name} has shape ${version}, which is not known (${where}); ` +
      'apply the topic of schema changes too, and mirror it where changes are mirrored',
  );
}
