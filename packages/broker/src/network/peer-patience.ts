/** When a peer was heard of last, and why it is waited for no longer: it is slow, or does not take its answers. */
import { MillraceError } from '@millrace/base';

/** A connection was closed because its peer keeps memory and does not go on. */
export class ConnectionLimitError extends MillraceError {
  readonly code = 'connection_limit';
}

/** A frame that takes longer than `connections.max.idle.ms` must come at this rate at least. */
const frameBytesPerSecondMin = 1024;

export class PeerPatience {
  /** When bytes came, or were taken, last; monotonic, like all times here. */
  activeMs: number;
  /** Since when the frame that is not whole yet has been coming, at the latest. */
  frameSinceMs: number;
  /** How much the peer left untaken when it last took something, or was given more. */
  unreadBytes = 0;

  constructor(nowMs: number) {
    this.activeMs = nowMs;
    this.frameSinceMs = nowMs;
  }

  /** Bytes came; `isBetweenFrames` tells whether the ones before ended with a frame. */
  received(nowMs: number, isBetweenFrames: boolean): void {
    if (isBetweenFrames) this.frameSinceMs = nowMs;
    this.activeMs = nowMs;
  }

  /** A frame got whole: what comes next began at the earliest with the bytes that came now. */
  gotFrame(): void {
    this.frameSinceMs = this.activeMs;
  }

  /** Why a frame of which so much is there has been coming for too long, and too slowly. */
  slowness(nowMs: number, partialBytes: number | undefined, idleMsMax: number): ConnectionLimitError | undefined {
    const frameMs = nowMs - this.frameSinceMs;
    if (partialBytes === undefined || frameMs < idleMsMax) return undefined;
    if (partialBytes * 1000 >= frameMs * frameBytesPerSecondMin) return undefined;
    return new ConnectionLimitError(`in ${Math.round(frameMs)} ms it sent ${partialBytes} bytes of a request`);
  }

  /** Why a peer is no longer waited for that has taken nothing of its answers since `timeMs`. */
  unwillingness(nowMs: number, bufferedBytes: number, timeMs: number): ConnectionLimitError | undefined {
    if (bufferedBytes < this.unreadBytes) {
      this.unreadBytes = bufferedBytes;
      this.activeMs = nowMs;
    }
    if (this.activeMs >= timeMs) return undefined;
    return new ConnectionLimitError(`it does not take its answers: ${bufferedBytes} bytes wait for it`);
  }
}
