/** Names of jobs and of their results' topics when a query runs several times on one cluster. */
export function ofRun(name: string, run: string | undefined): string {
  return run === undefined ? name : `${name}-${run}`;
}
