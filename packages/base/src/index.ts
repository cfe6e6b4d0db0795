export { AssertionFailure, assert, unreachable } from './assert.ts';
export { BufferPool, type BufferPoolOptions, HeldMemory, type Releasable, SharedBuffer } from './buffer-pool.ts';
export { type Clock, systemClock } from './clock.ts';
export { ClosingStack } from './closing-stack.ts';
export { type Disk, type DiskEntry, DiskError, type DiskFile, type DiskSpace } from './disk.ts';
export { isMillraceError, MillraceError, messageOf } from './millrace-error.ts';
export {
  ConnectError,
  type ConnectOptions,
  type ConnectTls,
  ListenError,
  type Listener,
  type ListenOptions,
  type ListenTls,
  type Network,
  type Socket,
  type SocketHandler,
  type TlsIdentity,
} from './network.ts';
export { nodeDisk } from './node-disk.ts';
export { nodeNetwork } from './node-network.ts';
export { nodePlatform, type Platform } from './platform.ts';
export { type Randomness, randomUuidBytes, seededRandomness, systemRandomness } from './randomness.ts';
export { nearest } from './suggestion.ts';
export { sleep, systemTimers, type Timer, type Timers } from './timers.ts';
