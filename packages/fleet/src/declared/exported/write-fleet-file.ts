/**
 * A fleet as the text of a fleet file: the same fleet is the same text. Fields stand in the order of their schemas, and
 * settings are numbers and booleans where they read as such.
 */
import { type KindName, kinds } from '@millrace/api/declared';
import { Scalar, stringify } from 'yaml';
import type { ExportedFleet, ExportedThing } from './export-fleet.ts';

const head = [
  'A fleet as it was exported. Secrets are not in it: passwords are references, and the credentials that clusters',
  'keep (SCRAM) can not be read from them. Internal topics, which Kafka and Millrace make themselves, are left out.',
];

export function writeFleetFile({ kinds: things, notes }: ExportedFleet): string {
  const lines = [...head, ...notes.flatMap((note) => ['', ...note.split('\n')])].map((line) => `# ${line}`.trimEnd());
  const parts = [...things]
    .filter(([, some]) => some.length > 0)
    .map(([kind, some]) => `${kinds[kind].list}:\n${some.map((thing) => textOf(kind, thing)).join('')}`);
  return `${lines.join('\n')}\n\n${parts.join('\n')}`;
}

function textOf(kind: KindName, { spec, comment }: ExportedThing): string {
  const yaml = stringify(ordered(kind, spec), { lineWidth: 0, flowCollectionPadding: true });
  const [first = '', ...rest] = yaml.replace(/\n$/, '').split('\n');
  const lines = [`  - ${first}`, ...rest.map((line) => (line === '' ? '' : `    ${line}`))];
  const remark = comment === undefined ? [] : [`  # ${comment.replaceAll(/\s+/g, ' ')}`];
  return `${[...remark, ...lines].join('\n')}\n`;
}

function ordered(kind: KindName, spec: object): Record<string, unknown> {
  const values = spec as Readonly<Record<string, unknown>>;
  const fields = Object.keys(kinds[kind].schema.properties).filter((field) => values[field] !== undefined);
  return Object.fromEntries(
    fields.map((field) => [field, settingFields.has(field) ? settingsOf(values[field] as object) : values[field]]),
  );
}

const settingFields: ReadonlySet<string> = new Set(['configs', 'client', 'config', 'set']);

function settingsOf(settings: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, plainest(String(value))]));
}

/** What reads back as the same text. */
function plainest(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  if (/^-?\d+(\.\d+)?$/.test(text) && String(number) === text && (Number.isSafeInteger(number) || text.includes('.'))) {
    return number;
  }
  // As YAML 1.1 reads them these are no texts, and other tools read 1.1.
  if (!/^(y|yes|n|no|on|off|null|~)$/i.test(text)) return text;
  const scalar = new Scalar(text);
  scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}
