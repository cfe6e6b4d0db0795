import { clusterOptions } from '../cluster/cluster-options.ts';
import { openCluster } from '../cluster/open-cluster.ts';
import { partitionsOption, pickPartitions } from '../cluster/partition-choice.ts';
import { clientEvents } from '../event-lines.ts';
import { type Call, command } from '../framework/command.ts';
import { flag, integer, parsed, text, withDefault } from '../framework/option.ts';
import { counted } from '../framework/table.ts';
import { UsageError } from '../framework/usage-error.ts';
import { unescapeBytes } from '../records/escapes.ts';
import { type Position, parsePosition, positionForms } from '../records/position.ts';
import type { RecordPrinter } from '../records/printed-record.ts';
import { compileFormat, delimitedPrinter, formatLetters } from '../records/record-format.ts';
import { printRecordJson } from '../records/record-json.ts';

const consumeOptions = {
  from: parsed(
    {
      placeholder: 'POSITION',
      short: 'o',
      help: `Where to begin: ${positionForms} (default: earliest; with --group its committed offset, else earliest)`,
    },
    (given) => parsePosition(given),
  ),
  until: parsed({ placeholder: 'POSITION', help: 'Where to stop, that record not included; as for --from' }, (given) =>
    parsePosition(given),
  ),
  count: integer({ placeholder: 'N', short: 'c', help: 'Stop after so many records' }, { min: 0 }),
  exitAtEnd: flag({ short: 'e', help: 'Stop where the partitions end now' }),
  partition: partitionsOption,
  group: text({
    placeholder: 'GROUP',
    short: 'G',
    help: 'Read as a member of this group, and commit what was printed',
  }),
  format: text({ placeholder: 'FORMAT', short: 'f', help: `How a record is printed: ${formatLetters}` }),
  keyDelimiter: parsed(
    { placeholder: 'TEXT', short: 'K', help: 'Print the key and this before the value' },
    unescapeBytes,
  ),
  delimiter: withDefault(
    parsed({ placeholder: 'TEXT', short: 'D', help: 'What to print after a record' }, unescapeBytes),
    Buffer.from('\n'),
    '\\n',
  ),
  ...clusterOptions,
} as const;

export const consume = command({
  name: 'consume',
  summary: 'Read records of topics',
  description: `Prints values as the bytes they are, one a line. With --json: a record a line, with topic, partition,
    offset, timestamp, key, value and headers, text where the bytes are UTF-8 and base64 under keyBase64 or
    valueBase64 where not; \`produce --json\` takes the lines back.`,
  operands: [{ name: 'TOPIC', help: 'topics to read', many: true }],
  options: consumeOptions,
  examples: [
    { command: 'millrace consume orders --cluster east', does: 'Everything there is, then what comes' },
    { command: 'millrace consume orders --from -10 -e --cluster east', does: 'The last ten of each partition' },
    { command: 'millrace consume orders --from 1h --until 30m --json --cluster east', does: 'Half an hour of records' },
    { command: "millrace consume orders -f '%p %o %k: %s\\n' --cluster east", does: "In a format of one's own" },
  ],
  async run(call: Call<typeof consumeOptions>) {
    const { options, operands, terminal } = call;
    const print = printerOf(call);
    const from = options.group === undefined ? undefined : groupStart(call);
    const topics = [...new Set(operands)];
    await using cluster = await openCluster(options, clientEvents(terminal));
    const partitions = await pickPartitions(cluster, topics, options.partition, { signal: terminal.signal });
    const { planReading } = await import('../records/read-plan.ts');
    const { readAsMember, readPlanned } = await import('../records/read-records.ts');
    const { exitAtEnd, until, group } = options;
    const wish = { print, countMax: options.count ?? Number.POSITIVE_INFINITY };
    let count: number;
    if (group !== undefined && from !== undefined) {
      count = await readAsMember(cluster, { ...wish, group, topics, from, exitAtEnd }, partitions, terminal);
    } else {
      const start: Position = options.from ?? { kind: 'earliest' };
      const plan = await planReading(
        cluster,
        partitions,
        { from: start, until, exitAtEnd },
        { signal: terminal.signal },
      );
      if (terminal.shows && plan.ends === undefined && terminal.output.isTerminal) {
        terminal.note(`Reading ${topics.join(', ')} on ${cluster.name}. Ctrl-C stops.`);
      }
      count = await readPlanned(cluster, plan, wish, terminal);
    }
    if (terminal.shows) terminal.note(`${counted(count, 'record')}.`);
    return undefined;
  },
});

function printerOf({ options, terminal: { json } }: Call<typeof consumeOptions>): RecordPrinter {
  const { format, keyDelimiter, delimiter } = options;
  if (json && (format ?? keyDelimiter) !== undefined)
    throw new UsageError('--json and --format or --key-delimiter exclude each other');
  if (format !== undefined && keyDelimiter !== undefined)
    throw new UsageError('--format and --key-delimiter exclude each other');
  if (json) return printRecordJson;
  return format === undefined ? delimitedPrinter(keyDelimiter, delimiter) : compileFormat(format);
}

/** Where a group begins that has committed nothing. */
function groupStart({ options }: Call<typeof consumeOptions>): 'earliest' | 'latest' | { readonly timestamp: number } {
  const { from, until, partition } = options;
  if (partition.length > 0)
    throw new UsageError('--partition and --group exclude each other: the group spreads the partitions');
  if (until !== undefined)
    throw new UsageError('--until and --group exclude each other; --exit-at-end and --count work with both');
  if (from === undefined || from.kind === 'earliest') return 'earliest';
  if (from.kind === 'latest') return 'latest';
  if (from.kind === 'time') return { timestamp: from.timestamp };
  throw new UsageError(
    'with --group, --from is earliest, latest or a time, and counts where the group has committed nothing',
  );
}
