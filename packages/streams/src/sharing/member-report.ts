/**
 * What a member of a job's group tells whoever leads it, as JSON in its subscription: how far its state on disk is in
 * each task, and where its queries are answered.
 */

export interface MemberReport {
  /**
   * By task id, of tasks whose state is on this member's disk: the sum of the positions in their changelogs. What the
   * members of a group have of one task is compared by it.
   */
  readonly positions: ReadonlyMap<string, number>;
  /** Host and port, as `10.0.0.7:8080`; undefined where the member answers no queries. */
  readonly server: string | undefined;
  /** How often the member has asked for another sharing: a coordinator shares anew only what has changed. */
  readonly asks: number;
}

export const emptyReport: MemberReport = { positions: new Map(), server: undefined, asks: 0 };

export function encodeReport({ positions, server, asks }: MemberReport): Uint8Array {
  return Buffer.from(JSON.stringify({ positions: Object.fromEntries(positions), server, asks }));
}

/** What can't be read says nothing: an older or foreign member has no state that anybody knows of. */
export function decodeReport(bytes: Uint8Array | null | undefined): MemberReport {
  if (bytes === null || bytes === undefined) return emptyReport;
  try {
    const read = JSON.parse(Buffer.from(bytes).toString()) as {
      readonly positions?: Record<string, number>;
      readonly server?: string;
      readonly asks?: number;
    };
    return { positions: new Map(Object.entries(read.positions ?? {})), server: read.server, asks: read.asks ?? 0 };
  } catch {
    return emptyReport;
  }
}
