/** Which clusters a platform that starts its own has, whatever engine they run on. */

/** One cluster to start on this machine. */
export interface LocalClusterPlan {
  /** Letters, digits, `-` and `_`; also its folder's name. */
  readonly name: string;
  readonly site?: string | undefined;
  readonly brokers: readonly LocalBrokerPlan[];
}

export interface LocalBrokerPlan {
  readonly nodeId: number;
  /** 0 chooses a free port. */
  readonly port: number;
}

/** The default fleet: clusters `east` (9092-9094) and `west` (9192-9194), a site each, or all on free ports. */
export function defaultClusters(options: { readonly freePorts: boolean }): LocalClusterPlan[] {
  const plan = (name: string, firstPort: number): LocalClusterPlan => ({
    name,
    site: name,
    brokers: [0, 1, 2].map((index) => ({ nodeId: index + 1, port: options.freePorts ? 0 : firstPort + index })),
  });
  return [plan('east', 9092), plan('west', 9192)];
}
