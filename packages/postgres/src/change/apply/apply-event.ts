/** What is told while a change is applied. `position` counts steps from 0. */
import type { Step } from '../plan/plan.ts';

export type ApplyEvent =
  | { readonly kind: 'step_started'; readonly position: number; readonly step: Step; readonly isResumed: boolean }
  | { readonly kind: 'step_done'; readonly position: number; readonly step: Step; readonly ms: number }
  /** Somebody uses the table for long; nothing is asked for meanwhile. */
  | {
      readonly kind: 'waiting';
      readonly position: number;
      readonly pid: number | null;
      readonly ageMs: number;
      readonly query: string;
    }
  /** The lock was not to be had in time, or the statement took too long; it was taken back. */
  | {
      readonly kind: 'retrying';
      readonly position: number;
      readonly attempt: number;
      readonly inMs: number;
      readonly why: string;
    }
  /** `total` is an estimate, and so is how long it still takes; null when there is nothing yet to tell it by. */
  | {
      readonly kind: 'progress';
      readonly position: number;
      readonly done: number;
      readonly total: number;
      readonly unit: 'rows' | 'blocks';
      readonly leftMs: number | null;
    }
  /** A backfill rests for others. */
  | { readonly kind: 'resting'; readonly position: number; readonly why: string }
  | { readonly kind: 'gate'; readonly position: number; readonly step: Step };

export type Report = (event: ApplyEvent) => void;
