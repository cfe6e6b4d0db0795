/** Which APIs at which versions a broker offers, beside what Apache Kafka offers, as a table for people. */
import { readFileSync } from 'node:fs';

/** An API and its versions, both ends included. */
export interface OfferedApi {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

type KafkaApi = readonly [key: number, name: string, first: number, last: number];

const kafkaApis = JSON.parse(
  readFileSync(new URL('../../../packages/wire/src/testing/kafka-apis.json', import.meta.url), 'utf8'),
) as readonly KafkaApi[];

/** Markdown, a row for each API of Apache Kafka's brokers, keys ascending. */
export function apiTable(offered: readonly OfferedApi[]): string {
  const byKey = new Map(offered.map((api) => [api.apiKey, api]));
  const rows = kafkaApis.map(([key, name, first, last]) => {
    const here = byKey.get(key);
    const versions = here === undefined ? 'not offered' : range(here.minVersion, here.maxVersion);
    return `| ${key} | ${name} | ${range(first, last)} | ${versions} |`;
  });
  return ['| key | API | Apache Kafka 4.3 | here |', '|---|---|---|---|', ...rows].join('\n');
}

function range(first: number, last: number): string {
  return first === last ? String(first) : `${first} to ${last}`;
}
