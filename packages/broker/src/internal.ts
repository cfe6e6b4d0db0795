/**
 * What siblings of this package's workspace may use besides its public door: tests of what it does with bytes from
 * outside.
 */
export { FrameAssembler } from './network/frame-assembler.ts';
