/** Decoders with planted faults, to see that fuzzing finds them. */
import { MillraceError } from '@millrace/base';
import type { FuzzTarget } from '../fuzz-target.ts';

class Refusal extends MillraceError {
  readonly code = 'refused';
}

const seed = Uint8Array.from({ length: 20 }, (_, index) => index);

function planted(fault: (input: Uint8Array) => void): FuzzTarget {
  return {
    name: 'planted',
    inputs: 20_000,
    seeds: () => [seed],
    run(input) {
      if (input[0] === 7) fault(input);
      if (input[1] !== 1) throw new Refusal(`byte 1 is ${input[1] ?? 0}`);
      return undefined;
    },
  };
}

export const sound = planted(() => undefined);

export const throwing = planted((input) => {
  throw new TypeError(`byte 0 is ${input[0]}`);
});

export const hanging = planted((input) => {
  while (input[0] === 7) Math.random();
});

/** Ends later, and badly. */
export const rejecting: FuzzTarget = {
  ...sound,
  async run(input) {
    await Promise.resolve();
    if (input[0] === 7) throw new TypeError(`byte 0 is ${input[0]}`);
    return sound.run(input);
  },
};

/** What it leaves behind fails, and nobody is told. */
export const straying: FuzzTarget = {
  ...sound,
  async run(input) {
    if (input[0] === 7) void Promise.reject(new TypeError(`byte 0 is ${input[0]}`));
    return sound.run(input);
  },
};

let inputsBefore = 0;

/** Its fault takes what inputs before left behind. */
export const stateful: FuzzTarget = {
  ...sound,
  run(input) {
    if (inputsBefore++ > 50 && input[0] === 7) throw new TypeError(`byte 0 is ${input[0]}`);
    return sound.run(input);
  },
};

const kept: unknown[] = [];

export const hungry = planted((input) => {
  for (;;) kept.push(Array.from(input));
});

/** Keeps something of every input, as a cache without a bound does. */
export const leaking: FuzzTarget = {
  ...sound,
  run(input) {
    kept.push(Uint8Array.from(input), Buffer.alloc(4096));
    return undefined;
  },
};

/** Its fault shows only behind a check that a first change has to pass: inputs with a new outcome must become seeds. */
export const deep: FuzzTarget = {
  name: 'planted',
  inputs: 200_000,
  seeds: () => [seed],
  run(input) {
    for (let at = 0; at < 6; at++) if (input[at] !== 0xff) throw new Refusal(`wrong ${'x'.repeat(at)}`);
    throw new TypeError('six bytes were right');
  },
};
