/** Onboarding: requests for topics and access, decided by policies and people, and carried out. */
export { type Asking, Onboarding } from './onboarding.ts';
export { type OnboardingOptions, openOnboarding } from './open-onboarding.ts';
export type { SchemaRegistrar } from './provisioning/onboard-kind.ts';
