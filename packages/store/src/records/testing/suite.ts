/**
 * The suite that every record store has to pass: run against the embedded store and against an Aerospike cluster. Its
 * parts are in files of their own; each test has a set of its own.
 */
import { randomUUID } from 'node:crypto';
import { after, before, describe } from 'node:test';
import { isMillraceError } from '@millrace/base';
import type { RecordErrorCode } from '../record-error.ts';
import type { RecordKey, UserKey } from '../record-key.ts';
import type { RecordStore } from '../record-store.ts';

export interface SuiteSubject {
  readonly name: string;
  /** A namespace that takes records with a time to live. */
  readonly namespace: string;
  open(): Promise<RecordStore>;
}

/** What a test works with: a store, and a set that nobody else uses. */
export interface Place {
  readonly store: RecordStore;
  readonly namespace: string;
  readonly set: string;
  key(key: UserKey): RecordKey;
}

/** Tests that belong together. */
export interface SuitePart {
  readonly name: string;
  readonly tests: (place: () => Place) => void;
}

export function suite(name: string, tests: SuitePart['tests']): SuitePart {
  return { name, tests };
}

/** For `assert.rejects`. */
export function refusal(code: RecordErrorCode): (error: unknown) => boolean {
  return (error) => isMillraceError(error, code);
}

/** Runs parts of the suite on one store. */
export function runSuite({ name, namespace, open }: SuiteSubject, parts: readonly SuitePart[]): void {
  describe(`records: ${name}`, () => {
    let store: RecordStore;
    before(async () => {
      store = await open();
    });
    after(async () => {
      await store?.close();
    });
    const place = (): Place => {
      const set = `s${randomUUID().slice(0, 8)}`;
      return { store, namespace, set, key: (key) => ({ namespace, set, key }) };
    };
    for (const part of parts) describe(part.name, () => part.tests(place));
  });
}
