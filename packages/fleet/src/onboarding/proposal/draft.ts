/**
 * What comes of thinking a request through: what would be done, what it means for clusters and teams, what is wrong.
 */
import type { ProblemIssue } from '@millrace/api';
import type { Topic } from '@millrace/api/declared';
import type { AskedFor, ClusterFit, Proposal } from '@millrace/api/fleet';
import type { Calculation } from '../../capacity/calculation.ts';

/** The topic that it is about, as it would be. */
export interface DraftedTopic {
  readonly name: string;
  readonly owner: string | undefined;
  readonly environment: string;
  readonly description: string;
  readonly dataClass: string;
  readonly partitions: number;
  readonly partitionsBefore: number;
  readonly replicas: number;
  readonly configs: Readonly<Record<string, string | number | boolean>>;
  readonly recordsPerSecond: number;
  readonly recordBytes: number;
  readonly bytesPerSecond: number;
  readonly consumers: number;
  /** Whether records that are kept now may be deleted then. */
  readonly losesRecords: boolean;
}

export interface Draft {
  readonly asked: AskedFor;
  readonly title: string;
  /** The team for which it is asked, and which owns the topic. */
  readonly team: string;
  readonly owner: string | undefined;
  readonly topic: DraftedTopic;
  readonly sites: readonly string[];
  /** Twins left out; chosen ones. */
  readonly clusters: readonly string[];
  readonly proposal: Proposal;
  readonly capacity: readonly ClusterFit[];
  readonly cost: { readonly before: number; readonly monthly: number; readonly calculation: Calculation };
  /** Topics as they would be declared, instead of those of the same id; null: no longer. */
  readonly wouldBe: ReadonlyMap<string, Topic | null>;
  /** With any, it can't be done whoever decides. */
  readonly issues: readonly ProblemIssue[];
}

export const emptyProposal: Proposal = {
  topics: [],
  changes: [],
  removals: [],
  applications: [],
  mirrors: [],
  schemas: [],
  notes: [],
};

export const topicId = ({ cluster, name }: Pick<Topic, 'cluster' | 'name'>): string => `${cluster}/${name}`;
