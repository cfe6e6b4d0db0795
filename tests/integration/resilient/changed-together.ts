/**
 * A producer and a consumer under load while all that an answer says is changed at once, several times: brokers are
 * replaced by others, the login by another, whose predecessor is taken back, and settings.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Admin, type Client, type Consumer, unwrap } from '@millrace/client';
import { eventually } from '../../support/eventually.ts';
import type { TestConfigService } from './config-service.ts';
import { assertWhole, goOn, startLoad } from './load.ts';
import { startResilientFixture } from './resilient-fixture.ts';
import { consumes, produces, settingsOf } from './sidecar-fixture.ts';
import { grantsOf } from './sidecar-shop.ts';

export const topic = 'orders';
const mechanism = 'SCRAM-SHA-512';
const timeoutMs = 60_000;

export interface ChangingPlace {
  /** Where applications come to, by SASL_PLAINTEXT. */
  bootstrap(): string;
  /** As who may do everything. */
  connect(): Promise<Client>;
  /** Other brokers have the topic from now on. */
  replace(): Promise<void>;
}

/** Everything that was handed out, and the longest time between two batches. */
class Reading {
  readonly values: string[] = [];
  longestPauseMs = 0;
  readonly done: Promise<void>;

  constructor(consumer: Consumer<string>) {
    this.done = this.#read(consumer);
  }

  async #read(consumer: Consumer<string>): Promise<void> {
    let lastAt: number | undefined;
    for await (const batch of consumer) {
      const now = performance.now();
      this.longestPauseMs = Math.max(this.longestPauseMs, now - (lastAt ?? now));
      lastAt = now;
      for (const { value } of batch) this.values.push(Buffer.from(value ?? []).toString());
    }
  }
}

const users = ['shop.a', 'shop.b'] as const;

/** The login of a round, and what is answered in it. */
class Rounds {
  readonly #place: ChangingPlace;
  readonly #admin: Admin;
  readonly #service: TestConfigService;

  constructor(place: ChangingPlace, admin: Admin, service: TestConfigService) {
    this.#place = place;
    this.#admin = admin;
    this.#service = service;
  }

  /** What its answers name as the credential. */
  credential(round: number): string {
    return `${userOf(round)} ${round}`;
  }

  async issue(round: number): Promise<void> {
    const user = userOf(round);
    unwrap(await this.#admin.alterScramCredentials([{ user, mechanism, password: passwordOf(round) }]));
    unwrap(await this.#admin.createAcls(grantsOf(user)));
  }

  async revoke(round: number): Promise<void> {
    const user = userOf(round);
    unwrap(await this.#admin.alterScramCredentials([{ user, mechanism, delete: true }]));
    unwrap(await this.#admin.deleteAcls([{ principal: `User:${user}` }]));
  }

  tell(round: number): void {
    const [username, password] = [userOf(round), passwordOf(round)];
    const settings = settingsOf({
      ...{ 'linger.ms': `${round}`, 'fetch.min.bytes': `${round + 1}`, 'auto.offset.reset': 'earliest' },
      ...{ 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': mechanism },
    });
    const credential = { id: this.credential(round), principal: `User:${username}` };
    const answer = { bootstrap: this.#place.bootstrap(), settings, credential };
    for (const want of [produces(topic), consumes(topic)]) {
      this.#service.tell(want, { answer, secret: { username, password } });
    }
  }
}

const userOf = (round: number): string => users[round % 2] as string;
const passwordOf = (round: number): string => `password ${round}`;

/** The topic has several partitions, and is there. */
export async function changeTogether(t: TestContext, place: ChangingPlace, count: number): Promise<void> {
  const { service, open } = await startResilientFixture(t);
  await using root = await place.connect();
  const rounds = new Rounds(place, root.admin(), service);
  await rounds.issue(0);
  rounds.tell(0);
  await using client = await open();
  const load = startLoad(await client.producer({ topic }), topic, 'writer');
  const reading = new Reading(await client.consumer({ topics: [topic], group: 'readers' }));
  const changeAll = async (round: number): Promise<void> => {
    const goal = reading.values.length + 300;
    await goOn([load], 300);
    await eventually(() => reading.values.length >= goal, { timeoutMs });
    await rounds.issue(round);
    const replaced = place.replace();
    rounds.tell(round);
    await replaced;
    rounds.tell(round);
    const isObeyed = (): boolean =>
      client
        .status()
        .streams.every((each) => each.credential === rounds.credential(round) && each.goingTo === undefined);
    await eventually(isObeyed, { timeoutMs, describe: () => JSON.stringify(client.status().streams) });
    await rounds.revoke(round - 1);
  };
  try {
    for (let round = 1; round <= count; round++) await changeAll(round);
    await goOn([load], 300);
  } finally {
    // Where the test has failed it writes still.
    load.stop();
  }
  const written = await load.end();
  const isRead = (): boolean => new Set(reading.values).size >= written.length;
  await eventually(isRead, { timeoutMs, describe: () => `${reading.values.length} of ${written.length} were read` });
  const switches = client.status().streams.map((each) => `${each.role} ${Math.round(each.longestPauseMs)} ms`);
  await client.close();
  await reading.done;
  const first = [...new Set(reading.values)];
  t.diagnostic(`${written.length} records, ${reading.values.length - first.length} handed out again`);
  t.diagnostic(`longest time without an acknowledgement: ${load.longestPauseMs} ms, replacements included`);
  t.diagnostic(`longest without a batch: ${Math.round(reading.longestPauseMs)} ms; switches: ${switches.join(', ')}`);
  assert.deepEqual(load.failures, []);
  assertWhole(written, first);
  assertWhole(written, await valuesIn(root));
}

async function valuesIn(root: Client): Promise<string[]> {
  await using all = root.consumer({ topics: [topic], from: 'earliest', until: 'end' });
  const values: string[] = [];
  for await (const batch of all) for (const { value } of batch) values.push(Buffer.from(value ?? []).toString());
  return values;
}
