/** Onboarding: requests for topics and access, decided by policies and people, and carried out. */
export { type OnboardingOptions, openOnboarding } from './open-onboarding.ts';
export type { OnboardedSchema, SchemaRegistrar } from './schema-registrar.ts';
