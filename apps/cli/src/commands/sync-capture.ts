import type { CaptureEvent } from '@millrace/postgres';
import { clusterOptions } from '../cluster/cluster-options.ts';
import { openCluster } from '../cluster/open-cluster.ts';
import { clientEvents } from '../event-lines.ts';
import { command } from '../framework/command.ts';
import { choice, flag, integer, text, withDefault } from '../framework/option.ts';
import { count } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';
import { databaseOption, databaseUrlOf } from '../schema/database-option.ts';

export const syncCapture = command({
  name: 'sync capture',
  summary: "Capture a PostgreSQL database's changes into topics, exactly once",
  description: `Rows that are there come first, read in chunks without a long transaction, and changes as they are
    committed, each table in its topic dbsync.DATABASE.SCHEMA.TABLE as Debezium's events in JSON. Stopped or killed, the
    same command goes on where Kafka has it. The server must have wal_level=logical. Tables may change, come
    and go meanwhile.`,
  operands: [
    { name: 'TABLE', help: 'schema.table, with * for any characters; none: all tables', many: true, optional: true },
  ],
  options: {
    ...databaseOption,
    name: withDefault(
      text({ placeholder: 'NAME', help: 'Of the capture: its slot and its progress are named after it' }),
      'millrace',
    ),
    partitions: withDefault(integer({ placeholder: 'N', help: 'Partitions of topics that it makes' }, { min: 1 }), 1),
    decimals: withDefault(
      choice({ help: 'Numerics as bytes of their digits, as text, or as doubles' }, ['precise', 'string', 'double']),
      'precise' as const,
    ),
    noSnapshot: flag({ help: 'Leave out the rows that are there' }),
    readers: withDefault(integer({ placeholder: 'N', help: 'Tables that are read at a time' }, { min: 1, max: 32 }), 2),
    slotMegabytes: integer(
      { placeholder: 'MB', help: "Of the server's log that may be kept for it; beyond, it ends" },
      { min: 1 },
    ),
    dropSlot: flag({ help: 'Beyond that, drop the slot too, so that the disk is free; capturing begins anew then' }),
    ...clusterOptions,
  },
  examples: [
    {
      command: 'millrace sync capture --database-url postgres://localhost/shop --bootstrap 127.0.0.1:9092',
      does: 'All tables',
    },
    { command: 'millrace sync capture orders "audit.*" --name orders', does: 'Some, from DATABASE_URL' },
  ],
  async run({ operands, options, terminal }) {
    const { runCapture } = await import('@millrace/postgres');
    await using cluster = await openCluster(options, clientEvents(terminal));
    const { name, partitions, decimals, readers, noSnapshot, slotMegabytes, dropSlot } = options;
    const bytesMax = slotMegabytes === undefined ? undefined : slotMegabytes * 1024 * 1024;
    await runCapture(
      {
        ...{ name, partitions, decimals, readers, snapshot: !noSnapshot, tables: operands },
        slotLimits: { bytesMax, beyond: dropSlot ? 'drop' : 'stop' },
        url: databaseUrlOf(options),
        kafka: cluster.client,
        report: (event) => tell(event, terminal),
      },
      terminal.signal,
    );
    return undefined;
  },
});

const shapeWords = { CREATE: 'is captured', ALTER: 'looks different', DROP: 'is gone' } as const;

function tell(event: CaptureEvent, terminal: Terminal): void {
  if (terminal.json) {
    terminal.output.json(event);
    void terminal.output.flush();
    return;
  }
  switch (event.kind) {
    case 'streaming':
      terminal.note(`capturing ${event.tables} tables from ${event.lsn} on`);
      return;
    case 'snapshot':
      if (event.isDone) terminal.note(`${event.table}: ${count(event.rows)} rows that were there`);
      return;
    case 'schema':
      terminal.note(`${event.table} ${shapeWords[event.change]}`);
      return;
    case 'no_key':
      terminal.note(`${event.table} has no primary key: its rows that are there are read in one transaction`);
      return;
    case 'no_identity':
      terminal.note(
        `${event.table} has no replica identity: the server sends its new rows, and no updates and deletes; ` +
          'a primary key, or ALTER TABLE ... REPLICA IDENTITY FULL, changes that',
      );
      return;
    case 'snapshot_asked':
      terminal.note(
        `reads the rows that are there again: ${event.tables.join(', ') || 'of no table that it captures'}`,
      );
      return;
    case 'slot_unbounded':
      terminal.note(
        'max_slot_wal_keep_size is not set on the server: while no capture runs, its log grows without bound',
      );
      return;
    case 'retrying':
      terminal.note(`${event.why}; tries again in ${event.inMs} ms`);
      return;
    case 'slot':
    case 'committed':
      return;
  }
}
