import { command } from '../framework/command.ts';
import { integer, many, parsed, text } from '../framework/option.ts';
import { UsageError } from '../framework/usage-error.ts';
import { planOptions, runPlan } from '../operations/run-plan.ts';
import { isoMoment, momentForms } from '../records/moment.ts';
import { findServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';
import { maskForms, parseMask, readMaskRules } from '../twins/mask-rules.ts';

export const twinSample = command({
  name: 'twin sample',
  summary: 'Copy a masked sample of records to a twin',
  description: `The newest records of topics, or those of a time, to the same partitions of the twin. Topics that are
    confidential or restricted, or of which nobody has declared what they are, need rules for their values; whatever no
    rule reaches is masked then, too. The same text is masked to the same everywhere, so that joins hold: as a hash, or
    as another text of the same form. Values are JSON, or masked whole.`,
  operands: [{ name: 'TWIN', help: 'a cluster that is declared as the twin of where the records are' }],
  options: {
    topic: many({ placeholder: 'TOPIC', short: 't', help: 'Whose records (may be repeated)' }, (name) => name),
    records: integer({ placeholder: 'N', help: 'How many of each topic, the newest (default: 1000)' }, { min: 1 }),
    from: parsed({ placeholder: 'TIME', help: `From this time on: ${momentForms}` }, isoMoment),
    until: parsed({ placeholder: 'TIME', help: 'Up to this time' }, isoMoment),
    mask: many({ placeholder: 'RULE', help: maskForms }, parseMask),
    rules: text({
      placeholder: 'FILE',
      help: 'A list of rules in YAML or JSON, each with topics, part, pointer, mask',
    }),
    ...planOptions,
    ...serverOptions,
  },
  examples: [
    {
      command: 'millrace twin sample qa-east -t orders --records 5000 --mask value.email=hash --mask key=hash',
      does: 'The newest orders, without the addresses in them',
    },
    {
      command: 'millrace twin sample qa-east -t visits --from 1h --rules masking.yaml --why "load test"',
      does: 'An hour of a topic, by rules of a file',
    },
  ],
  async run({ options, operands, terminal }) {
    const [twin = ''] = operands;
    const { topic: names, records, from, until } = options;
    if (names.length === 0) throw new UsageError('--topic is missing: whose records are copied');
    const which = {
      ...(records !== undefined && { records }),
      ...(from !== undefined && { from }),
      ...(until !== undefined && { until }),
    };
    const rules = [...(await readMaskRules(options.rules)), ...options.mask];
    const input = { twin, topics: names.map((topic) => ({ topic, ...which })), ...(rules.length > 0 && { rules }) };
    return await runPlan(await findServer(options), { kind: 'sample_copy', input }, options, terminal);
  },
});
