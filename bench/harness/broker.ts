/** A broker to measure on, whichever it is: one process, reached without TLS and login. */
export interface MeasuredBroker extends AsyncDisposable {
  readonly bootstrap: string;
  readonly pid: number;
}

export interface BrokerSubject {
  /** As results name it; ours begins with `millrace`. */
  readonly name: string;
  /** Starts one and waits until it serves. It stores in `directory`, which stays; else in one that goes with it. */
  start(directory?: string): Promise<MeasuredBroker>;
}
