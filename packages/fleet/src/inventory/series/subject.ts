/** Whose figures are kept, as rows name them: a cluster by nothing, the others by their kind and name. */
export interface Subject {
  readonly kind: 'cluster' | 'topic' | 'group' | 'broker';
  /** Of a broker its node id; of a cluster nothing. */
  readonly name: string;
}

const marks = { topic: 't:', group: 'g:', broker: 'b:' } as const;
const minutes = { cluster: 1, broker: 5, topic: 5, group: 5 } as const;

export function subjectText({ kind, name }: Subject): string {
  return kind === 'cluster' ? '' : `${marks[kind]}${name}`;
}

/** How long a bucket of it is, in ms; divides an hour. */
export function bucketMsOf(kind: Subject['kind']): number {
  return minutes[kind] * 60_000;
}
