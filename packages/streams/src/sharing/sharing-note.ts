/** What whoever leads a job's group tells its members with their partitions, as JSON. */

/** A member that answers queries, and what it can answer them from: ids of tasks. */
export interface QueryPlace {
  readonly server: string;
  /** Tasks that it runs. */
  readonly active: readonly string[];
  /** Tasks of which it has a copy. */
  readonly standbys: readonly string[];
}

export interface SharingNote {
  /** Tasks whose changelogs this member follows. */
  readonly standbys: readonly string[];
  /** Those of them that come to this member as soon as its copy is near enough. */
  readonly warming: readonly string[];
  readonly places: readonly QueryPlace[];
}

export const emptyNote: SharingNote = { standbys: [], warming: [], places: [] };

/** By member id. The places are the same for all, and put in text once. */
export function encodeNotes(
  own: ReadonlyMap<string, Omit<SharingNote, 'places'>>,
  places: readonly QueryPlace[],
): Map<string, Uint8Array> {
  const shared = JSON.stringify(places);
  return new Map(
    [...own].map(([memberId, { standbys, warming }]) => {
      const head = JSON.stringify({ standbys, warming }).slice(0, -1);
      return [memberId, Buffer.from(`${head},"places":${shared}}`)];
    }),
  );
}

export function decodeNote(bytes: Uint8Array | null): SharingNote {
  if (bytes === null) return emptyNote;
  return { ...emptyNote, ...(JSON.parse(Buffer.from(bytes).toString()) as Partial<SharingNote>) };
}
