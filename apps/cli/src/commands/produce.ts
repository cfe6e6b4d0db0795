import { unwrap } from '@millrace/client';
import { clusterOptions } from '../cluster/cluster-options.ts';
import { parseSetting } from '../cluster/configuration-option.ts';
import { type OpenCluster, openCluster } from '../cluster/open-cluster.ts';
import { sizedForTopic } from '../cluster/record-size.ts';
import { describeExistingTopics, untilKnown } from '../cluster/unknown-topic.ts';
import { clientEvents } from '../event-lines.ts';
import { type Call, command } from '../framework/command.ts';
import { choice, flag, integer, many, parsed, text, withDefault } from '../framework/option.ts';
import { count, counted } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';
import { UsageError } from '../framework/usage-error.ts';
import type { DeliveryTally } from '../records/delivery-tally.ts';
import { unescapeBytes } from '../records/escapes.ts';

const produceOptions = {
  keyDelimiter: parsed(
    { placeholder: 'TEXT', short: 'K', help: 'Each line is a key, this delimiter and the value' },
    unescapeBytes,
  ),
  delimiter: withDefault(
    parsed(
      { placeholder: 'TEXT', short: 'D', help: 'What ends a record: \\n, \\t, \\0, \\xHH and text' },
      unescapeBytes,
    ),
    Buffer.from('\n'),
    '\\n',
  ),
  key: text({ placeholder: 'TEXT', short: 'k', help: 'Key of records that bring none' }),
  header: many({ placeholder: 'NAME=VALUE', short: 'H', help: 'A header of all records' }, parseSetting),
  partition: integer(
    { placeholder: 'N', short: 'p', help: 'Write to this partition; without it the key decides, as in Java clients' },
    { min: 0, max: 2 ** 31 - 1 },
  ),
  create: flag({ help: "Make the topic if it is absent, with the cluster's defaults" }),
  emptyAsNull: flag({ short: 'Z', help: 'An empty value (or key) is null: a tombstone' }),
  filePerRecord: flag({ help: 'Each input is the value of one record' }),
  repartition: flag({ help: 'With --json: let the key decide, whatever partition a line names' }),
  compression: choice({ short: 'z', help: 'How batches are compressed' }, ['none', 'gzip', 'snappy', 'lz4', 'zstd']),
  acks: choice({ help: 'Who must have a record before it counts as written' }, ['all', '1', '0']),
  ...clusterOptions,
} as const;

export const produce = command({
  name: 'produce',
  summary: 'Write records to a topic, from stdin or files',
  description: `Each line is a record's value. With --json each line is a record as \`consume --json\` prints it, binary
    content included; its partition and timestamp are kept. Exits with 0 only when the cluster has acknowledged
    every record.`,
  operands: [
    { name: 'TOPIC', help: 'topic to write to' },
    {
      name: 'FILE',
      help: 'inputs in their order, - being stdin; stdin when there is none',
      optional: true,
      many: true,
    },
  ],
  options: produceOptions,
  examples: [
    { command: 'echo hello | millrace produce greetings --create --cluster east', does: 'One record, to a new topic' },
    { command: "printf 'alice:1\\nbob:2\\n' | millrace produce scores -K : --cluster east", does: 'With keys' },
    { command: 'echo alice: | millrace produce scores -K : -Z --cluster east', does: 'A tombstone' },
    {
      command: 'millrace consume a --cluster east -e --json | millrace produce b --cluster west --json',
      does: 'Copy a topic, byte for byte',
    },
  ],
  async run(call: Call<typeof produceOptions>) {
    const { options, operands, terminal } = call;
    checkTogether(call);
    const [topic, ...paths] = operands as [string, ...string[]];
    const { openInputs } = await import('../records/record-input.ts');
    const inputs = await openInputs(paths.length === 0 ? ['-'] : paths, terminal.stdin);
    await using cluster = await openCluster(options, clientEvents(terminal));
    if (options.create) await createAbsentTopic(cluster, topic, terminal.signal);
    const [described] = await describeExistingTopics(cluster, [topic], { signal: terminal.signal });
    const partitionCount = described?.partitions.length ?? 0;
    if (options.partition !== undefined && options.partition >= partitionCount) {
      throw new UsageError(`${topic} has no partition ${options.partition}; it has ${partitionCount}, from 0 up`);
    }
    if (terminal.stdin.isTTY && inputs.some(({ name }) => name === 'stdin')) {
      terminal.note('Type records, one a line. Ctrl-D ends.');
    }
    const { writeRecords } = await import('../records/write-records.ts');
    const tally = await writeRecords({
      client: cluster.client,
      producerOptions: {
        ...(await sizedForTopic(cluster, topic, terminal.signal)),
        ...cluster.configuration.producer,
        ...(options.compression === undefined ? {} : { compression: options.compression }),
        ...(options.acks === undefined ? {} : { acks: ({ all: -1, '1': 1, '0': 0 } as const)[options.acks] }),
      },
      shape: {
        topic,
        keyDelimiter: options.keyDelimiter,
        key: options.key,
        headers: options.header,
        partition: options.partition,
        emptyIsNull: options.emptyAsNull,
      },
      form: options.filePerRecord ? 'file' : terminal.json ? 'json' : 'delimited',
      keepPartitions: !options.repartition,
      delimiter: options.delimiter,
      inputs,
      terminal,
    });
    report(topic, tally, terminal);
    return undefined;
  },
});

async function createAbsentTopic(cluster: OpenCluster, topic: string, signal: AbortSignal): Promise<void> {
  const results = await cluster.admin.createTopics([{ topic }], { signal });
  unwrap(results.filter(({ error }) => error?.errorName !== 'TOPIC_ALREADY_EXISTS'));
  await untilKnown(cluster, [topic], { signal });
}

function checkTogether({ options, terminal: { json } }: Call<typeof produceOptions>): void {
  const { keyDelimiter, filePerRecord, repartition } = options;
  if (json && keyDelimiter !== undefined)
    throw new UsageError('--key-delimiter has no meaning with --json: lines are JSON');
  if (filePerRecord && keyDelimiter !== undefined)
    throw new UsageError('--file-per-record and --key-delimiter exclude each other');
  if (repartition && !json) throw new UsageError('--repartition has a meaning only with --json');
}

function report(topic: string, tally: DeliveryTally, terminal: Terminal): void {
  const partitions = tally.partitions();
  if (terminal.json) {
    terminal.output.json({ topic, records: tally.records, partitions });
    return;
  }
  const where =
    partitions.length === 1 ? `partition ${partitions[0]?.partition}` : `${count(partitions.length)} partitions`;
  terminal.note(
    `Wrote ${counted(tally.records, 'record')} to ${topic}${partitions.length === 0 ? '' : ` (${where})`}.`,
  );
}
