import type { ScramMechanism } from '@millrace/wire';

/** Kafka's numbers of SCRAM mechanisms (`ScramMechanism`). */
export const scramMechanismNumbers: Readonly<Record<ScramMechanism, number>> = {
  'SCRAM-SHA-256': 1,
  'SCRAM-SHA-512': 2,
};

/** The mechanism of a number, or undefined when there is none. */
export function scramMechanismOfNumber(number: number): ScramMechanism | undefined {
  return Object.entries(scramMechanismNumbers).find(([, each]) => each === number)?.[0] as ScramMechanism | undefined;
}
