/**
 * Tries the cells of one profile on one kind of broker, each as a test of its own: what a client saw must be what the
 * behaviour shows there. The run ends with a line that says how many cells there were and how they ended.
 */
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { missing } from '../../support/run-command.ts';
import { behaviours } from '../behaviours/index.ts';
import { type ClientName, ListedDifference, shown } from './behaviour.ts';
import { closeJavaTools, missingTools } from './java-tools.ts';
import type { BrokerKind, Place, Profile } from './place.ts';
import { Scope } from './scope.ts';
import { type Cell, selectCells } from './selection.ts';

/** Tries wait more than they compute. */
const triesAtOnce = 2 * availableParallelism();
const tryMs = 120_000;

export type MatrixOptions = { readonly kind: BrokerKind; readonly profile: Profile } & (
  | { readonly start: () => Promise<Place> }
  /** Why nothing can be tried here. */
  | { readonly skip: string }
);

/** Registers the tests. */
export async function runMatrix(options: MatrixOptions): Promise<void> {
  const { kind, profile } = options;
  const skip = 'skip' in options ? options.skip : false;
  const full = Number(process.env['MILLRACE_TEST_SCALE'] ?? 0) >= 20;
  const cells = selectCells(behaviours, { kind, profile, full });
  const lacking: Partial<Record<ClientName, string | false>> = {
    kcat: missing('kcat', 'apt-get install kcat'),
    java: await missingTools(),
  };
  let place: Place;
  let passed = 0;
  before(async () => {
    if ('start' in options) place = await options.start();
  });
  after(async () => {
    await closeJavaTools();
    await place?.[Symbol.asyncDispose]();
  });

  describe(kind, { skip, concurrency: profile === 'moves' ? 1 : triesAtOnce }, () => {
    for (const cell of cells) {
      test(`${cell.client}: ${cell.behaviour.name}`, {
        skip: lacking[cell.client] ?? false,
        timeout: tryMs,
      }, async () => {
        await tryCell(cell, place);
        passed++;
      });
    }
  });
  test('summary', { skip }, (context) => {
    const differences = new Set(cells.filter(isListed).map(({ behaviour }) => behaviour.name)).size;
    context.diagnostic(summaryOf({ kind, profile, cells, passed, differences }));
  });
}

async function tryCell({ behaviour, client }: Cell, place: Place): Promise<void> {
  const attempt = behaviour.by[client];
  assert.ok(attempt !== undefined);
  await using scope = new Scope(place, `${client}: ${behaviour.name}`);
  assert.deepEqual(await attempt(place, scope), shown(behaviour, place.kind));
}

function isListed({ behaviour }: Cell): boolean {
  return behaviour.shows instanceof ListedDifference;
}

interface Summary {
  readonly kind: BrokerKind;
  readonly profile: Profile;
  readonly cells: readonly Cell[];
  readonly passed: number;
  readonly differences: number;
}

function summaryOf({ kind, profile, cells, passed, differences }: Summary): string {
  const cases = new Set(cells.map(({ behaviour }) => behaviour)).size;
  const clients = new Set(cells.map(({ client }) => client)).size;
  const counted = `${cases} cases x ${clients} clients on ${kind} (${profile}): ${cells.length} tried`;
  return `${counted}, ${passed} passed, ${differences} listed differences`;
}
