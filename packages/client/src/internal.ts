/**
 * What siblings of this package's workspace may use besides its public door: tests of what it does with bytes from
 * outside.
 */
export { FrameSplitter } from './connection/frame-splitter.ts';
