/**
 * All ways through the state machine of a transaction, up to a length, and long random ones: its invariants hold
 * after each step, whatever is called when.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProducerFencedError, TransactionAbortableError, TransactionStateError } from './transaction-errors.ts';
import { type TransactionPhase, TransactionState } from './transaction-state.ts';

const broken = new TransactionAbortableError('id', true, 'first');
const later = new TransactionAbortableError('id', true, 'later');
const fenced = new ProducerFencedError('id', new Error('other'));

type Step =
  | 'beginning'
  | 'notBegun'
  | 'begun'
  | 'checkOpen'
  | 'started'
  | 'fail'
  | 'fail again'
  | 'fail in doubt'
  | 'fail forgotten'
  | 'commit'
  | 'abort'
  | 'ended'
  | 'renewed'
  | 'condemn';

const steps: readonly Step[] = [
  'beginning',
  'notBegun',
  'begun',
  'checkOpen',
  'started',
  'fail',
  'fail again',
  'fail in doubt',
  'fail forgotten',
  'commit',
  'abort',
  'ended',
  'renewed',
  'condemn',
];

function take(state: TransactionState, step: Step): void {
  switch (step) {
    case 'fail':
      return state.fail(broken);
    case 'fail again':
      return state.fail(later);
    case 'fail in doubt':
      return state.fail(broken, { renew: true });
    case 'fail forgotten':
      return state.fail(broken, { forgotten: true });
    case 'condemn':
      return state.condemn(fenced);
    default:
      return state[step]();
  }
}

/** Which phase each step leads to; where it is missing the step throws (or, of failures, changes nothing). */
const transitions: { readonly [phase in TransactionPhase]: { readonly [step in Step]?: TransactionPhase } } = {
  idle: { beginning: 'starting' },
  starting: { begun: 'open', notBegun: 'idle' },
  open: {
    commit: 'committing',
    abort: 'aborting',
    fail: 'broken',
    'fail again': 'broken',
    'fail in doubt': 'broken',
    'fail forgotten': 'broken',
  },
  broken: { abort: 'aborting' },
  committing: {
    ended: 'idle',
    fail: 'broken',
    'fail again': 'broken',
    'fail in doubt': 'broken',
    'fail forgotten': 'broken',
  },
  aborting: { ended: 'idle' },
  dead: {},
};

const silent: ReadonlySet<Step> = new Set<Step>(['notBegun', 'started', 'renewed', 'condemn']);

interface Model {
  /** Something failed in the transaction that is open. */
  failed: boolean;
}

function check(state: TransactionState, step: Step, model: Model): void {
  const before = state.phase;
  const failureBefore = state.failure;
  const startedBefore = state.isStarted;
  let thrown: unknown;
  try {
    take(state, step);
  } catch (error) {
    thrown = error;
  }
  const isFailure = step.startsWith('fail');
  const next = step === 'condemn' ? 'dead' : (transitions[before][step] ?? before);
  assert.equal(state.phase, next, `${step} in ${before}`);
  const isAllowed = transitions[before][step] !== undefined || silent.has(step) || isFailure;
  const isHarmless = (step === 'checkOpen' && before === 'open') || (step === 'ended' && before === 'dead');
  if (isAllowed || isHarmless) assert.equal(thrown, undefined, `${step} in ${before}`);
  else if (before === 'dead') assert.equal(thrown, fenced, `${step} in ${before}`);
  else {
    const isTold = failureBefore !== undefined && (step === 'checkOpen' || step === 'commit');
    if (isTold) assert.equal(thrown, failureBefore, `${step} in ${before}`);
    else assert.ok(thrown instanceof TransactionStateError, `${step} in ${before}: ${String(thrown)}`);
  }
  // The invariants, by their numbers in the file's head.
  if (step === 'begun' && next === 'open') model.failed = false;
  if (isFailure && (before === 'open' || before === 'committing')) model.failed = true;
  if (state.phase === 'open' || state.phase === 'committing')
    assert.ok(!model.failed, '2: what failed is not committed');
  if (state.phase === 'committing') assert.ok(before === 'open' || before === 'committing', '2: from open alone');
  if (before === 'broken') assert.ok(['broken', 'aborting', 'dead'].includes(state.phase), '3: an abort alone');
  if (failureBefore !== undefined && state.failure !== undefined)
    assert.equal(state.failure, failureBefore, '3: first');
  if (before === 'dead') assert.equal(state.phase, 'dead', '4: for ever');
  if (state.isStarted && !startedBefore)
    assert.ok(before === 'open' || before === 'committing', '5: started when open');
  if (state.phase === 'idle') assert.ok(!state.isStarted, '5: nothing to end');
  if (state.isForgotten) assert.ok(state.mustRenew, '6: who is forgotten begins anew');
  if (step === 'fail in doubt' || step === 'fail forgotten') assert.ok(state.mustRenew, '6: doubts last');
  if (step === 'renewed') assert.ok(!state.mustRenew && !state.isForgotten, '6: until the epoch is new');
}

test('every sequence of up to four calls keeps the invariants', () => {
  let count = 0;
  const walk = (path: readonly Step[]): void => {
    const state = new TransactionState();
    const model = { failed: false };
    for (const step of path) check(state, step, model);
    count++;
    if (path.length < 4) for (const step of steps) walk([...path, step]);
  };
  walk([]);
  assert.ok(count > 14 ** 4);
});

test('long random sequences of calls keep the invariants', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...steps), { maxLength: 200 }), (path) => {
      const state = new TransactionState();
      const model = { failed: false };
      // Without the end of all things most of the way is left to go.
      for (const [place, step] of path.entries()) if (step !== 'condemn' || place > 150) check(state, step, model);
    }),
    { numRuns: 500 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1) },
  );
});
