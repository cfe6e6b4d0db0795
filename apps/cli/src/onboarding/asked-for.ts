/** What a request asks for: from a file, or for a new topic from options. */
import { readFile } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import { compileChecker } from '@millrace/api';
import { AskedFor } from '@millrace/api/fleet';
import { choice, flag, integer, many, parsed, text, type Values } from '../framework/option.ts';
import type { Terminal } from '../framework/terminal.ts';
import { UsageError } from '../framework/usage-error.ts';

const daySeconds = { s: 1, m: 60, h: 3_600, d: 86_400, w: 7 * 86_400 } as const;

export const newTopicOptions = {
  topic: text({ placeholder: 'NAME', help: 'A new topic of this name' }),
  owner: text({ placeholder: 'TEAM', help: 'The team that will own it' }),
  description: text({ placeholder: 'TEXT', help: 'What is in it' }),
  dataClass: choice({ help: 'Who may see its records' }, ['public', 'internal', 'confidential', 'restricted']),
  rate: positive({ placeholder: 'N', help: 'Records a second, on an ordinary day at its busiest hour' }),
  recordBytes: positive({ placeholder: 'N', help: 'Mean size of a record' }),
  retention: parsed({ placeholder: 'TIME', help: 'How long records stay: 12h, 7d, forever (default: 7d)' }, duration),
  compacted: flag({ help: 'Keep the newest record of each key' }),
  partitions: integer({ placeholder: 'N', help: 'Default: as many as it needs' }, { min: 1 }),
  replicas: integer({ placeholder: 'N', help: 'Default: 3' }, { min: 1 }),
  environment: text({ placeholder: 'NAME', help: 'Default: production, and its twins in QA' }),
  site: many({ placeholder: 'NAME', help: 'Where it is produced, then where it is mirrored to' }, (given) => given),
  zone: text({ placeholder: 'NAME', help: 'The security zone of its clusters' }),
  producer: many({ placeholder: 'APPLICATION', help: 'An application that produces; may be given again' }, application),
  consumer: many(
    { placeholder: 'APPLICATION', help: 'One that consumes; TEAM/APPLICATION of another team' },
    application,
  ),
} as const;

type NewTopicValues = Values<typeof newTopicOptions>;

const checker = compileChecker(AskedFor);

/** @throws UsageError for what the server would not understand */
export async function askedFor(
  file: string | undefined,
  options: NewTopicValues,
  { stdin }: Pick<Terminal, 'stdin'>,
): Promise<AskedFor> {
  const isByOptions = options.topic !== undefined;
  if ((file === undefined) !== isByOptions) {
    throw new UsageError('give either a FILE with the request, or --topic with what a new topic needs');
  }
  const asked = file === undefined ? fromOptions(options) : await fromFile(file, stdin);
  if (checker.check(asked)) return asked;
  const kind = Object(asked).kind as unknown;
  const wrong = checker.issues(asked).map(({ field, message }) => `${field.slice(1) || 'it'} ${message}`);
  throw new UsageError(`this is no request of the kind ${JSON.stringify(kind)}: ${wrong.slice(0, 3).join('; ')}`, {
    hint: 'The schema of requests is in /api/v1/openapi.json: POST /api/v1/requests.',
  });
}

function fromOptions(options: NewTopicValues): unknown {
  const { topic, owner, rate, recordBytes, retention, compacted, site, producer, consumer, ...rest } = options;
  if (owner === undefined || rate === undefined || recordBytes === undefined) {
    throw new UsageError('a new topic needs --owner, --rate and --record-bytes');
  }
  const { description, dataClass, partitions, replicas, environment, zone } = rest;
  const applications = [
    ...producer.map((each) => ({ ...each, role: 'producer' })),
    ...consumer.map((each) => ({ ...each, role: 'consumer' })),
  ];
  const given = { description, dataClass, partitions, replicas, environment, zone, retentionMs: retention };
  return {
    kind: 'topic',
    name: topic,
    owner,
    expected: { recordsPerSecond: rate, recordBytes },
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(compacted && { compacted }),
    ...(site.length > 0 && { sites: [...site] }),
    ...(applications.length > 0 && { applications }),
  };
}

async function fromFile(file: string, stdin: NodeJS.ReadStream): Promise<unknown> {
  let content: string;
  try {
    content = file === '-' ? await readText(stdin) : await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} can't be read: ${(error as Error).message}`);
  }
  try {
    return JSON.parse(content) as unknown;
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${(error as Error).message}`);
  }
}

function application(given: string): { readonly name: string; readonly team?: string } {
  const [first = '', second] = given.split('/');
  return second === undefined ? { name: first } : { team: first, name: second };
}

function positive(description: { readonly placeholder: string; readonly help: string }) {
  return parsed(description, (given) => {
    const value = Number(given);
    if (given.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
    throw new UsageError(`'${given}' is not a number from 0 up`);
  });
}

/** In ms; -1: for ever. */
function duration(given: string): number {
  if (given === 'forever') return -1;
  const [, amount, unit] = /^(\d+)([smhdw])$/.exec(given) ?? [];
  if (amount === undefined) throw new UsageError(`'${given}' is no time such as 12h, 7d or forever`);
  return Number(amount) * daySeconds[unit as keyof typeof daySeconds] * 1_000;
}
