/** Onboarding requests in their tables, as the newest migration leaves them. */
import type {
  AskedFor,
  ClusterFit,
  CostEstimate,
  PolicyVerdict,
  PolicyView,
  Proposal,
  RequestKind,
} from '@millrace/api/fleet';
import type { Generated } from 'kysely';
import type { JsonColumn } from '../database/json.ts';

export type StoredState = 'refused' | 'waiting' | 'approved' | 'provisioning' | 'done' | 'withdrawn';

export interface OnboardingRequestTable {
  id: string;
  number: Generated<number>;
  kind: RequestKind;
  state: StoredState;
  title: string;
  topic: string;
  cluster: string;
  team: string;
  owner: string | null;
  requester: string;
  requested_at: Generated<Date>;
  why: string;
  idempotency_key: string | null;
  asked: JsonColumn<AskedFor>;
  proposal: JsonColumn<Proposal>;
  view: JsonColumn<PolicyView>;
  verdict: JsonColumn<PolicyVerdict>;
  capacity: JsonColumn<ClusterFit[]>;
  cost: JsonColumn<CostEstimate>;
  decided_by: string | null;
  decided_at: Date | null;
  reason: string | null;
  operation: string | null;
}

export interface OnboardingCommentTable {
  request: string;
  number: Generated<number>;
  at: Generated<Date>;
  by: string;
  text: string;
}
