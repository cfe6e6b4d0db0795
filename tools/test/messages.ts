/** What the test runner and its processes say to each other over their IPC channel; plain values only. */

/** Runner to process: run this file (absolute path) next, or end when there is none. */
export interface RunFile {
  readonly file?: string;
}

/** How one test ended. */
export interface TestEnd {
  /** Names from the outermost suite or test to this one. */
  readonly name: readonly string[];
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped, or the whole error; empty when it passed. */
  readonly detail: string;
  /** `path:line:column` of the test. */
  readonly location: string;
}

/** Process to runner. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'running'; readonly name: string }
  | { readonly kind: 'test'; readonly end: TestEnd }
  | { readonly kind: 'note'; readonly text: string }
  | {
      readonly kind: 'fileEnd';
      /** What is wrong with the file beyond its tests' own failures, a text each. */
      readonly problems: readonly string[];
      /** False when the process must not be given another file. */
      readonly reusable: boolean;
    };
