/** Where schemas of onboarded topics go: a schema registry, as onboarding needs it. */
import type { SchemaType } from '@millrace/api/fleet';

export interface OnboardedSchema {
  readonly type: SchemaType;
  readonly schema: string;
}

export interface SchemaRegistrar {
  /** Why it could not be registered under the subject; undefined when it could, or that can't be told now. */
  problem(subject: string, schema: OnboardedSchema): Promise<string | undefined>;
  /** One that the subject has already is answered without another version. */
  register(subject: string, schema: OnboardedSchema): Promise<{ readonly id: number; readonly version: number }>;
}
