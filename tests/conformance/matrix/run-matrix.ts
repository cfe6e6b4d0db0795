/**
 * Tries the cells of one profile on one kind of broker, each as a test of its own: what a client saw must be what the
 * behaviour shows there. What came of all of them together is said by `summarize.ts`.
 */
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { missing } from '../../support/run-command.ts';
import { behaviours } from '../behaviours/index.ts';
import { type ClientName, shown } from './behaviour.ts';
import { closeJavaTools, missingTools } from './java-tools.ts';
import type { BrokerKind, Place, Profile } from './place.ts';
import { Scope } from './scope.ts';
import { type Cell, cellName, isFullRun, selectCells } from './selection.ts';

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
  if ('skip' in options) {
    test(kind, { skip: options.skip }, () => undefined);
    return;
  }
  const cells = selectCells(behaviours, { kind, profile, full: isFullRun() });
  const lacking: Partial<Record<ClientName, string | false>> = {
    kcat: missing('kcat', 'apt-get install kcat'),
    java: await missingTools(),
  };
  let place: Place;
  before(async () => {
    place = await options.start();
  });
  after(async () => {
    await closeJavaTools();
    await place?.[Symbol.asyncDispose]();
  });

  describe(kind, { concurrency: profile === 'moves' ? 1 : triesAtOnce }, () => {
    for (const cell of cells) {
      test(
        cellName(cell),
        {
          skip: lacking[cell.client] ?? false,
          timeout: tryMs,
        },
        () => tryCell(cell, place),
      );
    }
  });
}

async function tryCell({ behaviour, client }: Cell, place: Place): Promise<void> {
  const attempt = behaviour.by[client];
  assert.ok(attempt !== undefined);
  await using scope = new Scope(place, cellName({ behaviour, client }));
  assert.deepEqual(await attempt(place, scope), shown(behaviour, place.kind));
}
